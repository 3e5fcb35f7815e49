package kvstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// pair is a name of two texts that no other two have.
func pair(scope, id string) string { return fmt.Sprintf("%d/%s/%s", len(scope), scope, id) }

// Once implements store.Store.
func (s *Store) Once(ctx context.Context, scope, id string, until time.Time) error {
	err := s.write(ctx, store.Text("replay mark", scope, id), func(t Tx) error { return marks.add(t, mark{pair(scope, id), until}) })
	if errors.Is(err, store.ErrConflict) {
		return store.ErrConsumed
	}
	return err
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, scope, id string, at, until time.Time) (n int, err error) {
	name := pair(scope, id)
	err = s.write(ctx, store.Text("counter", scope, id), func(t Tx) error {
		err := counters.change(t, name, func(c *counter) error {
			if !at.Before(c.Until) {
				*c = counter{name, 0, until}
			}
			c.Value++
			n = c.Value
			return nil
		})
		if errors.Is(err, store.ErrNotFound) {
			n = 1
			return counters.put(t, counter{name, 1, until})
		}
		return err
	})
	return n, err
}
