package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

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

// Define runs the statements of a schema, or others in its form.
func (s *Store) Define(ctx context.Context, schema string) error {
	return s.change(ctx, func(t tx) error { return t.define(ctx, schema, nil) })
}

var errCut = errors.New("cut off")

// StepCutOff runs the first statements of the migration to version, as a process
// does that dies in the middle of it.
func (s *Store) StepCutOff(ctx context.Context, version int64, statements int) error {
	files, err := fs.Glob(migrations, fmt.Sprintf("migrations/%d_*.sql", version))
	if err != nil || len(files) != 1 {
		return err
	}
	text, err := migrations.ReadFile(files[0])
	if err != nil {
		return err
	}
	return s.change(ctx, func(t tx) error {
		first := splitStatements(string(text))[:statements]
		if err := t.define(ctx, strings.Join(first, ";\n")+";\n", nil); err != nil {
			return err
		}
		return errCut
	})
}
