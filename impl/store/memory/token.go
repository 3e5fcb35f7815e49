package memory

import (
	"context"

	"github.com/charterauth/charter/impl/store"
)

// AddToken implements store.Store.
func (s *Store) AddToken(ctx context.Context, tokens ...store.Token) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if err := s.newTokens(tokens); err != nil {
		return err
	}
	s.putTokens(tokens)
	return nil
}

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
	if err := s.newTokens(c.Successors); err != nil {
		return err
	}

	t.ConsumedAt, t.Successor, t.Reply = instant(c.At), c.Successor, copySlice(c.Reply)
	s.tokens[c.Token] = t
	s.putTokens(c.Successors)
	if t.GrantID != "" {
		g.LastUsedAt = instant(c.At)
		g.ExpiresAt = later(g.ExpiresAt, instant(c.GrantExpiresAt))
		s.grants[g.ID] = g
	}
	return nil
}

// newTokens reports whether all tokens can be added: ErrInvalid, ErrConflict.
func (s *Store) newTokens(tokens []store.Token) error {
	seen := map[store.Digest]bool{}
	for _, t := range tokens {
		if err := t.Check(); err != nil {
			return err
		}
		if _, taken := s.tokens[t.Digest]; taken || seen[t.Digest] {
			return store.ErrConflict
		}
		seen[t.Digest] = true
	}
	return nil
}

func (s *Store) putTokens(tokens []store.Token) {
	for _, t := range tokens {
		s.tokens[t.Digest] = copyToken(t)
	}
}
