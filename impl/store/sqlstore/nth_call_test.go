package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/nthcall"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/store/sqlstore"
)

// An engineError is an error of SQLite by its result code.
type engineError int

func (e engineError) Error() string { return fmt.Sprintf("SQLite error %d", int(e)) }
func (e engineError) Code() int     { return int(e) }

var postgresFaults = []nthcall.Fault{
	{Name: "40001 serialization failure", Err: &pgconn.PgError{Code: "40001"}, Transient: true},
	{Name: "40P01 deadlock", Err: &pgconn.PgError{Code: "40P01"}, Transient: true},
	{Name: "57P01 shutdown", Err: &pgconn.PgError{Code: "57P01"}},
	{Name: "53300 too many connections", Err: &pgconn.PgError{Code: "53300"}},
	{Name: "53100 disk full", Err: &pgconn.PgError{Code: "53100"}},
	{Name: "25006 read-only", Err: &pgconn.PgError{Code: "25006"}},
	{Name: "connection lost", Err: io.ErrUnexpectedEOF},
}

var mysqlFaults = []nthcall.Fault{
	{Name: "1213 deadlock", Err: &mysql.MySQLError{Number: 1213}, Transient: true},
	{Name: "1205 lock wait timeout", Err: &mysql.MySQLError{Number: 1205}, Transient: true},
	{Name: "1053 shutdown", Err: &mysql.MySQLError{Number: 1053}},
	{Name: "1040 too many connections", Err: &mysql.MySQLError{Number: 1040}, Undone: true},
	{Name: "1114 table full", Err: &mysql.MySQLError{Number: 1114}, Undone: true},
	{Name: "1021 disk full", Err: &mysql.MySQLError{Number: 1021}},
	{Name: "1290 read-only", Err: &mysql.MySQLError{Number: 1290}, Undone: true},
	{Name: "bad connection, as the driver says of a read-only server", Err: driver.ErrBadConn, Undone: true},
	{Name: "connection lost", Err: mysql.ErrInvalidConn},
}

var sqliteFaults = []nthcall.Fault{
	{Name: "SQLITE_BUSY", Err: engineError(5), Transient: true, Undone: true},
	{Name: "SQLITE_LOCKED", Err: engineError(6), Transient: true, Undone: true},
	{Name: "SQLITE_FULL", Err: engineError(13), Undone: true},
	{Name: "SQLITE_READONLY", Err: engineError(8), Undone: true},
	{Name: "SQLITE_IOERR", Err: engineError(10), Undone: true},
}

// REL-7, REL-12, FACT-16: every call to the engine fails once, with each error,
// before and after it took effect.
func TestEveryEngineCallFails(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		source := "file:" + filepath.Join(t.TempDir(), "charter.db") + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate"
		probe, err := sql.Open("sqlite", source)
		if err != nil {
			t.Fatal(err)
		}
		defer probe.Close()
		f := &faults{}
		open := func(context.Context) (driver.Conn, error) { return probe.Driver().Open(source) }
		pool := func(n int) *sqlx.DB { return failingPool(open, probe.Driver(), f, "sqlite", n) }
		failEngineCalls(t, sqlstore.New(pool(4), pool(1), sqlstore.SQLite), f, sqliteFaults)
	})
	t.Run("postgres", func(t *testing.T) {
		cfg, err := pgx.ParseConfig(pgtest.DSN(t))
		if err != nil {
			t.Fatal(err)
		}
		f := &faults{}
		connector := stdlib.GetConnector(*cfg)
		pool := failingPool(connector.Connect, connector.Driver(), f, "pgx", 4)
		failEngineCalls(t, sqlstore.New(pool, pool, sqlstore.PostgreSQL), f, postgresFaults)
	})
	t.Run("mariadb", func(t *testing.T) {
		cfg, err := mysql.ParseDSN(mysqltest.Source(mysqltest.URL(t)) + "?clientFoundRows=true&interpolateParams=true&sql_mode='ANSI,TRADITIONAL'")
		if err != nil {
			t.Fatal(err)
		}
		connector, err := mysql.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		f := &faults{}
		pool := failingPool(connector.Connect, connector.Driver(), f, "mysql", 4)
		failEngineCalls(t, sqlstore.New(pool, pool, sqlstore.MySQL(mysqlNumber)), f, mysqlFaults)
	})
}

func failingPool(open func(context.Context) (driver.Conn, error), d driver.Driver, f *faults, name string, n int) *sqlx.DB {
	db := sqlx.NewDb(sql.OpenDB(failingConnector{open, d, f}), name)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db
}

// mysqlNumber reads the number of an error, as package mysql does.
func mysqlNumber(err error) (uint16, bool) {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return 0, false
	}
	return e.Number, true
}

func failEngineCalls(t *testing.T, st *sqlstore.Store, f *faults, all []nthcall.Fault) {
	defer st.Close()
	if err := st.Migrate(context.Background(), charter.Schema); err != nil {
		t.Fatal(err)
	}
	failures := nthcall.EngineCalls(t, st, f, all)
	t.Logf("%d failures", failures)
	if failures < 50 {
		t.Error("too few: the engine was hardly called")
	}
}
