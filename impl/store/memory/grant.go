package memory

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Issue implements store.Store.
func (s *Store) Issue(ctx context.Context, grant *store.Grant, tokens ...store.Token) error {
	if err := store.CheckIssue(grant, tokens); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if err := s.free(grant, tokens); err != nil {
		return err
	}
	s.put(grant, tokens)
	return nil
}

// free reports ErrConflict unless the identifiers of grant, which may be nil, and
// tokens are free.
func (s *Store) free(grant *store.Grant, tokens []store.Token) error {
	if grant != nil {
		if _, taken := s.grants[grant.ID]; taken {
			return store.ErrConflict
		}
	}
	seen := map[store.Digest]bool{}
	for _, t := range tokens {
		if _, taken := s.tokens[t.Digest]; taken || seen[t.Digest] {
			return store.ErrConflict
		}
		seen[t.Digest] = true
	}
	return nil
}

func (s *Store) put(grant *store.Grant, tokens []store.Token) {
	if grant != nil {
		s.grants[grant.ID] = copyGrant(*grant)
	}
	for _, t := range tokens {
		s.tokens[t.Digest] = copyToken(t)
	}
}

// Grants implements store.Store.
func (s *Store) Grants(ctx context.Context, f store.GrantFilter, at time.Time, after string, limit int) ([]store.Grant, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	want := func(g store.Grant) bool {
		return matches(f, g) && (at.IsZero() || g.RevokedAt.IsZero() && !expired(g.ExpiresAt, at))
	}
	return page(s.grants, after, limit, want, copyGrant)
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

// matches reports whether g has all that f names; an empty filter names nobody.
func matches(f store.GrantFilter, g store.Grant) bool {
	return f != (store.GrantFilter{}) &&
		(f.ID == "" || f.ID == g.ID) &&
		(f.Subject == "" || f.Subject == g.Subject) &&
		(f.ClientID == "" || f.ClientID == g.ClientID) &&
		(f.SessionID == "" || f.SessionID == g.SessionID)
}
