package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// A writer is the one connection that a group commit writes on, and its prepared
// statements. It is used by one goroutine.
//
// Its statements do not end with the context of their change: SQLite undoes the
// whole transaction when it interrupts a write, and that belongs to others too.
// They take microseconds.
type writer struct {
	db       *sqlx.DB
	conn     *sqlx.Conn // nil: to be opened
	prepared map[string]*sqlx.Stmt
}

// maxPrepared bounds the statements kept: there are some fifty, times the
// numbers of rows that are inserted at once.
const maxPrepared = 256

func (w *writer) statement(query string) (*sqlx.Stmt, error) {
	if s, ok := w.prepared[query]; ok {
		return s, nil
	}
	if w.conn == nil || len(w.prepared) == maxPrepared {
		if err := w.open(); err != nil {
			return nil, err
		}
	}
	s, err := w.conn.PreparexContext(context.Background(), query)
	if err == nil {
		w.prepared[query] = s
	}
	return s, err
}

// open opens the connection, or starts again with no statements.
func (w *writer) open() (err error) {
	for _, s := range w.prepared {
		s.Close()
	}
	w.prepared = make(map[string]*sqlx.Stmt)
	if w.conn == nil {
		w.conn, err = w.db.Connx(context.Background())
	}
	return err
}

func (w *writer) close() {
	for _, s := range w.prepared {
		s.Close()
	}
	if w.conn != nil {
		w.conn.Close()
	}
	w.conn, w.prepared = nil, nil
}

func (w *writer) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := w.statement(query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(context.WithoutCancel(ctx), args...)
}

func (w *writer) row(ctx context.Context, query string, args ...any) scanner {
	s, err := w.statement(query)
	if err != nil {
		return noRow{err}
	}
	return s.QueryRowContext(context.WithoutCancel(ctx), args...)
}

func (w *writer) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := w.statement(query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.WithoutCancel(ctx), args...)
}

// A noRow is a query that failed.
type noRow struct{ err error }

func (r noRow) Scan(...any) error { return r.err }

func (w *writer) run(query string) error {
	_, err := w.exec(context.Background(), query)
	return err
}

// savepoint runs a change, and takes back what it did when it fails. broken is
// why the transaction itself is gone, with all that share it.
func (w *writer) savepoint(change *pendingChange) (result, broken error) {
	if err := change.ctx.Err(); err != nil {
		return err, nil // nobody waits for it any more
	}
	if err := w.run("SAVEPOINT change"); err != nil {
		return nil, err
	}
	if result = change.f(w); result != nil {
		if err := w.run("ROLLBACK TO change"); err != nil {
			return nil, fmt.Errorf("%w after %w", err, result)
		}
	}
	return result, w.run("RELEASE change")
}

// abandon ends a transaction that failed, and the connection, whose state nobody
// knows.
func (w *writer) abandon() {
	w.run("ROLLBACK")
	w.close()
}
