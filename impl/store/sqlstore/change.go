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
	on    runner
}

// A runner is what the statements of a change run on: a transaction of its own,
// or the writer that changes share.
type runner interface {
	exec(ctx context.Context, query string, args ...any) (sql.Result, error)
	row(ctx context.Context, query string, args ...any) scanner
	rows(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// exec runs a statement and returns how many rows it changed.
func (t tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	return affected(t.on.exec(ctx, t.store.query(text), args...))
}

func affected(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// row runs a query of one row and scans it.
func (t tx) row(ctx context.Context, text string, args []any, dest ...any) error {
	err := t.one(ctx, text, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// one runs a query of one row, which is the caller's to scan.
func (t tx) one(ctx context.Context, text string, args ...any) scanner {
	return t.on.row(ctx, t.store.query(text), args...)
}

// changeRetries bounds how often a change that the engine could not serialize
// is tried again.
const changeRetries = 3

// change runs f in a transaction and commits it: when it returns nil the change
// is durable, otherwise nothing happened, or, after a commit whose answer was
// lost, it is not known whether it did; that is never tried again.
func (s *Store) change(ctx context.Context, f func(tx) error) error {
	return s.changeWithin(ctx, commitTimeout, f)
}

// changeWithin is change with another bound than commitTimeout.
func (s *Store) changeWithin(ctx context.Context, bound time.Duration, f func(tx) error) error {
	attempt := func(on runner) error { return f(tx{s, on}) }
	for again := 0; ; again++ {
		var err error
		if s.commits != nil {
			err = s.commits.do(ctx, attempt)
		} else {
			err = s.attempt(ctx, bound, attempt)
		}
		if s.dialect.classify(err) != transient || again == changeRetries {
			return s.unavailable(err)
		}
		if err := pause(ctx, again); err != nil {
			return s.unavailable(err)
		}
	}
}

// commitTimeout bounds a transaction, whose caller may have gone away.
const commitTimeout = 5 * time.Second

// connection takes a connection for a change, soon or not at all.
func (s *Store) connection(ctx context.Context) (*sql.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return s.write.Conn(ctx)
}

// attempt runs f once, in a transaction of its own that ends within bound.
func (s *Store) attempt(ctx context.Context, bound time.Duration, f func(runner) error) error {
	conn, err := s.connection(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// A COMMIT that is cut off may happen later, unseen: so the transaction
	// outlives ctx. Its statements end with ctx, its COMMIT is waited for.
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), bound)
	defer cancel()
	t, err := conn.BeginTx(whole, &sql.TxOptions{Isolation: s.dialect.isolation})
	if err != nil {
		return err
	}
	if err := f(ownTx{t}); err != nil {
		t.Rollback() // when it fails the connection is gone, and the transaction with it
		return err
	}
	if err := ctx.Err(); err != nil {
		t.Rollback()
		return err
	}
	return t.Commit()
}

// An ownTx is a transaction that one change has to itself.
type ownTx struct{ tx *sql.Tx }

func (t ownTx) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.tx.ExecContext(ctx, query, args...)
}

func (t ownTx) row(ctx context.Context, query string, args ...any) scanner {
	return t.tx.QueryRowContext(ctx, query, args...)
}

func (t ownTx) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, query, args...)
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
