package customstore

import (
	"cmp"
	"context"

	"github.com/charterauth/charter/impl/store"
)

// Record implements store.Store.
func (s *Store) Record(ctx context.Context, list ...store.Event) error {
	return s.do(ctx, nil, func(t *tx) error {
		for _, e := range list {
			if err := cmp.Or(e.Check(), add(t, events+e.ID, e)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Events implements store.Store.
func (s *Store) Events(ctx context.Context, after string, limit int) ([]store.Event, error) {
	return page(ctx, s, events, after, limit, all[store.Event])
}

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error {
	return s.do(ctx, nil, func(*tx) error { return nil })
}

// Close implements store.Store.
func (s *Store) Close() error { s.db.close(); return nil }
