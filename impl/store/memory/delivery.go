package memory

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Enqueue implements store.Store.
func (s *Store) Enqueue(ctx context.Context, deliveries ...store.Delivery) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for _, d := range deliveries {
		if err := d.Check(); err != nil {
			return err
		}
		if _, taken := s.deliveries[d.ID]; taken || seen[d.ID] {
			return store.ErrConflict
		}
		seen[d.ID] = true
	}
	for _, d := range deliveries {
		s.deliveries[d.ID] = copyDelivery(d)
	}
	return nil
}

// ClaimDeliveries implements store.Store.
func (s *Store) ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) ([]store.Delivery, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var claimed []store.Delivery
	for id, d := range s.deliveries {
		if len(claimed) >= limit {
			break
		}
		if d.NextAt.After(at) || expired(d.ExpiresAt, at) {
			continue
		}
		d.NextAt = instant(until)
		d.Attempts++
		s.deliveries[id] = d
		claimed = append(claimed, copyDelivery(d))
	}
	return claimed, nil
}

// FinishDelivery implements store.Store.
func (s *Store) FinishDelivery(ctx context.Context, id string, attempts int64, next time.Time) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	d, ok := s.deliveries[id]
	switch {
	case !ok:
		return store.ErrNotFound
	case next.IsZero():
		delete(s.deliveries, id)
		return nil
	case d.Attempts != attempts:
		return store.ErrConflict
	}
	d.NextAt = instant(next)
	s.deliveries[id] = d
	return nil
}
