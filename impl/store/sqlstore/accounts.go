package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/store"
)

const accountColumns = "id, name, password_hash, claims, disabled_at, revision, created_at, updated_at"

func checkAccount(a store.Account) error {
	return errors.Join(a.Check(), fits("account", column{a.ID, 255}, column{a.Name, 255}, column{a.PasswordHash, 512}))
}

// ReplaceAccount implements store.Store.
func (s *Store) ReplaceAccount(ctx context.Context, a store.Account) error {
	if err := checkAccount(a); err != nil {
		return err
	}
	if a.Revision == 0 {
		return s.change(ctx, func(t tx) error {
			_, err := t.exec(ctx, insert("charter_accounts", accountColumns, 1),
				a.ID, a.Name, a.PasswordHash, string(a.Claims), micros(a.DisabledAt), 1, micros(a.CreatedAt), micros(a.UpdatedAt))
			return err
		})
	}
	return s.change(ctx, func(t tx) error {
		changed, err := t.exec(ctx, `UPDATE charter_accounts SET name = ?, password_hash = ?, claims = ?, disabled_at = ?, revision = revision + 1, created_at = ?, updated_at = ? WHERE id = ? AND revision = ?`,
			a.Name, a.PasswordHash, string(a.Claims), micros(a.DisabledAt), micros(a.CreatedAt), micros(a.UpdatedAt), a.ID, a.Revision)
		if err != nil || changed == 1 {
			return err
		}
		return t.conflictOr(ctx, store.ErrConflict, `SELECT 1 FROM charter_accounts WHERE id = ?`, a.ID)
	})
}

func scanAccount(row scanner) (a store.Account, err error) {
	var claims string
	var disabled, created, updated int64
	if err := row.Scan(&a.ID, &a.Name, &a.PasswordHash, &claims, &disabled, &a.Revision, &created, &updated); err != nil {
		return store.Account{}, err
	}
	a.Claims = document(claims)
	a.DisabledAt, a.CreatedAt, a.UpdatedAt = instant(disabled), instant(created), instant(updated)
	return a, nil
}

// Account implements store.Store.
func (s *Store) Account(ctx context.Context, id string) (store.Account, error) {
	return s.account(ctx, `SELECT `+accountColumns+` FROM charter_accounts WHERE id = ?`, id)
}

// AccountByName implements store.Store.
func (s *Store) AccountByName(ctx context.Context, name string) (store.Account, error) {
	return s.account(ctx, `SELECT `+accountColumns+` FROM charter_accounts WHERE name = ?`, name)
}

func (s *Store) account(ctx context.Context, query, key string) (a store.Account, err error) {
	if store.Text("account", key) != nil {
		return store.Account{}, store.ErrNotFound
	}
	err = s.row(ctx, query, []any{key}, func(row scanner) (err error) {
		a, err = scanAccount(row)
		return err
	})
	return a, err
}

// Accounts implements store.Store.
func (s *Store) Accounts(ctx context.Context, after string, limit int) (accounts []store.Account, err error) {
	if err := store.Text("listing", after); err != nil {
		return nil, err
	}
	err = s.rows(ctx, `SELECT `+accountColumns+` FROM charter_accounts WHERE id > ? ORDER BY id LIMIT ?`, []any{after, max(limit, 0)}, func(row scanner) error {
		a, err := scanAccount(row)
		accounts = append(accounts, a)
		return err
	})
	return accounts, err
}

// DeleteAccount implements store.Store.
func (s *Store) DeleteAccount(ctx context.Context, id string, at time.Time) error {
	if err := store.Marks(at); err != nil {
		return err
	}
	if store.Text("account", id) != nil {
		return store.ErrNotFound
	}
	return s.change(ctx, func(t tx) error {
		if err := foundOr(t.exec(ctx, `DELETE FROM charter_accounts WHERE id = ?`, id)); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `DELETE FROM charter_sessions WHERE subject = ?`, id); err != nil {
			return err
		}
		_, err := t.revokeGrants(ctx, store.GrantFilter{Subject: id}, at)
		return err
	})
}
