package customstore

import (
	"cmp"
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// RegisterClient implements store.Store.
func (s *Store) RegisterClient(ctx context.Context, c store.Client, since time.Time, own ...store.Token) (registered store.Client, err error) {
	same := func(known store.Client) bool {
		return known.Fingerprint == c.Fingerprint && !c.Fingerprint.IsZero() && known.DisabledAt.IsZero() &&
			!expired(known.ExpiresAt, c.CreatedAt) && !known.CreatedAt.Before(since)
	}
	err = s.do(ctx, c.Check(), func(t *tx) error {
		id := c.ID
		known, err := list(t, clients, "", 1, same)
		switch {
		case err != nil:
		case len(known) == 0:
			err = cmp.Or(add(t, clients+id, c), issue(t, nil, own))
		default:
			id = known[0].ID
			err = change(t, clients+id, func(k *store.Client) error {
				if !k.Shared {
					k.Shared, k.Revision = true, k.Revision+1
				}
				extend(&k.ExpiresAt, c.ExpiresAt)
				return nil
			})
		}
		if err == nil {
			registered, err = get[store.Client](t, clients+id)
		}
		return err
	})
	return registered, err
}

// Client implements store.Store.
func (s *Store) Client(ctx context.Context, id string) (store.Client, error) {
	return read[store.Client](ctx, s, clients+id)
}

// Clients implements store.Store.
func (s *Store) Clients(ctx context.Context, after string, limit int) ([]store.Client, error) {
	return page(ctx, s, clients, after, limit, all[store.Client])
}

// ReplaceClient implements store.Store.
func (s *Store) ReplaceClient(ctx context.Context, c store.Client) error {
	return s.do(ctx, c.Check(), func(t *tx) error {
		return change(t, clients+c.ID, func(k *store.Client) error { return swap(k, c, &k.Revision, c.Revision) })
	})
}

// RenewClient implements store.Store.
func (s *Store) RenewClient(ctx context.Context, id string, usedAt, expiresAt time.Time) error {
	return s.do(ctx, nil, func(t *tx) error {
		return change(t, clients+id, func(c *store.Client) error {
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
	return s.do(ctx, store.Marks(at), func(t *tx) error {
		if _, err := get[store.Client](t, clients+id); err != nil {
			return err
		}
		t.delete(clients + id)
		_, err := remove(t, tokens, -1, func(k store.Token) bool { return k.GrantID == "" && k.ClientID == id })
		_, revoked := revoke(t, store.GrantFilter{ClientID: id}, at)
		return cmp.Or(err, revoked)
	})
}
