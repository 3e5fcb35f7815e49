package customstore

import (
	"context"
	"fmt"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Once implements store.Store.
func (s *Store) Once(ctx context.Context, scope, id string, until time.Time) error {
	err := s.do(ctx, store.Text("mark", scope, id), func(t *tx) error { return add(t, pair(marks, scope, id), until) })
	if err == store.ErrConflict {
		return store.ErrConsumed
	}
	return err
}

// A counter is one of Count.
type counter struct {
	Value int
	Until time.Time
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, scope, id string, at, until time.Time) (n int, err error) {
	key := pair(counters, scope, id)
	err = s.do(ctx, store.Text("counter", scope, id), func(t *tx) error {
		c := counter{Until: until}
		if t.get(key) != nil {
			known, err := get[counter](t, key)
			if err != nil {
				return err
			}
			if at.Before(known.Until) {
				c = known
			}
		}
		c.Value++
		n = c.Value
		return put(t, key, c)
	})
	return n, err
}

// pair is a key of two texts that no other two have.
func pair(kind, scope, id string) string {
	return fmt.Sprintf("%s%d/%s/%s", kind, len(scope), scope, id)
}
