package customstore

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Sweep removes tokens before what they belong to, so that none outlives it.
func (s *Store) Sweep(ctx context.Context, before time.Time, limit int) (removed int, err error) {
	err = s.do(ctx, nil, func(t *tx) error {
		left := max(limit, 0)
		for _, step := range []func(left int) (int, error){
			sweep(t, tokens, func(k store.Token) bool { return tokenIsOver(t, k, before) }),
			sweep(t, grants, func(g store.Grant) bool { return expired(g.ExpiresAt, before) }),
			sweep(t, clients, func(c store.Client) bool { return expired(c.ExpiresAt, before) }),
			sweep(t, deliveries, func(d store.Delivery) bool { return expired(d.ExpiresAt, before) }),
			sweep(t, sessions, func(x store.Session) bool { return expired(x.ExpiresAt, before) }),
			sweep(t, keys, func(k store.Key) bool { return expired(k.ExpiresAt, before) }),
			sweep(t, marks, func(until time.Time) bool { return expired(until, before) }),
			sweep(t, counters, func(c counter) bool { return expired(c.Until, before) }),
		} {
			n, err := step(left - removed)
			if err != nil {
				return err
			}
			removed += n
		}
		return nil
	})
	return removed, err
}

// tokenIsOver reports whether no verb needs k. A consumed token of a live grant
// is needed to tell reuse from nonsense.
func tokenIsOver(t *tx, k store.Token, before time.Time) bool {
	if k.GrantID != "" {
		g, err := get[store.Grant](t, grants+k.GrantID)
		return err != nil || expired(g.ExpiresAt, before) || expired(k.ExpiresAt, before) && k.ConsumedAt.IsZero()
	}
	c, err := get[store.Client](t, clients+k.ClientID)
	return err == nil && expired(c.ExpiresAt, before) || expired(k.ExpiresAt, before)
}

func sweep[T any](t *tx, kind string, over func(T) bool) func(int) (int, error) {
	return func(left int) (int, error) { return remove(t, kind, left, over) }
}
