package attacks_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// issuerAt is an issuer below a path of one host, for the resources that every
// other one here serves too.
func issuerAt(t *testing.T, st store.Store, path string) *servertest.Server {
	t.Helper()
	return servertest.New(t, st, func(c *server.Config) {
		c.Issuer += path
		c.Resources = []server.Resource{{URI: "https://api.example.com", TokenFormat: server.JWTES256}, {URI: "https://mcp.example.com"}}
	})
}

// consented is a code for a client's request at an issuer.
func consented(t *testing.T, s *servertest.Server, path string, q url.Values) string {
	t.Helper()
	res := s.Get(path+"/authorize", q)
	to, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, servertest.Issuer+path+"/ask", nil)
	if err != nil {
		t.Fatal(err)
	}
	servertest.Cookies(res)(r)
	p, err := s.Server.Pending(t.Context(), r, to.Query().Get("request"))
	if err != nil {
		t.Fatalf("%v: %s", err, to)
	}
	response, err := s.Complete(t.Context(), p, server.Decision{Subject: subject, AuthTime: s.Clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	back, err := url.Parse(response.Location())
	if err != nil {
		t.Fatal(err)
	}
	return back.Query().Get("code")
}

// Two issuers on one host, over one store with the same keys, clients and
// resources: what one made is nothing to the other.
func TestTwoIssuersOverOneStore(t *testing.T) {
	proof.Of(t, "ATK-2")
	st := memory.New()
	a, b := issuerAt(t, st, "/a"), issuerAt(t, st, "/b")
	stored, secret, err := server.CreateClient(t.Context(), st, a.Clock.Now(), server.OperatorClient{
		Metadata: []byte(`{"redirect_uris":["https://web.example.com/cb"],"grant_types":["authorization_code","refresh_token","client_credentials"]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := servertest.Client{ID: stored.ID, Secret: secret, RedirectURI: "https://web.example.com/cb"}
	post := func(s *servertest.Server, path string, form url.Values) map[string]any {
		res := s.Post(path, form, c.Auth())
		return servertest.Decode(t, res, res.StatusCode)
	}
	for _, target := range []string{"https://api.example.com", "https://mcp.example.com"} {
		q := c.Request(url.Values{"resource": {target}})
		exchange := c.Exchange(consented(t, a, "/a", q), nil)
		if got := post(b, "/b/token", exchange); got["error"] != "invalid_grant" {
			t.Errorf("a code of A at B: %v", got)
		}
		tokens := post(a, "/a/token", exchange)
		if got := post(b, "/b/token", exchange); got["error"] != "invalid_grant" { // ends nothing at A
			t.Errorf("a spent code of A at B: %v", got)
		}
		access, _ := tokens["access_token"].(string)
		refresh, _ := tokens["refresh_token"].(string)
		if got := post(b, "/b/token", c.Refresh(refresh, nil)); got["error"] != "invalid_grant" {
			t.Errorf("a refresh token of A at B: %v", got)
		}
		if _, err := b.VerifyAccessToken(t.Context(), access); err == nil {
			t.Error("an access token of A is good at B")
		}
		if got := post(b, "/b/introspect", url.Values{"token": {access}}); got["active"] != false {
			t.Errorf("an access token of A at B: %v", got)
		}
		if res := b.Post("/b/revoke", url.Values{"token": {refresh}}, c.Auth()); res.StatusCode != http.StatusOK {
			t.Errorf("a refresh token of A, revoked at B: %d", res.StatusCode)
		}
		// The control, and nothing was spent.
		if _, err := a.VerifyAccessToken(t.Context(), access); err != nil {
			t.Error(err)
		}
		if got := post(a, "/a/token", c.Refresh(refresh, nil)); got["refresh_token"] == nil {
			t.Errorf("control: %v", got)
		}
	}
	// A request that waits at A does not wait at B.
	res := a.Get("/a/authorize", c.Request(nil))
	to, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	for path, s := range map[string]*servertest.Server{"/a": a, "/b": b} {
		r, err := http.NewRequest(http.MethodGet, servertest.Issuer+path+"/ask", nil)
		if err != nil {
			t.Fatal(err)
		}
		servertest.Cookies(res)(r)
		if _, err := s.Server.Pending(t.Context(), r, to.Query().Get("request")); (err == nil) != (s == a) {
			t.Errorf("a request of A at %s: %v", path, err)
		}
	}
	for path, want := range map[string]int{"/.well-known/oauth-authorization-server/a": 404, "/a/.well-known/oauth-authorization-server": 404, "/a/token": 404, "/.well-known/oauth-authorization-server/b": 200} {
		if got := b.Get(path, nil); got.StatusCode != want {
			t.Errorf("%s at B: %d, want %d", path, got.StatusCode, want)
		}
	}
	if res.StatusCode != http.StatusSeeOther {
		t.Errorf("control: %d", res.StatusCode)
	}
}

// From the moment at which one process answers a revocation, no other takes the
// token.
func TestRevocationReachesEveryProcess(t *testing.T) {
	proof.Of(t, "REL-20", "REL-I3")
	st := sqliteStore(t)
	first := servertest.New(t, st)
	others := []*servertest.Server{servertest.New(t, st), servertest.New(t, st)}
	app := first.Public()
	for range 50 {
		tokens := first.Grant(app)
		for _, s := range others {
			if _, err := s.VerifyAccessToken(t.Context(), tokens.Access); err != nil {
				t.Fatalf("control: %v", err)
			}
		}
		if res := others[0].Post("/revoke", url.Values{"token": {tokens.Refresh}, "client_id": {app.ID}}); res.StatusCode != http.StatusOK {
			t.Fatalf("revocation: %d", res.StatusCode)
		}
		for _, s := range append(others, first) {
			if _, err := s.VerifyAccessToken(t.Context(), tokens.Access); err == nil {
				t.Fatal("a revoked token is taken")
			}
			servertest.Refused(t, s.Post("/token", app.Refresh(tokens.Refresh, nil)), http.StatusBadRequest, "invalid_grant")
		}
	}
}
