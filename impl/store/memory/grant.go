package memory

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Issue implements store.Store.
func (s *Store) Issue(ctx context.Context, grant store.Grant, tokens ...store.Token) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	return s.issue(grant, tokens)
}

func (s *Store) issue(grant store.Grant, tokens []store.Token) error {
	if err := grant.Check(); err != nil {
		return err
	}
	if _, taken := s.grants[grant.ID]; taken {
		return store.ErrConflict
	}
	if err := s.newTokens(tokens); err != nil {
		return err
	}
	s.grants[grant.ID] = copyGrant(grant)
	s.putTokens(tokens)
	return nil
}

// Grant implements store.Store.
func (s *Store) Grant(ctx context.Context, id string) (store.Grant, error) {
	if err := s.enter(ctx); err != nil {
		return store.Grant{}, err
	}
	defer s.mu.Unlock()
	g, ok := s.grants[id]
	if !ok {
		return store.Grant{}, store.ErrNotFound
	}
	return copyGrant(g), nil
}

// Grants implements store.Store.
func (s *Store) Grants(ctx context.Context, subject string, at time.Time, after string, limit int) ([]store.Grant, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	live := func(g store.Grant) bool {
		return g.Subject == subject && g.RevokedAt.IsZero() && !expired(g.ExpiresAt, at)
	}
	return page(s.grants, after, limit, live, copyGrant)
}

// RevokeGrants implements store.Store.
func (s *Store) RevokeGrants(ctx context.Context, f store.GrantFilter, at time.Time) (int, error) {
	if err := store.Marks(at); err != nil {
		return 0, err
	}
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	return s.revoke(f, at), nil
}

func (s *Store) revoke(f store.GrantFilter, at time.Time) int {
	if f == (store.GrantFilter{}) {
		return 0
	}
	n := 0
	for id, g := range s.grants {
		if g.RevokedAt.IsZero() && matches(f, g) {
			g.RevokedAt = instant(at)
			s.grants[id] = g
			n++
		}
	}
	return n
}

func matches(f store.GrantFilter, g store.Grant) bool {
	return (f.ID == "" || f.ID == g.ID) &&
		(f.Subject == "" || f.Subject == g.Subject) &&
		(f.ClientID == "" || f.ClientID == g.ClientID)
}
