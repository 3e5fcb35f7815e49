package kvstore

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// RegisterClient implements store.Store.
func (s *Store) RegisterClient(ctx context.Context, c store.Client, since time.Time, own ...store.Token) (registered store.Client, err error) {
	err = s.write(ctx, cmp.Or(c.Check(), store.CheckIssue(nil, own)), func(t Tx) error {
		id, err := sameRegistration(t, c, since)
		if err != nil {
			return err
		}
		if id == "" {
			id = c.ID
			err = cmp.Or(clients.add(t, c), issue(t, nil, own))
		} else {
			err = clients.change(t, id, func(known *store.Client) error {
				if !known.Shared {
					known.Shared, known.Revision = true, known.Revision+1
				}
				extend(&known.ExpiresAt, c.ExpiresAt)
				return nil
			})
		}
		if err == nil {
			registered, err = clients.get(t, id)
		}
		return err
	})
	return registered, err
}

// sameRegistration returns the identifier of the live client with c's fingerprint
// that was created at or after since; "" where there is none.
func sameRegistration(t Tx, c store.Client, since time.Time) (string, error) {
	if c.Fingerprint.IsZero() {
		return "", nil
	}
	ids, err := found(t, byDigest("fingerprint", c.Fingerprint), "", math.MaxInt)
	for _, id := range ids {
		known, err := clients.get(t, id)
		if err != nil {
			return "", err
		}
		if known.DisabledAt.IsZero() && !expired(known.ExpiresAt, c.CreatedAt) && !known.CreatedAt.Before(since) {
			return id, nil
		}
	}
	return "", err
}

// Client implements store.Store.
func (s *Store) Client(ctx context.Context, id string) (c store.Client, err error) {
	err = s.read(ctx, func(t Tx) error { c, err = clients.get(t, id); return err })
	return c, err
}

// Clients implements store.Store.
func (s *Store) Clients(ctx context.Context, after string, limit int) (page []store.Client, err error) {
	err = s.read(ctx, func(t Tx) error { page, err = clients.page(t, after, limit); return err })
	return page, err
}

// ReplaceClient implements store.Store.
func (s *Store) ReplaceClient(ctx context.Context, c store.Client) error {
	return s.write(ctx, c.Check(), func(t Tx) error {
		return clients.change(t, c.ID, func(known *store.Client) error {
			if known.Revision != c.Revision {
				return store.ErrConflict
			}
			*known = c
			known.Revision++
			return nil
		})
	})
}

// RenewClient implements store.Store.
func (s *Store) RenewClient(ctx context.Context, id string, usedAt, expiresAt time.Time) error {
	return s.write(ctx, nil, func(t Tx) error {
		return clients.change(t, id, func(c *store.Client) error {
			if usedAt.After(c.LastUsedAt) {
				c.LastUsedAt = usedAt
			}
			extend(&c.ExpiresAt, expiresAt)
			return nil
		})
	})
}

// DeleteClient implements store.Store.
func (s *Store) DeleteClient(ctx context.Context, id string, at time.Time) error {
	return s.write(ctx, store.Marks(at), func(t Tx) error {
		if err := clients.remove(t, id); err != nil {
			return err
		}
		own, err := found(t, entry("tokens of client", id), "", math.MaxInt)
		for _, digest := range own {
			err = cmp.Or(err, tokens.remove(t, digest))
		}
		_, revoked := revoke(t, store.GrantFilter{ClientID: id}, at)
		return cmp.Or(err, revoked)
	})
}
