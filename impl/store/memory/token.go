package memory

import (
	"context"

	"github.com/charterauth/charter/impl/store"
)

// Token implements store.Store.
func (s *Store) Token(ctx context.Context, d store.Digest) (store.Token, store.Grant, error) {
	if err := s.enter(ctx); err != nil {
		return store.Token{}, store.Grant{}, err
	}
	defer s.mu.Unlock()
	t, ok := s.tokens[d]
	if !ok {
		return store.Token{}, store.Grant{}, store.ErrNotFound
	}
	return copyToken(t), copyGrant(s.grants[t.GrantID]), nil
}

// ConsumeToken implements store.Store.
func (s *Store) ConsumeToken(ctx context.Context, c store.Consumption) error {
	if err := c.Check(); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	t, ok := s.tokens[c.Token]
	if !ok {
		return store.ErrNotFound
	}
	g, live := s.grants[t.GrantID]
	if t.GrantID != "" && (!live || !g.RevokedAt.IsZero()) {
		return store.ErrNotFound
	}
	if !t.ConsumedAt.IsZero() {
		return store.ErrConsumed
	}
	if err := s.free(c.Grant, c.Successors); err != nil {
		return err
	}

	t.ConsumedAt, t.Successor, t.Reply = instant(c.At), c.Successor, copySlice(c.Reply)
	s.tokens[c.Token] = t
	s.put(c.Grant, c.Successors)
	if t.GrantID != "" {
		g.LastUsedAt = instant(c.At)
		g.ExpiresAt = later(g.ExpiresAt, instant(c.GrantExpiresAt))
		s.grants[g.ID] = g
	}
	return nil
}
