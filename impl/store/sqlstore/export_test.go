package sqlstore

import (
	"context"

	"github.com/jmoiron/sqlx"
)

// ReadPool is the pool that reads.
func (s *Store) ReadPool() *sqlx.DB { return s.read }

// WriteRow runs a query on whatever connection a change runs on.
func (s *Store) WriteRow(ctx context.Context, query string, dest ...any) error {
	return s.change(ctx, func(t tx) error { return t.row(ctx, query, nil, dest...) })
}

// WriteFailing adds a mark in a change that then fails with errs, one each time
// that it runs, and returns how often it ran.
func (s *Store) WriteFailing(ctx context.Context, mark string, errs ...error) (runs int, err error) {
	err = s.change(ctx, func(t tx) error {
		runs++
		if _, err := t.exec(ctx, insert("charter_marks", "id, expires_at", 1), mark, 0); err != nil {
			return err
		}
		if runs <= len(errs) {
			return errs[runs-1]
		}
		return nil
	})
	return runs, err
}
