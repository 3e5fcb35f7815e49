package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// A tx is one transaction, or one part of a shared one, of a change.
type tx struct {
	store *Store
	tx    *sql.Tx
}

// exec runs a statement and returns how many rows it changed.
func (t tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	res, err := t.tx.ExecContext(ctx, t.store.query(text), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// row runs a query of one row and scans it.
func (t tx) row(ctx context.Context, text string, args []any, dest ...any) error {
	err := t.tx.QueryRowContext(ctx, t.store.query(text), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// changeRetries bounds how often a change that the engine could not serialize
// is tried again.
const changeRetries = 3

// change runs f in a transaction and commits it: when it returns nil the change
// is durable, otherwise nothing happened, or, after a commit whose answer was
// lost, it is not known whether it did; that is never tried again.
func (s *Store) change(ctx context.Context, f func(tx) error) error {
	if s.commits != nil {
		return unavailable(s.commits.do(ctx, func(t *sql.Tx) error { return f(tx{s, t}) }))
	}
	for attempt := 0; ; attempt++ {
		again, err := s.attempt(ctx, f)
		if !again || attempt == changeRetries {
			return unavailable(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return unavailable(err)
		}
	}
}

// attempt runs f once. again says that the engine rolled back for reasons that
// may not hold next time.
func (s *Store) attempt(ctx context.Context, f func(tx) error) (again bool, err error) {
	t, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	if err := f(tx{s, t}); err != nil {
		rollback := t.Rollback()
		if errors.Is(rollback, sql.ErrTxDone) {
			rollback = nil
		}
		return rollback == nil && classify(err) == transient, err
	}
	err = t.Commit()
	return err != nil && classify(err) == transient, err
}

// pause waits a random, growing time, so that those who collided part.
func pause(ctx context.Context, attempt int) error {
	most := int64(2*time.Millisecond) << min(attempt, 5)
	timer := time.NewTimer(time.Duration(rand.Int64N(most)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
