package kvstore

import (
	"cmp"
	"context"
	"errors"
	"math"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Issue implements store.Store.
func (s *Store) Issue(ctx context.Context, g *store.Grant, own ...store.Token) error {
	return s.write(ctx, store.CheckIssue(g, own), func(t Tx) error { return issue(t, g, own) })
}

func issue(t Tx, g *store.Grant, own []store.Token) (err error) {
	if g != nil {
		err = grants.add(t, *g)
	}
	for _, k := range own {
		err = cmp.Or(err, tokens.add(t, k))
	}
	return err
}

// Token implements store.Store.
func (s *Store) Token(ctx context.Context, d store.Digest) (k store.Token, g store.Grant, err error) {
	err = s.read(ctx, func(t Tx) error {
		if k, err = tokens.get(t, d.String()); err != nil {
			return err
		}
		g, err = grants.get(t, k.GrantID)
		return unless(errors.Is(err, store.ErrNotFound), err) // the zero grant where there is none
	})
	return k, g, err
}

// ConsumeToken implements store.Store. It looks and writes in one transaction, so
// one caller finds the token unspent.
func (s *Store) ConsumeToken(ctx context.Context, c store.Consumption) error {
	return s.write(ctx, c.Check(), func(t Tx) error {
		return tokens.change(t, c.Token.String(), func(k *store.Token) error {
			if err := use(t, k.GrantID, c); err != nil {
				return err
			}
			if !k.ConsumedAt.IsZero() {
				return store.ErrConsumed
			}
			k.ConsumedAt, k.Successor, k.Reply = c.At, c.Successor, c.Reply
			return issue(t, c.Grant, c.Successors)
		})
	})
}

// use notes that a grant, where there is one, was used.
func use(t Tx, id string, c store.Consumption) error {
	if id == "" {
		return nil
	}
	return grants.change(t, id, func(g *store.Grant) error {
		g.LastUsedAt = c.At
		extend(&g.ExpiresAt, c.GrantExpiresAt)
		return unless(g.RevokedAt.IsZero(), store.ErrNotFound)
	})
}

// Grants implements store.Store.
func (s *Store) Grants(ctx context.Context, f store.GrantFilter, at time.Time, after string, limit int) (page []store.Grant, err error) {
	if err := store.Text("listing", after); err != nil {
		return nil, err
	}
	err = s.read(ctx, func(t Tx) error {
		page, err = matching(t, f, after, limit, func(g store.Grant) bool {
			return at.IsZero() || g.RevokedAt.IsZero() && !expired(g.ExpiresAt, at)
		})
		return err
	})
	return page, err
}

// RevokeGrants implements store.Store.
func (s *Store) RevokeGrants(ctx context.Context, f store.GrantFilter, at time.Time) (n int, err error) {
	err = s.write(ctx, store.Marks(at), func(t Tx) error { n, err = revoke(t, f, at); return err })
	return n, err
}

func revoke(t Tx, f store.GrantFilter, at time.Time) (int, error) {
	live, err := matching(t, f, "", math.MaxInt, func(g store.Grant) bool { return g.RevokedAt.IsZero() })
	for _, g := range live {
		err = cmp.Or(err, grants.change(t, g.ID, func(g *store.Grant) error { g.RevokedAt = at; return nil }))
	}
	return len(live), err
}

// matching returns at most limit grants behind after that have all that f names
// and that want accepts, by identifier; none where f names nothing.
func matching(t Tx, f store.GrantFilter, after string, limit int, want func(store.Grant) bool) (page []store.Grant, err error) {
	is := func(named, has string) bool { return named == "" || named == has }
	for len(page) < limit {
		ids, err := candidates(t, f, after)
		if err != nil || len(ids) == 0 {
			return page, err
		}
		for _, id := range ids {
			g, err := grants.get(t, id)
			if err != nil {
				return nil, err
			}
			if is(f.Subject, g.Subject) && is(f.ClientID, g.ClientID) && is(f.SessionID, g.SessionID) && want(g) && len(page) < limit {
				page = append(page, g)
			}
		}
		after = ids[len(ids)-1]
	}
	return page, nil
}

// chunk bounds how many identifiers are looked at in one go.
const chunk = 256

// candidates returns the next identifiers behind after that the narrowest index
// for f finds.
func candidates(t Tx, f store.GrantFilter, after string) ([]string, error) {
	switch {
	case f.ID != "":
		_, err := grants.get(t, f.ID)
		if errors.Is(err, store.ErrNotFound) || f.ID <= after {
			return nil, nil
		}
		return []string{f.ID}, err
	case f.SessionID != "":
		return found(t, entry("session", f.SessionID), after, chunk)
	case f.Subject != "":
		return found(t, entry("subject", f.Subject), after, chunk)
	case f.ClientID != "":
		return found(t, entry("client", f.ClientID), after, chunk)
	}
	return nil, nil
}
