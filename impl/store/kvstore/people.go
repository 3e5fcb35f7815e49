package kvstore

import (
	"cmp"
	"context"
	"errors"
	"math"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// CreateSession implements store.Store.
func (s *Store) CreateSession(ctx context.Context, x store.Session, replaces store.Digest) error {
	return s.write(ctx, x.Check(), func(t Tx) error {
		known, err := found(t, entry("session id", x.ID), "", 1)
		if err != nil || len(known) > 0 && known[0] != replaces.String() {
			return cmp.Or(err, store.ErrConflict)
		}
		if _, err := sessions.get(t, x.Digest.String()); !errors.Is(err, store.ErrNotFound) {
			return cmp.Or(err, store.ErrConflict)
		}
		if err := sessions.remove(t, replaces.String()); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return sessions.put(t, x)
	})
}

// Session implements store.Store.
func (s *Store) Session(ctx context.Context, d store.Digest) (x store.Session, err error) {
	err = s.read(ctx, func(t Tx) error { x, err = sessions.get(t, d.String()); return err })
	return x, err
}

// EndSession implements store.Store.
func (s *Store) EndSession(ctx context.Context, id string) error {
	return s.write(ctx, nil, func(t Tx) error { return endSessions(t, entry("session id", id)) })
}

func endSessions(t Tx, e string) error {
	digests, err := found(t, e, "", math.MaxInt)
	for _, d := range digests {
		err = cmp.Or(err, sessions.remove(t, d))
	}
	return err
}

// ReplaceAccount implements store.Store.
func (s *Store) ReplaceAccount(ctx context.Context, a store.Account) error {
	return s.write(ctx, a.Check(), func(t Tx) error {
		if _, err := accounts.get(t, a.ID); err != nil && (a.Revision != 0 || !errors.Is(err, store.ErrNotFound)) {
			return err
		}
		known, err := found(t, entry("account name", a.Name), "", 1)
		if err != nil || len(known) > 0 && known[0] != a.ID {
			return cmp.Or(err, store.ErrConflict)
		}
		if a.Revision == 0 {
			a.Revision = 1
			return accounts.add(t, a)
		}
		return accounts.change(t, a.ID, func(known *store.Account) error {
			if known.Revision != a.Revision {
				return store.ErrConflict
			}
			*known = a
			known.Revision++
			return nil
		})
	})
}

// Account implements store.Store.
func (s *Store) Account(ctx context.Context, id string) (a store.Account, err error) {
	err = s.read(ctx, func(t Tx) error { a, err = accounts.get(t, id); return err })
	return a, err
}

// AccountByName implements store.Store.
func (s *Store) AccountByName(ctx context.Context, name string) (a store.Account, err error) {
	err = s.read(ctx, func(t Tx) error {
		ids, err := found(t, entry("account name", name), "", 1)
		if err != nil || len(ids) == 0 {
			return cmp.Or(err, store.ErrNotFound)
		}
		a, err = accounts.get(t, ids[0])
		return err
	})
	return a, err
}

// Accounts implements store.Store.
func (s *Store) Accounts(ctx context.Context, after string, limit int) (page []store.Account, err error) {
	err = s.read(ctx, func(t Tx) error { page, err = accounts.page(t, after, limit); return err })
	return page, err
}

// DeleteAccount implements store.Store.
func (s *Store) DeleteAccount(ctx context.Context, id string, at time.Time) error {
	return s.write(ctx, store.Marks(at), func(t Tx) error {
		if err := cmp.Or(accounts.remove(t, id), endSessions(t, entry("sessions of subject", id))); err != nil {
			return err
		}
		_, err := revoke(t, store.GrantFilter{Subject: id}, at)
		return err
	})
}
