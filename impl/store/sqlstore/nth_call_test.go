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
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore"
)

// An engineError is an error of SQLite by its result code.
type engineError int

func (e engineError) Error() string { return fmt.Sprintf("SQLite error %d", int(e)) }
func (e engineError) Code() int     { return int(e) }

// What an engine can say, and whether trying again inside the store is right.
type engineFault struct {
	name      string
	err       error
	transient bool
	embedded  bool
}

var postgresFaults = []engineFault{
	{"40001 serialization failure", &pgconn.PgError{Code: "40001"}, true, false},
	{"40P01 deadlock", &pgconn.PgError{Code: "40P01"}, true, false},
	{"57P01 shutdown", &pgconn.PgError{Code: "57P01"}, false, false},
	{"53300 too many connections", &pgconn.PgError{Code: "53300"}, false, false},
	{"53100 disk full", &pgconn.PgError{Code: "53100"}, false, false},
	{"25006 read-only", &pgconn.PgError{Code: "25006"}, false, false},
	{"connection lost", io.ErrUnexpectedEOF, false, false},
}

var sqliteFaults = []engineFault{
	{"SQLITE_BUSY", engineError(5), true, true},
	{"SQLITE_LOCKED", engineError(6), true, true},
	{"SQLITE_FULL", engineError(13), false, true},
	{"SQLITE_READONLY", engineError(8), false, true},
	{"SQLITE_IOERR", engineError(10), false, true},
}

// A trial is one verb on records of its own.
type trial struct {
	name    string
	prepare func(st store.Store, id string) error
	do      func(st store.Store, id string) error
	// applied reports whether all of it happened, or nothing; an error is a part.
	applied func(st store.Store, id string) (bool, error)
	again   error // what a repetition of what had happened gets
}

var (
	background = context.Background()
	noon       = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
)

func digestOf(id, what string) store.Digest { return store.NewDigest(store.RefreshToken, id+" "+what) }

func tokenOf(id, what string) store.Token {
	return store.Token{Digest: digestOf(id, what), Kind: store.RefreshToken, GrantID: id, ClientID: "client", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
}

func issueGrant(st store.Store, id string) error {
	g := store.Grant{ID: id, Subject: "alice", ClientID: "client", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	return st.Issue(background, &g, tokenOf(id, "first"), tokenOf(id, "second"))
}

// both reports whether two tokens are there, or neither.
func both(st store.Store, id, one, other string) (bool, error) {
	_, _, err1 := st.Token(background, digestOf(id, one))
	_, _, err2 := st.Token(background, digestOf(id, other))
	if (err1 == nil) != (err2 == nil) || err1 != nil && !errors.Is(err1, store.ErrNotFound) {
		return false, fmt.Errorf("half of it happened: %v, %v", err1, err2)
	}
	return err1 == nil, nil
}

var trials = []trial{
	{"Issue", func(store.Store, string) error { return nil }, issueGrant,
		func(st store.Store, id string) (bool, error) { return both(st, id, "first", "second") }, store.ErrConflict},
	{"ConsumeToken", issueGrant, func(st store.Store, id string) error {
		return st.ConsumeToken(background, store.Consumption{Token: digestOf(id, "first"), At: noon, Successor: digestOf(id, "third"), Successors: []store.Token{tokenOf(id, "third"), tokenOf(id, "fourth")}})
	}, func(st store.Store, id string) (bool, error) {
		added, err := both(st, id, "third", "fourth")
		if err != nil {
			return false, err
		}
		token, _, err := st.Token(background, digestOf(id, "first"))
		if err == nil && token.ConsumedAt.IsZero() == added {
			err = errors.New("half of it happened")
		}
		return added, err
	}, store.ErrConsumed},
	{"RevokeGrants", issueGrant, func(st store.Store, id string) error {
		_, err := st.RevokeGrants(background, store.GrantFilter{ID: id}, noon)
		return err
	}, func(st store.Store, id string) (bool, error) {
		_, grant, err := st.Token(background, digestOf(id, "first"))
		return !grant.RevokedAt.IsZero(), err
	}, nil},
	{"RegisterClient", func(store.Store, string) error { return nil }, func(st store.Store, id string) error {
		_, err := st.RegisterClient(background, store.Client{ID: id, Metadata: []byte(`{}`), Source: "dynamic", CreatedAt: noon, UpdatedAt: noon}, noon, tokenlessOf(id))
		return err
	}, func(st store.Store, id string) (bool, error) {
		_, err := st.Client(background, id)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}, store.ErrConflict},
	{"CreateSession", func(store.Store, string) error { return nil }, func(st store.Store, id string) error {
		return st.CreateSession(background, store.Session{Digest: digestOf(id, "session"), ID: id, Subject: "alice", AuthTime: noon, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}, store.Digest{})
	}, func(st store.Store, id string) (bool, error) {
		_, err := st.Session(background, digestOf(id, "session"))
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}, store.ErrConflict},
}

func tokenlessOf(id string) store.Token {
	return store.Token{Digest: digestOf(id, "registration"), Kind: store.RegistrationAccessToken, ClientID: id, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
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
}

func failingPool(open func(context.Context) (driver.Conn, error), d driver.Driver, f *faults, name string, n int) *sqlx.DB {
	db := sqlx.NewDb(sql.OpenDB(failingConnector{open, d, f}), name)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db
}

func failEngineCalls(t *testing.T, st *sqlstore.Store, f *faults, all []engineFault) {
	defer st.Close()
	if err := st.Migrate(background, charter.Schema); err != nil {
		t.Fatal(err)
	}
	failures := 0
	for _, verb := range trials {
		for _, fault := range all {
			for _, after := range []bool{false, true} {
				if after && (fault.transient || fault.embedded) {
					continue // said only of what is undone; an engine in the process loses no answer
				}
				for n := 1; failOnce(t, st, f, verb, fault, n, after); n++ {
					failures++
				}
			}
			if fault.transient {
				failAlways(t, st, f, verb, fault)
			}
		}
	}
	t.Logf("%d failures", failures)
	if failures < 50 {
		t.Error("too few: the engine was hardly called")
	}
}

var trialNumber int

// failOnce lets the nth call fail and reports whether there was one.
func failOnce(t *testing.T, st store.Store, f *faults, verb trial, fault engineFault, n int, after bool) bool {
	t.Helper()
	trialNumber++
	id := fmt.Sprintf("trial-%d", trialNumber)
	name := fmt.Sprintf("%s, %s at call %d, after %v", verb.name, fault.name, n, after)
	if err := verb.prepare(st, id); err != nil {
		t.Fatal(err)
	}
	f.arm(n, false, after, fault.err)
	err := verb.do(st, id)
	f.disarm()
	failed := f.failed
	applied, half := verb.applied(st, id)
	if half != nil {
		t.Errorf("%s: %v", name, half)
	}
	switch {
	case err == nil && !applied:
		t.Errorf("%s: acknowledged, and did not happen", name)
	case err == nil && failed != "" && !fault.transient:
		t.Errorf("%s: acknowledged", name)
	case err != nil && fault.transient:
		t.Errorf("%s: not tried again: %v", name, err)
	case err != nil && !errors.Is(err, store.ErrUnavailable):
		t.Errorf("%s: %v", name, err)
	case err != nil && !after && applied:
		t.Errorf("%s: failed, and happened", name)
	}
	want := error(nil)
	if applied {
		want = verb.again
	}
	if again := verb.do(st, id); !errors.Is(again, want) {
		t.Errorf("%s: done again it gets %v, want %v", name, again, want)
	}
	return failed != ""
}

// failAlways lets every call fail with an error that is worth another try: the
// tries end.
func failAlways(t *testing.T, st store.Store, f *faults, verb trial, fault engineFault) {
	t.Helper()
	trialNumber++
	id := fmt.Sprintf("trial-%d", trialNumber)
	if err := verb.prepare(st, id); err != nil {
		t.Fatal(err)
	}
	f.arm(1, true, false, fault.err)
	err := verb.do(st, id)
	calls := f.calls
	f.disarm()
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%s, %s for ever: %v", verb.name, fault.name, err)
	}
	if calls > 12 {
		t.Errorf("%s, %s for ever: %d calls", verb.name, fault.name, calls)
	}
	if applied, half := verb.applied(st, id); applied || half != nil {
		t.Errorf("%s, %s for ever: happened %v, %v", verb.name, fault.name, applied, half)
	}
}
