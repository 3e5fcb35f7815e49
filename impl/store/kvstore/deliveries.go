package kvstore

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Enqueue implements store.Store.
func (s *Store) Enqueue(ctx context.Context, queue ...store.Delivery) error {
	return s.write(ctx, nil, func(t Tx) (err error) {
		for _, d := range queue {
			err = cmp.Or(err, d.Check(), deliveries.add(t, d))
		}
		return err
	})
}

// ClaimDeliveries implements store.Store. Those that are expired stay for the
// sweep, and are passed over.
func (s *Store) ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) (claimed []store.Delivery, err error) {
	err = s.write(ctx, nil, func(t Tx) error {
		claimed = nil
		ids, err := waiting(t, at)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if len(claimed) >= limit {
				break
			}
			err := deliveries.change(t, id, func(d *store.Delivery) error {
				if !expired(d.ExpiresAt, at) {
					d.Attempts, d.NextAt = d.Attempts+1, until
					claimed = append(claimed, *d)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return claimed, err
}

// waiting returns the identifiers of the deliveries that are due at at.
func waiting(t Tx, at time.Time) (ids []string, err error) {
	prefix, last := "index\x00next delivery\x00", moment(at)
	err = t.Scan([]byte(prefix), []byte(prefix), func(key, _ []byte) bool {
		next, id, _ := strings.Cut(string(key[len(prefix):]), "\x00")
		if next > last {
			return false
		}
		ids = append(ids, id)
		return true
	})
	return ids, err
}

// FinishDelivery implements store.Store.
func (s *Store) FinishDelivery(ctx context.Context, id string, attempts int64, next time.Time) error {
	return s.write(ctx, nil, func(t Tx) error {
		if next.IsZero() {
			return deliveries.remove(t, id)
		}
		return deliveries.change(t, id, func(d *store.Delivery) error {
			d.NextAt = next
			return unless(d.Attempts == attempts, store.ErrConflict)
		})
	})
}

// Record implements store.Store. ErrConflict when an ID is taken.
func (s *Store) Record(ctx context.Context, trail ...store.Event) error {
	return s.write(ctx, nil, func(t Tx) (err error) {
		for _, e := range trail {
			err = cmp.Or(err, e.Check(), events.add(t, e))
		}
		return err
	})
}

// Events implements store.Store.
func (s *Store) Events(ctx context.Context, after string, limit int) (page []store.Event, err error) {
	err = s.read(ctx, func(t Tx) error { page, err = events.page(t, after, limit); return err })
	return page, err
}
