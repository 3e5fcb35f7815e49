package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter/impl/store"
)

// A Store is a store.Store over a SQL database. It is safe for concurrent use.
type Store struct {
	read    *sqlx.DB
	write   *sqlx.DB
	dialect Dialect
	commits *groupCommit // nil: each write has a transaction of its own

	reads preparedStatements

	closing sync.Once
	closed  error
}

var _ store.Store = (*Store)(nil)

// New returns a Store that reads and writes through the given pools, which it
// closes in the end; they may be one and the same. MaxIdleConns must equal
// MaxOpenConns, or load spends its time on connecting. Use the Open of a
// subpackage unless you bring a driver of your own.
func New(read, write *sqlx.DB, dialect Dialect) *Store {
	s := &Store{read: read, write: write, dialect: dialect}
	s.reads.db = read
	if dialect.oneWrite {
		s.commits = newGroupCommit(write)
	}
	return s
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.closing.Do(func() {
		if s.commits != nil {
			s.commits.close()
		}
		s.closed = s.write.Close()
		if s.read != s.write {
			s.closed = errors.Join(s.closed, s.read.Close())
		}
	})
	return s.closed
}

// Ping implements store.Store. A database that is read-only now does not count
// as reachable: the empty update needs the right to write.
func (s *Store) Ping(ctx context.Context) error {
	return s.change(ctx, func(tx tx) error {
		_, err := tx.exec(ctx, `UPDATE charter_schema SET applied_at = applied_at WHERE id = 1`)
		return err
	})
}

// query puts the engine's placeholders and locking into a statement written with
// ?, {locking}, {skipping} and {upsert}. Statements are few, so each is made once.
func (s *Store) query(text string) string { return statements.get(s.dialect, text) }

// answerTimeout bounds a read, and the wait for a connection: an engine that says
// nothing must not hold requests, which then hold others.
const answerTimeout = 3 * time.Second

// row runs a read of one row and scans it.
func (s *Store) row(ctx context.Context, text string, args []any, scan func(scanner) error) error {
	ctx, cancel := s.patience(ctx)
	defer cancel()
	stmt, err := s.reads.get(ctx, s.query(text))
	if err != nil {
		return s.unavailable(err)
	}
	err = scan(stmt.QueryRowContext(ctx, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return s.unavailable(err)
}

// patience is the context of a read of one row.
func (s *Store) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.commits != nil {
		// Embedded: the read takes microseconds, watching ctx as many again.
		return context.WithoutCancel(ctx), func() {}
	}
	return context.WithTimeout(ctx, answerTimeout)
}

// rows runs a read of several rows and scans each.
func (s *Store) rows(ctx context.Context, text string, args []any, scan func(scanner) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	stmt, err := s.reads.get(ctx, s.query(text))
	if err != nil {
		return s.unavailable(err)
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return s.unavailable(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return s.unavailable(err)
		}
	}
	return s.unavailable(rows.Err())
}

// A scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// unavailable makes an engine's error one of the contract. Errors that are of
// the contract stay.
func (s *Store) unavailable(err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{store.ErrNotFound, store.ErrConsumed, store.ErrConflict, store.ErrInvalid, store.ErrUnavailable} {
		if errors.Is(err, known) {
			return err
		}
	}
	switch s.dialect.classify(err) {
	case conflicts:
		return store.ErrConflict
	case unholdable:
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}
