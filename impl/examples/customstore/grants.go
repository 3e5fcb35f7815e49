package customstore

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Issue implements store.Store.
func (s *Store) Issue(ctx context.Context, g *store.Grant, own ...store.Token) error {
	return s.do(ctx, nil, func(t *tx) error { return issue(t, g, own) })
}

// Token implements store.Store.
func (s *Store) Token(ctx context.Context, d store.Digest) (token store.Token, grant store.Grant, err error) {
	err = s.do(ctx, nil, func(t *tx) error {
		if token, err = get[store.Token](t, tokens+d.String()); err != nil || token.GrantID == "" || t.get(grants+token.GrantID) == nil {
			return err
		}
		grant, err = get[store.Grant](t, grants+token.GrantID)
		return err
	})
	return token, grant, err
}

// ConsumeToken implements store.Store.
func (s *Store) ConsumeToken(ctx context.Context, c store.Consumption) error {
	return s.do(ctx, c.Check(), func(t *tx) error {
		return change(t, tokens+c.Token.String(), func(k *store.Token) error {
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
func use(t *tx, grantID string, c store.Consumption) error {
	if grantID == "" {
		return nil
	}
	return change(t, grants+grantID, func(g *store.Grant) error {
		if !g.RevokedAt.IsZero() {
			return store.ErrNotFound
		}
		g.LastUsedAt = c.At
		extend(&g.ExpiresAt, c.GrantExpiresAt)
		return nil
	})
}

// Grants implements store.Store.
func (s *Store) Grants(ctx context.Context, f store.GrantFilter, at time.Time, after string, limit int) ([]store.Grant, error) {
	return page(ctx, s, grants, after, limit, func(g store.Grant) bool {
		return matches(f, g) && (at.IsZero() || g.RevokedAt.IsZero() && !expired(g.ExpiresAt, at))
	})
}

// RevokeGrants implements store.Store.
func (s *Store) RevokeGrants(ctx context.Context, f store.GrantFilter, at time.Time) (n int, err error) {
	err = s.do(ctx, store.Marks(at), func(t *tx) error { n, err = revoke(t, f, at); return err })
	return n, err
}
