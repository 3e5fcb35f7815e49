package customstore

import (
	"cmp"
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// CreateSession implements store.Store.
func (s *Store) CreateSession(ctx context.Context, session store.Session, replaces store.Digest) error {
	return s.do(ctx, session.Check(), func(t *tx) error {
		t.delete(sessions + replaces.String())
		same, err := list(t, sessions, "", 1, func(x store.Session) bool { return x.ID == session.ID })
		if err == nil && len(same) > 0 {
			err = store.ErrConflict
		}
		return cmp.Or(err, add(t, sessions+session.Digest.String(), session))
	})
}

// Session implements store.Store.
func (s *Store) Session(ctx context.Context, d store.Digest) (store.Session, error) {
	return read[store.Session](ctx, s, sessions+d.String())
}

// EndSession implements store.Store.
func (s *Store) EndSession(ctx context.Context, id string) error {
	return s.do(ctx, nil, func(t *tx) error {
		_, err := remove(t, sessions, -1, func(x store.Session) bool { return x.ID == id })
		return err
	})
}

// Account implements store.Store.
func (s *Store) Account(ctx context.Context, id string) (store.Account, error) {
	return read[store.Account](ctx, s, accounts+id)
}

// AccountByName implements store.Store.
func (s *Store) AccountByName(ctx context.Context, name string) (a store.Account, err error) {
	err = s.do(ctx, nil, func(t *tx) error {
		id, err := get[string](t, names+name)
		if err == nil {
			a, err = get[store.Account](t, accounts+id)
		}
		return err
	})
	return a, err
}

// Accounts implements store.Store.
func (s *Store) Accounts(ctx context.Context, after string, limit int) ([]store.Account, error) {
	return page(ctx, s, accounts, after, limit, all[store.Account])
}

// ReplaceAccount implements store.Store.
func (s *Store) ReplaceAccount(ctx context.Context, a store.Account) error {
	return s.do(ctx, a.Check(), func(t *tx) error {
		if a.Revision == 0 {
			a.Revision = 1
			return cmp.Or(add(t, accounts+a.ID, a), add(t, names+a.Name, a.ID))
		}
		return change(t, accounts+a.ID, func(k *store.Account) error {
			t.delete(names + k.Name)
			return cmp.Or(swap(k, a, &k.Revision, a.Revision), add(t, names+a.Name, a.ID))
		})
	})
}

// DeleteAccount implements store.Store.
func (s *Store) DeleteAccount(ctx context.Context, id string, at time.Time) error {
	return s.do(ctx, store.Marks(at), func(t *tx) error {
		a, err := get[store.Account](t, accounts+id)
		if err != nil {
			return err
		}
		t.delete(accounts + id)
		t.delete(names + a.Name)
		_, err = remove(t, sessions, -1, func(x store.Session) bool { return x.Subject == id })
		_, revoked := revoke(t, store.GrantFilter{Subject: id}, at)
		return cmp.Or(err, revoked)
	})
}
