package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Once implements store.Store.
func (s *Store) Once(ctx context.Context, scope, id string, until time.Time) error {
	if err := store.Text("replay mark", scope, id); err != nil {
		return err
	}
	err := s.change(ctx, func(t tx) error {
		_, err := t.exec(ctx, insert("charter_marks", "id, expires_at", 1), scoped(scope, id), micros(until))
		return err
	})
	if errors.Is(err, store.ErrConflict) {
		return store.ErrConsumed
	}
	return err
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, scope, id string, at, until time.Time) (n int, err error) {
	if err := store.Text("counter", scope, id); err != nil {
		return 0, err
	}
	name := scoped(scope, id)
	// Before expires_at: MySQL assigns in this order, and reads what it assigned.
	const add = `INSERT INTO charter_counters (id, amount, expires_at) VALUES (?, 1, ?) {upsert}
		amount = CASE WHEN charter_counters.expires_at <= ? THEN 1 ELSE charter_counters.amount + 1 END,
		expires_at = CASE WHEN charter_counters.expires_at <= ? THEN ? ELSE charter_counters.expires_at END`
	args := []any{name, micros(until), micros(at), micros(at), micros(until)}
	err = s.change(ctx, func(t tx) error {
		if s.dialect.returning {
			return t.row(ctx, add+` RETURNING amount`, args, &n)
		}
		if _, err := t.exec(ctx, add, args...); err != nil {
			return err
		}
		return t.row(ctx, `SELECT amount FROM charter_counters WHERE id = ?`, []any{name}, &n)
	})
	return n, err
}
