package memory

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Once implements store.Store.
func (s *Store) Once(ctx context.Context, scope, id string, until time.Time) error {
	if err := store.Text("replay mark", scope, id); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	mark := scoped{scope, id}
	if _, used := s.marks[mark]; used {
		return store.ErrConsumed
	}
	s.marks[mark] = instant(until)
	return nil
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, scope, id string, at, until time.Time) (int, error) {
	if err := store.Text("counter", scope, id); err != nil {
		return 0, err
	}
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	name := scoped{scope, id}
	c, ok := s.counters[name]
	if !ok || !instant(at).Before(c.until) {
		c = counter{until: instant(until)}
	}
	c.value++
	s.counters[name] = c
	return c.value, nil
}
