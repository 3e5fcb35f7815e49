package sqlstore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore"
	"github.com/charterauth/charter/impl/store/storetest"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// otherDatabase is the URL of another database of the same cluster.
func otherDatabase(source, name string) string {
	server, query, _ := strings.Cut(source, "?")
	return server[:strings.LastIndexByte(server, '/')+1] + name + "?" + query
}

// readThenWrite is the planted mistake: it reads whether the token is unspent,
// and then spends it with an UPDATE that does not ask again. Each statement is
// right, both are in one transaction, and any number of callers win.
type readThenWrite struct {
	*sqlstore.Store
	db    *sqlx.DB
	pause string // a statement that keeps a connection for some milliseconds
}

func (s readThenWrite) ConsumeToken(ctx context.Context, c store.Consumption) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var consumedAt int64
	if err := tx.GetContext(ctx, &consumedAt, s.db.Rebind(`SELECT consumed_at FROM charter_tokens WHERE digest = ?`), c.Token.String()); err != nil {
		return err
	}
	if consumedAt != 0 {
		return store.ErrConsumed
	}
	_, err = tx.ExecContext(ctx, s.db.Rebind(`UPDATE charter_tokens SET consumed_at = ?, successor = ? WHERE digest = ?`),
		c.At.UnixMicro(), c.Successor.String(), c.Token.String())
	if err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return s.Issue(ctx, nil, c.Successors...)
}

// Ping opens the connections of both pools, as the kit asks before it races.
func (s readThenWrite) Ping(ctx context.Context) error {
	if err := s.Store.Ping(ctx); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, s.pause)
	return err
}

// The race group is not blind: on PostgreSQL and MariaDB with a warm pool it
// catches a store that reads and then writes. TestPostgreSQL and TestMySQL are
// the controls: ours passes.
func TestRacesCatchReadThenWrite(t *testing.T) {
	t.Run("PostgreSQL", func(t *testing.T) {
		pgtest.DSN(t)
		catchesReadThenWrite(t, postgresEngine(), `SELECT pg_sleep(0.005)`, func(url string) *sqlx.DB { return sqlx.MustOpen("pgx", url) })
	})
	t.Run("MariaDB", func(t *testing.T) {
		mysqltest.URL(t)
		catchesReadThenWrite(t, mysqlEngine(), `SELECT SLEEP(0.005)`, func(url string) *sqlx.DB { return sqlx.MustOpen("mysql", mysqltest.Source(url)) })
	})
}

func catchesReadThenWrite(t *testing.T, e *engine, pause string, open func(url string) *sqlx.DB) {
	handle := func(t testing.TB, s *sqlstore.Store) store.Store {
		e.mu.Lock()
		source := e.sources[s]
		e.mu.Unlock()
		db := open(source)
		t.Cleanup(func() { db.Close() })
		db.SetMaxOpenConns(16)
		db.SetMaxIdleConns(16)
		return readThenWrite{s, db, pause}
	}
	h := e.harness()
	planted := storetest.Harness{
		Open: func(t testing.TB) store.Store { return handle(t, h.Open(t).(*sqlstore.Store)) },
		Replica: func(t testing.TB, s store.Store) store.Store {
			return handle(t, h.Replica(t, s.(readThenWrite).Store).(*sqlstore.Store))
		},
	}
	failed, log := storetest.Observe(t, func(t testing.TB) { storetest.Races(t, planted) })
	if !failed || !strings.Contains(log, "ConsumeToken, round") || !strings.Contains(log, "racers won") {
		t.Errorf("the races did not catch a store that reads and then writes; they say:\n%s", log)
	}
	t.Log(log)
}
