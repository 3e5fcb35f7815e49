package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
	"github.com/charterauth/charter/impl/store/sqlstore"
	"github.com/charterauth/charter/impl/store/sqlstore/postgres"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// parallelism is how many requests for each core are under way at once: enough
// for a store to group commits.
const parallelism = 8

// engines runs a benchmark on every store.
func engines(b *testing.B, f func(b *testing.B, st store.Store)) {
	b.Run("memory", func(b *testing.B) { f(b, memory.New()) })
	b.Run("sqlite", func(b *testing.B) {
		st, err := sqlite.Open(context.Background(), filepath.Join(b.TempDir(), "charter.db"))
		f(b, migrated(b, st, err))
	})
	b.Run("postgres", func(b *testing.B) {
		st, err := postgres.Open(context.Background(), pgtest.DSN(b))
		f(b, migrated(b, st, err))
	})
}

func migrated(b *testing.B, st *sqlstore.Store, err error) store.Store {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	if err := st.Migrate(context.Background(), charter.Schema); err != nil {
		b.Fatal(err)
	}
	return st
}

// newServer returns a server with a confidential operator client, which may use
// every grant.
func newServer(b *testing.B, st store.Store) (*servertest.Server, servertest.Client) {
	b.Helper()
	s := servertest.New(b, st, func(cfg *server.Config) { cfg.Events = func(context.Context, store.Event) {} })
	created, secret, err := server.CreateClient(context.Background(), st, s.Clock.Now(), server.OperatorClient{
		Metadata: []byte(`{"client_name":"Bench","redirect_uris":["https://web.example.com/cb"],"grant_types":["authorization_code","refresh_token","client_credentials"]}`),
	})
	if err != nil {
		b.Fatal(err)
	}
	return s, servertest.Client{ID: created.ID, Secret: secret, RedirectURI: "https://web.example.com/cb"}
}

// call sends a form that must be answered with 200, and returns the body.
func call(b *testing.B, h http.Handler, path string, form url.Values, c servertest.Client) []byte {
	r := httptest.NewRequest(http.MethodPost, servertest.Issuer+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	servertest.Basic(c.ID, c.Secret)(r)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		b.Errorf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// BenchmarkFloor is a handler that reads a form, makes a token and inserts one
// durable row.
func BenchmarkFloor(b *testing.B) {
	engines(b, func(b *testing.B, st store.Store) {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseForm(); err != nil {
				http.Error(w, "", http.StatusBadRequest)
				return
			}
			token := seal.NewToken(seal.PrefixAccessToken)
			now := time.Now()
			err := st.Issue(r.Context(), nil, store.Token{
				Digest: store.NewDigest(store.AccessToken, token), Kind: store.AccessToken,
				ClientID: r.PostForm.Get("client_id"), CreatedAt: now, ExpiresAt: now.Add(time.Hour),
			})
			if err != nil {
				http.Error(w, "", http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"access_token":"`+token+`","token_type":"Bearer","expires_in":3600}`)
		})
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"bench"}, "scope": {"read"}}
		parallel(b, func() { call(b, h, "/token", form, servertest.Client{}) })
	})
}

func parallel(b *testing.B, f func()) {
	b.SetParallelism(parallelism)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			f()
		}
	})
}

// BenchmarkClientCredentials is one token request with one grant and one token
// written.
func BenchmarkClientCredentials(b *testing.B) {
	engines(b, func(b *testing.B, st store.Store) {
		s, c := newServer(b, st)
		form := url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}}
		parallel(b, func() { call(b, s, "/token", form, c) })
	})
}

// BenchmarkAuthorizationCode is the exchange of a code: a code that was made
// outside of the measured time is spent, and two tokens are written.
func BenchmarkAuthorizationCode(b *testing.B) {
	engines(b, func(b *testing.B, st store.Store) {
		s, c := newServer(b, st)
		codes := make(chan string, b.N)
		for range b.N {
			codes <- s.Code(c, nil)
		}
		parallel(b, func() { call(b, s, "/token", c.Exchange(<-codes, nil), c) })
	})
}

// BenchmarkRefreshToken is one rotation: one token is spent, two are written.
func BenchmarkRefreshToken(b *testing.B) {
	engines(b, func(b *testing.B, st store.Store) {
		s, c := newServer(b, st)
		b.SetParallelism(parallelism)
		b.ReportAllocs()
		// Each worker rotates a chain of its own.
		chains := make(chan string, 1024)
		for range cap(chains) / 16 {
			chains <- s.Grant(c).Refresh
		}
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			token := <-chains
			for pb.Next() {
				var answer struct {
					Refresh string `json:"refresh_token"`
				}
				if err := json.Unmarshal(call(b, s, "/token", c.Refresh(token, nil), c), &answer); err != nil {
					b.Error(err)
					return
				}
				token = answer.Refresh
			}
		})
	})
}

// BenchmarkIntrospection looks one valid opaque token up.
func BenchmarkIntrospection(b *testing.B) {
	engines(b, func(b *testing.B, st store.Store) {
		s, c := newServer(b, st)
		form := url.Values{"token": {s.Grant(c).Access}}
		parallel(b, func() { call(b, s, "/introspect", form, c) })
	})
}

// BenchmarkFloorRead is a handler that looks one row up.
func BenchmarkFloorRead(b *testing.B) {
	engines(b, func(b *testing.B, st store.Store) {
		token := seal.NewToken(seal.PrefixAccessToken)
		err := st.Issue(context.Background(), nil, store.Token{Digest: store.NewDigest(store.AccessToken, token), Kind: store.AccessToken, ClientID: "bench"})
		if err != nil {
			b.Fatal(err)
		}
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseForm(); err != nil {
				http.Error(w, "", http.StatusBadRequest)
				return
			}
			found, _, err := st.Token(r.Context(), store.NewDigest(store.AccessToken, r.PostForm.Get("token")))
			if err != nil {
				http.Error(w, "", http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"active":true,"client_id":%q}`, found.ClientID)
		})
		form := url.Values{"token": {token}}
		parallel(b, func() { call(b, h, "/introspect", form, servertest.Client{}) })
	})
}
