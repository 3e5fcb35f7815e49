// Package customstore is a store.Store over bbolt, a key-value file, whole: every
// verb is one transaction of the engine, and a record is one value (kv.go).
//
// Where it reads every record of a kind, a store for many people keeps a second
// key in the same transaction: grants by subject, clients by fingerprint.
package customstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/charterauth/charter/impl/store"
)

func (s *Store) RegisterClient(ctx context.Context, c store.Client, since time.Time, tokens ...store.Token) (store.Client, error) {
	err := s.write(cmp.Or(c.Check(), store.CheckIssue(nil, tokens)), func(t *bolt.Tx) error {
		known, err := list(t, "", 1, func(k store.Client) bool {
			return k.Fingerprint == c.Fingerprint && !c.Fingerprint.IsZero() && k.DisabledAt.IsZero() && !expired(k.ExpiresAt, c.CreatedAt) && !k.CreatedAt.Before(since)
		})
		if err != nil || len(known) == 0 {
			return cmp.Or(err, add(t, c.ID, c), issue(t, nil, tokens))
		}
		shared := known[0]
		if !shared.Shared {
			shared.Shared, shared.Revision = true, shared.Revision+1
		}
		extend(&shared.ExpiresAt, c.ExpiresAt)
		c.ID = shared.ID
		return put(t, c.ID, shared)
	})
	if err != nil {
		return store.Client{}, err
	}
	return s.Client(ctx, c.ID)
}

func (s *Store) Client(_ context.Context, id string) (store.Client, error) {
	return fetch[store.Client](s, id)
}

func (s *Store) Clients(_ context.Context, after string, limit int) ([]store.Client, error) {
	return page(s, after, limit, all[store.Client])
}

func (s *Store) ReplaceClient(_ context.Context, c store.Client) error {
	return update(s, c.Check(), c.ID, func(_ *bolt.Tx, known *store.Client) error {
		return swap(known, c, &known.Revision, c.Revision)
	})
}

func (s *Store) RenewClient(_ context.Context, id string, usedAt, expiresAt time.Time) error {
	return update(s, nil, id, func(_ *bolt.Tx, c *store.Client) error {
		if usedAt.After(c.LastUsedAt) {
			c.LastUsedAt = usedAt
		}
		extend(&c.ExpiresAt, expiresAt)
		return nil
	})
}

func (s *Store) DeleteClient(_ context.Context, id string, at time.Time) error {
	return s.write(store.Marks(at), func(t *bolt.Tx) error {
		_, err := drop(t, math.MaxInt, func(k store.Token) bool { return k.GrantID == "" && k.ClientID == id })
		_, revoked := revoke(t, store.GrantFilter{ClientID: id}, at)
		return cmp.Or(remove[store.Client](t, id), err, revoked)
	})
}

func (s *Store) Issue(_ context.Context, g *store.Grant, tokens ...store.Token) error {
	return s.write(store.CheckIssue(g, tokens), func(t *bolt.Tx) error { return issue(t, g, tokens) })
}

func issue(t *bolt.Tx, g *store.Grant, tokens []store.Token) (err error) {
	if g != nil {
		err = add(t, g.ID, *g)
	}
	for _, k := range tokens {
		err = cmp.Or(err, add(t, k.Digest.String(), k))
	}
	return err
}

func (s *Store) Token(_ context.Context, d store.Digest) (k store.Token, g store.Grant, err error) {
	err = told(s.db.View(func(t *bolt.Tx) error {
		if k, err = get[store.Token](t, d.String()); err != nil {
			return err
		}
		g, err = get[store.Grant](t, k.GrantID)
		return unless(errors.Is(err, store.ErrNotFound), err) // the zero grant where there is none
	}))
	return k, g, err
}

// ConsumeToken looks and writes in one transaction, and nobody else writes
// meanwhile: so one caller finds the token unspent.
func (s *Store) ConsumeToken(_ context.Context, c store.Consumption) error {
	return update(s, c.Check(), c.Token.String(), func(t *bolt.Tx, k *store.Token) error {
		if k.GrantID != "" {
			err := change(t, k.GrantID, func(g *store.Grant) error {
				g.LastUsedAt = c.At
				extend(&g.ExpiresAt, c.GrantExpiresAt)
				return unless(g.RevokedAt.IsZero(), store.ErrNotFound)
			})
			if err != nil {
				return err
			}
		}
		spent := unless(k.ConsumedAt.IsZero(), store.ErrConsumed)
		k.ConsumedAt, k.Successor, k.Reply = c.At, c.Successor, c.Reply
		return cmp.Or(spent, issue(t, c.Grant, c.Successors))
	})
}

func (s *Store) Grants(_ context.Context, f store.GrantFilter, at time.Time, after string, limit int) ([]store.Grant, error) {
	return page(s, after, limit, func(g store.Grant) bool {
		return matches(f, g) && (at.IsZero() || g.RevokedAt.IsZero() && !expired(g.ExpiresAt, at))
	})
}

func (s *Store) RevokeGrants(_ context.Context, f store.GrantFilter, at time.Time) (n int, err error) {
	err = s.write(store.Marks(at), func(t *bolt.Tx) error { n, err = revoke(t, f, at); return err })
	return n, err
}

func revoke(t *bolt.Tx, f store.GrantFilter, at time.Time) (int, error) {
	live, err := list(t, "", math.MaxInt, func(g store.Grant) bool { return g.RevokedAt.IsZero() && matches(f, g) })
	for _, g := range live {
		g.RevokedAt = at
		err = cmp.Or(err, put(t, g.ID, g))
	}
	return len(live), err
}

// matches reports whether g has all that f names; an empty filter names nobody.
func matches(f store.GrantFilter, g store.Grant) bool {
	is := func(named, has string) bool { return named == "" || named == has }
	return f != (store.GrantFilter{}) && is(f.ID, g.ID) && is(f.Subject, g.Subject) && is(f.ClientID, g.ClientID) && is(f.SessionID, g.SessionID)
}

func (s *Store) CreateKey(_ context.Context, k store.Key) error {
	return s.write(k.Check(), func(t *bolt.Tx) error {
		return cmp.Or(unique(t, func(known store.Key) bool { return compareKeys(known, k) == 0 }), add(t, k.ID, k))
	})
}

func (s *Store) Keys(context.Context) ([]store.Key, error) {
	keys, err := page(s, "", math.MaxInt, all[store.Key])
	slices.SortFunc(keys, compareKeys)
	return keys, err
}

func compareKeys(a, b store.Key) int {
	return cmp.Or(cmp.Compare(a.Use, b.Use), cmp.Compare(a.Algorithm, b.Algorithm), cmp.Compare(a.Generation, b.Generation))
}

func (s *Store) RetireKey(_ context.Context, id string, retiredAt, expiresAt time.Time) error {
	return update(s, nil, id, func(_ *bolt.Tx, k *store.Key) error { k.RetiredAt, k.ExpiresAt = retiredAt, expiresAt; return nil })
}

type (
	mark    struct{ Until time.Time } // of Once
	counter struct {                  // of Count
		Value int
		Until time.Time
	}
)

// pair is a key of two texts that no other two have.
func pair(scope, id string) string { return fmt.Sprintf("%d/%s/%s", len(scope), scope, id) }

func (s *Store) Once(_ context.Context, scope, id string, until time.Time) error {
	err := s.write(store.Text("mark", scope, id), func(t *bolt.Tx) error { return add(t, pair(scope, id), mark{until}) })
	if err == store.ErrConflict {
		return store.ErrConsumed
	}
	return err
}

func (s *Store) Count(_ context.Context, scope, id string, at, until time.Time) (n int, err error) {
	err = s.write(store.Text("counter", scope, id), func(t *bolt.Tx) error {
		c, err := get[counter](t, pair(scope, id))
		if err = unless(errors.Is(err, store.ErrNotFound), err); err != nil {
			return err
		}
		if !at.Before(c.Until) {
			c = counter{Until: until}
		}
		c.Value++
		n = c.Value
		return put(t, pair(scope, id), c)
	})
	return n, err
}

// Sweep removes tokens before what they belong to, so that none outlives it. A
// consumed token of a live grant is needed to tell reuse from nonsense.
func (s *Store) Sweep(_ context.Context, before time.Time, limit int) (removed int, err error) {
	err = s.write(nil, func(t *bolt.Tx) error {
		tokenIsOver := func(k store.Token) bool {
			if k.GrantID != "" {
				g, err := get[store.Grant](t, k.GrantID)
				return errors.Is(err, store.ErrNotFound) || expired(g.ExpiresAt, before) || expired(k.ExpiresAt, before) && k.ConsumedAt.IsZero()
			}
			c, err := get[store.Client](t, k.ClientID)
			return err == nil && expired(c.ExpiresAt, before) || expired(k.ExpiresAt, before)
		}
		for _, step := range []func(left int) (int, error){
			func(left int) (int, error) { return drop(t, left, tokenIsOver) },
			func(left int) (int, error) {
				return drop(t, left, func(g store.Grant) bool { return expired(g.ExpiresAt, before) })
			},
			func(left int) (int, error) {
				return drop(t, left, func(c store.Client) bool { return expired(c.ExpiresAt, before) })
			},
			func(left int) (int, error) {
				return drop(t, left, func(x store.Session) bool { return expired(x.ExpiresAt, before) })
			},
			func(left int) (int, error) {
				return drop(t, left, func(k store.Key) bool { return expired(k.ExpiresAt, before) })
			},
			func(left int) (int, error) {
				return drop(t, left, func(d store.Delivery) bool { return expired(d.ExpiresAt, before) })
			},
			func(left int) (int, error) {
				return drop(t, left, func(m mark) bool { return expired(m.Until, before) })
			},
			func(left int) (int, error) {
				return drop(t, left, func(c counter) bool { return expired(c.Until, before) })
			},
		} {
			n, stepErr := step(limit - removed)
			removed, err = removed+n, cmp.Or(err, stepErr)
		}
		return err
	})
	return removed, err
}
