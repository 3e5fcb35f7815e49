package attacks_test

import (
	"path/filepath"
	"testing"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/store/sqlstore"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

// sqliteStore is a new database in a file.
func sqliteStore(t testing.TB) *sqlstore.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "charter.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if err := st.Migrate(t.Context(), charter.Schema); err != nil {
		t.Fatal(err)
	}
	return st
}
