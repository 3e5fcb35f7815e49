package memory

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Sweep implements store.Store.
//
// Tokens go first: as long as the limit leaves one of them, their grant or
// client stays, so that no token outlives what it belongs to.
func (s *Store) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	left := max(limit, 0)
	remove(s.tokens, &left, func(t store.Token) bool { return s.tokenIsOver(t, before) })
	remove(s.grants, &left, func(g store.Grant) bool { return expired(g.ExpiresAt, before) })
	remove(s.clients, &left, func(c store.Client) bool { return expired(c.ExpiresAt, before) })
	remove(s.sessions, &left, func(x store.Session) bool { return expired(x.ExpiresAt, before) })
	remove(s.keys, &left, func(k store.Key) bool { return expired(k.ExpiresAt, before) })
	remove(s.deliveries, &left, func(d store.Delivery) bool { return expired(d.ExpiresAt, before) })
	remove(s.marks, &left, func(until time.Time) bool { return expired(until, before) })
	remove(s.counters, &left, func(c counter) bool { return expired(c.until, before) })
	return max(limit, 0) - left, nil
}

// tokenIsOver reports whether no verb needs t at before: its grant or its client
// is over, or it is expired. A consumed token of a live grant is needed to tell
// reuse from nonsense.
func (s *Store) tokenIsOver(t store.Token, before time.Time) bool {
	if t.GrantID != "" {
		if g, ok := s.grants[t.GrantID]; !ok || expired(g.ExpiresAt, before) {
			return true
		}
		return expired(t.ExpiresAt, before) && t.ConsumedAt.IsZero()
	}
	if c, ok := s.clients[t.ClientID]; ok && expired(c.ExpiresAt, before) {
		return true
	}
	return expired(t.ExpiresAt, before)
}

func remove[K comparable, V any](records map[K]V, left *int, over func(V) bool) {
	for k, v := range records {
		if *left == 0 {
			return
		}
		if over(v) {
			delete(records, k)
			*left--
		}
	}
}
