package sqlstore_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore"
	"github.com/charterauth/charter/impl/store/sqlstore/mysql"
	"github.com/charterauth/charter/impl/store/sqlstore/postgres"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
	"github.com/charterauth/charter/impl/store/storetest"
)

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	mysqltest.Stop()
	os.Exit(code)
}

// An engine opens stores, and remembers where each is so that another handle can
// be opened on it.
type engine struct {
	open func(t testing.TB, source string) *sqlstore.Store
	make func(t testing.TB) (source string)
	// describe selects a line for every column and every index.
	describe string

	mu      sync.Mutex
	sources map[store.Store]string
}

func (e *engine) harness() storetest.Harness {
	return storetest.Harness{
		Open: func(t testing.TB) store.Store {
			source := e.make(t)
			s := e.handle(t, source)
			if err := s.Migrate(context.Background(), charter.Schema); err != nil {
				t.Fatal(err)
			}
			return s
		},
		Replica: func(t testing.TB, s store.Store) store.Store {
			e.mu.Lock()
			source := e.sources[s]
			e.mu.Unlock()
			return e.handle(t, source)
		},
	}
}

func (e *engine) handle(t testing.TB, source string) *sqlstore.Store {
	s := e.open(t, source)
	t.Cleanup(func() { s.Close() })
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sources == nil {
		e.sources = make(map[store.Store]string)
	}
	e.sources[s] = source
	return s
}

// grantByID reads one grant, whatever its state.
func grantByID(ctx context.Context, s store.Store, id string) (store.Grant, error) {
	list, err := s.Grants(ctx, store.GrantFilter{ID: id}, time.Time{}, "", 1)
	if err != nil {
		return store.Grant{}, err
	}
	if len(list) == 0 {
		return store.Grant{}, store.ErrNotFound
	}
	return list[0], nil
}

func mysqlEngine() *engine {
	return &engine{
		describe: `SELECT CONCAT_WS(' ', table_name, column_name, column_type, is_nullable, column_default)
			FROM information_schema.columns WHERE table_schema = DATABASE()
			UNION ALL SELECT CONCAT_WS(' ', table_name, index_name, non_unique, seq_in_index, column_name)
			FROM information_schema.statistics WHERE table_schema = DATABASE()`,
		make: mysqltest.URL,
		open: func(t testing.TB, source string) *sqlstore.Store {
			s, err := mysql.Open(context.Background(), source)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	}
}

// description is the schema as the engine tells it, whatever order it was made in.
func (e *engine) description(t testing.TB, s *sqlstore.Store) string {
	t.Helper()
	var lines []string
	if err := s.ReadPool().Select(&lines, e.describe); err != nil {
		t.Fatal(err)
	}
	if len(lines) < 100 {
		t.Fatalf("the schema has %d columns and indexes: the query misses most", len(lines))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func sqliteEngine() *engine {
	return &engine{
		describe: `SELECT t.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk || ' ' || COALESCE(c.dflt_value, '')
			FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name LIKE 'charter%'
			UNION ALL SELECT t.name || ' ' || i.name || ' ' || i."unique" || ' ' || x.seqno || x.name
			FROM sqlite_master t, pragma_index_list(t.name) i, pragma_index_info(i.name) x WHERE t.type = 'table' AND t.name LIKE 'charter%'`,
		make: func(t testing.TB) string { return filepath.Join(t.TempDir(), "charter test.db") },
		open: func(t testing.TB, source string) *sqlstore.Store {
			s, err := sqlite.Open(context.Background(), source)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	}
}

func postgresEngine() *engine {
	return &engine{
		describe: `SELECT concat_ws(' ', table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, collation_name)
			FROM information_schema.columns WHERE table_name LIKE 'charter%'
			UNION ALL SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'charter%'`,
		make: pgtest.DSN,
		open: func(t testing.TB, source string) *sqlstore.Store {
			s, err := postgres.Open(context.Background(), source)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	}
}

func TestSQLite(t *testing.T) {
	proof.Of(t, "ATK-180", "ATK-181", "ATK-182", "ATK-183", "ATK-184", "FUZZ-17", "REL-I12", "CVE-2025-47907")
	storetest.Run(t, sqliteEngine().harness())
}

func TestPostgreSQL(t *testing.T) {
	pgtest.DSN(t) // skips here, not in the middle of the kit
	storetest.Run(t, postgresEngine().harness())
}

// The dialect of CockroachDB on PostgreSQL, which takes all of it: every verb as a
// transaction of several statements. MySQL's are the same, so this runs only when
// CHARTER_TEST_LONG is set.
func TestCockroachDBDialect(t *testing.T) {
	if os.Getenv("CHARTER_TEST_LONG") == "" {
		t.Skip("CHARTER_TEST_LONG is not set")
	}
	pgtest.DSN(t)
	e := postgresEngine()
	e.open = func(t testing.TB, source string) *sqlstore.Store {
		db := sqlx.MustConnect("pgx", source)
		db.SetMaxOpenConns(16)
		db.SetMaxIdleConns(16)
		return sqlstore.New(db, db, sqlstore.CockroachDB)
	}
	storetest.Run(t, e.harness())
}

func TestMySQL(t *testing.T) {
	mysqltest.URL(t)
	storetest.Run(t, mysqlEngine().harness())
}
