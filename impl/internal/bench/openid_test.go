package bench

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// signedBy runs a benchmark for each algorithm on every store.
func signedBy(b *testing.B, f func(b *testing.B, st store.Store, alg jose.Algorithm)) {
	for _, alg := range []jose.Algorithm{jose.RS256, jose.ES256} {
		b.Run(string(alg), func(b *testing.B) {
			engines(b, func(b *testing.B, st store.Store) { f(b, st, alg) })
		})
	}
}

// newProvider is newServer as an OpenID provider, whose client gets ID Tokens by
// alg, and UserInfo by the same where signed is true.
func newProvider(b *testing.B, st store.Store, alg jose.Algorithm, signed bool) (*servertest.Server, servertest.Client) {
	b.Helper()
	s := servertest.New(b, st, servertest.OpenID, func(cfg *server.Config) { cfg.Events = func(context.Context, store.Event) {} })
	metadata := `{"client_name":"Bench","redirect_uris":["https://web.example.com/cb"],"grant_types":["authorization_code","refresh_token"],"id_token_signed_response_alg":"` + string(alg) + `"`
	if signed {
		metadata += `,"userinfo_signed_response_alg":"` + string(alg) + `"`
	}
	created, secret, err := server.CreateClient(context.Background(), st, s.Clock.Now(), server.OperatorClient{Metadata: []byte(metadata + "}")})
	if err != nil {
		b.Fatal(err)
	}
	return s, servertest.Client{ID: created.ID, Secret: secret, RedirectURI: "https://web.example.com/cb"}
}

// BenchmarkFloorIDToken is a handler that reads a form, makes a token, inserts one
// durable row and signs one JWT.
func BenchmarkFloorIDToken(b *testing.B) {
	signedBy(b, func(b *testing.B, st store.Store, alg jose.Algorithm) {
		key, err := jose.Generate(alg)
		if err != nil {
			b.Fatal(err)
		}
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseForm(); err != nil {
				http.Error(w, "", http.StatusBadRequest)
				return
			}
			token, now := seal.NewToken(seal.PrefixAccessToken), time.Now()
			signed, err := key.Sign("JWT", map[string]any{"iss": servertest.Issuer, "sub": "alice", "aud": "bench", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()})
			if err == nil {
				err = st.Issue(r.Context(), nil, store.Token{
					Digest: store.NewDigest(store.AccessToken, token), Kind: store.AccessToken,
					ClientID: "bench", CreatedAt: now, ExpiresAt: now.Add(time.Hour),
				})
			}
			if err != nil {
				http.Error(w, "", http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"access_token":"`+token+`","token_type":"Bearer","expires_in":3600,"id_token":"`+signed+`"}`)
		})
		form := url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {"https://web.example.com/cb"}}
		parallel(b, func() { call(b, h, "/token", form, servertest.Client{}) })
	})
}

// BenchmarkIDToken is BenchmarkAuthorizationCode with an ID Token beside the tokens.
func BenchmarkIDToken(b *testing.B) {
	signedBy(b, func(b *testing.B, st store.Store, alg jose.Algorithm) {
		s, c := newProvider(b, st, alg, false)
		codes := make(chan string, b.N)
		for range b.N {
			codes <- s.Code(c, url.Values{"scope": {"openid profile"}, "nonce": {"n-0S6_WzA2Mj"}})
		}
		parallel(b, func() { call(b, s, "/token", c.Exchange(<-codes, nil), c) })
	})
}

// BenchmarkUserInfo tells of the person whose token it is, as JSON: beside
// BenchmarkFloorRead.
func BenchmarkUserInfo(b *testing.B) {
	engines(b, func(b *testing.B, st store.Store) { userInfo(b, st, false) })
}

// BenchmarkSignedUserInfo is BenchmarkUserInfo for a client that wants it signed.
func BenchmarkSignedUserInfo(b *testing.B) {
	engines(b, func(b *testing.B, st store.Store) { userInfo(b, st, true) })
}

func userInfo(b *testing.B, st store.Store, signed bool) {
	s, c := newProvider(b, st, jose.ES256, signed)
	access := s.Token(c, c.Exchange(s.Code(c, url.Values{"scope": {"openid profile email"}}), nil)).Access
	parallel(b, func() {
		r := httptest.NewRequest(http.MethodGet, servertest.Issuer+"/userinfo", nil)
		servertest.Bearer(access)(r)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Errorf("status %d: %s", w.Code, w.Body)
		}
	})
}
