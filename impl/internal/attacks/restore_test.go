package attacks_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore"
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

// A loss is what a backup brings back: how to try it, on a server that was
// started from the backup.
type loss struct {
	name string
	good func(s *servertest.Server) bool
}

// What was spent, revoked or used after the backup was made is not good again. A
// copy that does not say that it is one is the control: there everything is.
func TestRestoredBackup(t *testing.T) {
	proof.Of(t, "ATK-189", "REL-31")
	dir := t.TempDir()
	file := filepath.Join(dir, "charter.db")
	st := openFile(t, file)
	s := servertest.New(t, st, withInitialTokens)
	losses, afterBackup := spendable(t, s)
	marked, silent, told := filepath.Join(dir, "marked.db"), filepath.Join(dir, "silent.db"), filepath.Join(dir, "told.db")
	if err := sqlite.Backup(t.Context(), file, marked); err != nil {
		t.Fatal(err)
	}
	copyFile(t, file, silent)
	copyFile(t, file, told)
	s.Clock.Move(time.Second)
	afterBackup()

	for _, l := range losses {
		if l.good(s) {
			t.Errorf("%s is good where it was lost", l.name)
		}
		if !l.good(startFrom(t, s, silent)) {
			t.Errorf("control: %s is not good in a copy that does not say that it is one", l.name)
		}
	}
	toldStore := openFile(t, told)
	if err := server.MarkRestored(t.Context(), toldStore, s.Clock.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := toldStore.Close(); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"charter backup": marked, "charter restore": told} {
		for range 2 { // once more after a restart
			restored := startFrom(t, s, path)
			for _, l := range losses {
				if l.good(restored) {
					t.Errorf("%s: %s is good again", name, l.name)
				}
			}
			restored.Clock.Move(time.Second)
			fresh, err := server.CreateInitialAccessToken(t.Context(), restored.Store, s.Clock.Now().Add(3*time.Second), time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			c := registers(t, restored, fresh)
			tokens := restored.Grant(c)
			if _, err := restored.VerifyAccessToken(t.Context(), tokens.Access); err != nil {
				t.Errorf("%s: what is new is not good: %v", name, err)
			}
			restored.Token(c, c.Refresh(tokens.Refresh, nil))
		}
	}
}

func openFile(t *testing.T, path string) *sqlstore.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if err := st.Migrate(t.Context(), charter.Schema); err != nil {
		t.Fatal(err)
	}
	return st
}

// copyFile copies a database as a tool does that knows nothing of Charter.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	db, err := sql.Open("sqlite", from)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "VACUUM INTO ?", to); err != nil {
		t.Fatal(err)
	}
}

// startFrom starts a server over a copy, two seconds after s.
func startFrom(t *testing.T, s *servertest.Server, path string) *servertest.Server {
	t.Helper()
	at := s.Clock.Now().Add(2 * time.Second)
	return servertest.New(t, openFile(t, path), withInitialTokens, func(cfg *server.Config) {
		clock := cfg.Now
		ahead := at.Sub(clock())
		cfg.Now = func() time.Time { return clock().Add(ahead) }
	})
}

func withInitialTokens(cfg *server.Config) { cfg.Registration = server.RegistrationToken }

// registers registers a client with an initial access token.
func registers(t *testing.T, s *servertest.Server, token string) servertest.Client {
	t.Helper()
	res := s.JSON(http.MethodPost, "/register", registration, servertest.Bearer(token))
	members := servertest.Decode(t, res, http.StatusCreated)
	id, _ := members["client_id"].(string)
	secret, _ := members["client_secret"].(string)
	return servertest.Client{ID: id, Secret: secret, RedirectURI: "https://restored.example.com/cb"}
}

const registration = `{"client_name":"Restored","redirect_uris":["https://restored.example.com/cb"],"grant_types":["authorization_code","refresh_token"]}`

// spendable makes one of everything that can be spent or ended. afterBackup does
// that.
func spendable(t *testing.T, s *servertest.Server) (losses []loss, afterBackup func()) {
	t.Helper()
	initial, err := server.CreateInitialAccessToken(t.Context(), s.Store, s.Clock.Now(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	c := registers(t, s, initial)
	revoked, rotated, code := s.Grant(c), s.Grant(c), s.Code(c, nil)
	asked := s.Get("/authorize", c.Request(nil))
	to, err := asked.Location()
	if err != nil {
		t.Fatal(err)
	}
	waits := func(s *servertest.Server) (*server.Pending, error) {
		r, err := http.NewRequest(http.MethodGet, servertest.Issuer+"/ask", nil)
		if err != nil {
			t.Fatal(err)
		}
		servertest.Cookies(asked)(r)
		return s.Server.Pending(t.Context(), r, to.Query().Get("request"))
	}
	signer, secret, err := server.CreateClient(t.Context(), s.Store, s.Clock.Now(), server.OperatorClient{
		Metadata:         []byte(`{"client_name":"Signs","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_jwt"}`),
		KeyEncryptionKey: func() (*seal.KEK, error) { return servertest.KEK(t), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	assertion := func(claims jwt.MapClaims) url.Values {
		claims["iss"], claims["sub"], claims["aud"], claims["jti"] = signer.ID, signer.ID, servertest.Issuer, fmt.Sprint(len(claims))
		claims["exp"] = s.Clock.Now().Add(time.Minute).Unix()
		signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		return url.Values{"grant_type": {"client_credentials"}, "client_id": {signer.ID}, "client_assertion": {signed},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
	}
	timed, timeless := assertion(jwt.MapClaims{"iat": s.Clock.Now().Unix()}), assertion(jwt.MapClaims{})
	posts := func(form url.Values) func(*servertest.Server) bool {
		return func(s *servertest.Server) bool {
			change := c.Auth()
			if form.Has("client_assertion") {
				change = func(*http.Request) {}
			}
			return s.Post(gen.PathToken, form, change).StatusCode == http.StatusOK
		}
	}
	losses = []loss{
		{"a revoked access token", func(s *servertest.Server) bool {
			_, err := s.VerifyAccessToken(t.Context(), revoked.Access)
			return err == nil
		}},
		{"a revoked refresh token", posts(c.Refresh(revoked.Refresh, nil))},
		{"a refresh token that was rotated", posts(c.Refresh(rotated.Refresh, nil))},
		{"a spent code", posts(c.Exchange(code, nil))},
		{"a request that was answered", func(s *servertest.Server) bool { _, err := waits(s); return err == nil }},
		{"an assertion that was used", posts(timed)},
		{"the same without iat", posts(timeless)},
	}
	return losses, func() {
		s.Post("/revoke", url.Values{"token": {revoked.Refresh}}, c.Auth())
		for token, n := rotated.Refresh, 0; n < 2; n++ {
			token = s.Token(c, c.Refresh(token, nil)).Refresh
		}
		s.Token(c, c.Exchange(code, nil))
		pending, err := waits(s)
		if err != nil {
			t.Fatal(err)
		}
		s.Allow(pending, "")
		if !posts(timed)(s) || !posts(timeless)(s) {
			t.Error("control: an assertion is no good")
		}
	}
}
