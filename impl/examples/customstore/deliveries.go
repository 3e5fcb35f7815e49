package customstore

import (
	"cmp"
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Enqueue implements store.Store.
func (s *Store) Enqueue(ctx context.Context, list ...store.Delivery) error {
	return s.do(ctx, nil, func(t *tx) error {
		for _, d := range list {
			if err := cmp.Or(d.Check(), add(t, deliveries+d.ID, d)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ClaimDeliveries implements store.Store.
func (s *Store) ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) (claimed []store.Delivery, err error) {
	err = s.do(ctx, nil, func(t *tx) error {
		claimed, err = list(t, deliveries, "", max(limit, 0), func(d store.Delivery) bool {
			return !d.NextAt.After(at) && !expired(d.ExpiresAt, at)
		})
		for i := range claimed {
			claimed[i].Attempts++
			claimed[i].NextAt = until
			err = cmp.Or(err, put(t, deliveries+claimed[i].ID, claimed[i]))
		}
		return err
	})
	return claimed, err
}

// FinishDelivery implements store.Store.
func (s *Store) FinishDelivery(ctx context.Context, id string, attempts int64, next time.Time) error {
	return s.do(ctx, nil, func(t *tx) error {
		d, err := get[store.Delivery](t, deliveries+id)
		switch {
		case err != nil:
			return err
		case next.IsZero():
			t.delete(deliveries + id)
			return nil
		case d.Attempts != attempts:
			return store.ErrConflict
		}
		d.NextAt = next
		return put(t, deliveries+id, d)
	})
}
