package attacks_test

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

// The row of a token from before its grant was revoked, or before it was spent,
// is worthless when it comes back: the grant says so.
func TestOldTokenRows(t *testing.T) {
	proof.Of(t, "ATK-108")
	file := filepath.Join(t.TempDir(), "charter.db")
	st, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if err := st.Migrate(t.Context(), charter.Schema); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := newWorld(t, st)
	do := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	tokens := w.Token(w.app, w.app.Exchange(w.code(), nil))
	code := w.code()
	do("CREATE TABLE saved AS SELECT * FROM charter_tokens")
	if _, err := w.VerifyAccessToken(t.Context(), tokens.Access); err != nil {
		t.Fatalf("control: %v", err)
	}
	if n, err := st.RevokeGrants(t.Context(), store.GrantFilter{Subject: subject}, w.Clock.Now()); err != nil || n < 2 {
		t.Fatal(n, err)
	}
	do("DELETE FROM charter_tokens")
	do("INSERT INTO charter_tokens SELECT * FROM saved")
	if _, err := w.VerifyAccessToken(t.Context(), tokens.Access); err == nil {
		t.Error("the old access token is good")
	}
	servertest.Refused(t, w.posts(gen.PathToken, w.app.Refresh(tokens.Refresh, nil), nil), http.StatusBadRequest, "invalid_grant")
	servertest.Refused(t, w.posts(gen.PathToken, w.app.Exchange(code, nil), nil), http.StatusBadRequest, "invalid_grant")
}
