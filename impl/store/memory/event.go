package memory

import (
	"context"

	"github.com/charterauth/charter/impl/store"
)

// Record implements store.Store. ErrConflict when an ID is taken.
func (s *Store) Record(ctx context.Context, events ...store.Event) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for _, e := range events {
		if err := e.Check(); err != nil {
			return err
		}
		if _, taken := s.events[e.ID]; taken || seen[e.ID] {
			return store.ErrConflict
		}
		seen[e.ID] = true
	}
	for _, e := range events {
		s.events[e.ID] = copyEvent(e)
	}
	return nil
}

// Events implements store.Store.
func (s *Store) Events(ctx context.Context, after string, limit int) ([]store.Event, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return page(s.events, after, limit, all, copyEvent)
}
