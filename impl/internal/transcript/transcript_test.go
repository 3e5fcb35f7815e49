package transcript

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/oracle"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/internal/requirement"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
	"github.com/charterauth/charter/impl/store/sqlstore"
	"github.com/charterauth/charter/impl/store/sqlstore/mysql"
	"github.com/charterauth/charter/impl/store/sqlstore/postgres"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	mysqltest.Stop()
	os.Exit(code)
}

// engines open a new, empty store each, and how to read all of it.
var engines = []struct {
	name string
	open func(t *testing.T) (store.Store, Snapshot)
}{
	{"memory", func(*testing.T) (store.Store, Snapshot) { return inMemory() }},
	{"sqlite", func(t *testing.T) (store.Store, Snapshot) {
		path := filepath.Join(t.TempDir(), "charter.db")
		st, err := sqlite.Open(context.Background(), path)
		return migrated(t, st, err), tables(t, "sqlite", path)
	}},
	{"postgres", func(t *testing.T) (store.Store, Snapshot) {
		dsn := pgtest.Schema(t)
		st, err := postgres.Open(context.Background(), dsn)
		return migrated(t, st, err), tables(t, "pgx", dsn)
	}},
	{"mariadb", func(t *testing.T) (store.Store, Snapshot) {
		url := mysqltest.URL(t)
		st, err := mysql.Open(context.Background(), url)
		return migrated(t, st, err), tables(t, "mysql", mysqltest.Source(url))
	}},
}

func inMemory() (store.Store, Snapshot) {
	st := memory.New()
	return st, func(ctx context.Context) (oracle.State, error) { return oracle.Memory(ctx, st) }
}

// tables reads a database on a connection of its own.
func tables(t *testing.T, driver, source string) Snapshot {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return func(ctx context.Context) (oracle.State, error) { return oracle.SQL(ctx, db, charter.Schema) }
}

func migrated(t *testing.T, st *sqlstore.Store, err error) store.Store {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if err := st.Migrate(context.Background(), charter.Schema); err != nil {
		t.Fatal(err)
	}
	return st
}

// known are the requirements that a transcript may name.
func known(t *testing.T) map[string]requirement.Requirement {
	t.Helper()
	all, err := requirement.All()
	if err != nil {
		t.Fatal(err)
	}
	byID, err := requirement.ByID(all)
	if err != nil {
		t.Fatal(err)
	}
	return byID
}

// Every transcript holds on every store. With -v the log says what is proven.
func TestTranscripts(t *testing.T) {
	all, err := Load(os.DirFS("testdata"), known(t))
	if err != nil {
		t.Fatal(err)
	}
	report, mu := NewReport(), sync.Mutex{}
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			engine.open(t) // an engine that is not here skips once
			for _, tr := range all {
				t.Run(tr.Name, func(t *testing.T) {
					t.Parallel()
					st, snapshot := engine.open(t)
					if err := Play(t, tr, st, snapshot); err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					report.Add(tr, !t.Failed())
				})
			}
		})
	}
	t.Logf("%d requirements proven by %d transcripts\n%s", len(report.Proven()), len(all), report)
}
