package protect_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/protect"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// introspector is a resource's own client at s, made by the operator.
func introspector(t testing.TB, s *servertest.Server) (id, secret string) {
	t.Helper()
	c, secret, err := server.CreateClient(t.Context(), s.Store, s.Clock.Now(), server.OperatorClient{
		Metadata: []byte(`{"client_name":"API","grant_types":["client_credentials"],"redirect_uris":[]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.ID, secret
}

// verifiers are all that there are, of one server.
func verifiers(t testing.TB, s *servertest.Server) map[string]protect.Verifier {
	t.Helper()
	id, secret := introspector(t, s)
	asking, err := protect.Introspection(protect.IntrospectionConfig{
		Endpoint: servertest.Issuer + gen.PathIntrospect, Issuer: servertest.Issuer, ClientID: id, ClientSecret: secret,
		HTTPClient: served(s), Now: s.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := protect.JWT(protect.JWTConfig{
		Issuer: servertest.Issuer, Resource: resource, JWKS: servertest.Issuer + gen.PathJWKS, HTTPClient: served(s), Now: s.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]protect.Verifier{
		"in process": protect.InProcess(s.VerifyAccessToken), "introspection": asking, "JWT": keys,
	}
}

// TestRealServer: what the server issues gets through, and nothing else; a token
// that is revoked is refused as soon as its verifier promises.
func TestRealServer(t *testing.T) {
	proof.Of(t, "ATK-71")
	for _, format := range []server.TokenFormat{server.Opaque, server.JWTES256, server.JWTEdDSA} {
		s := servertest.New(t, memory.New(), func(c *server.Config) {
			for i := range c.Resources {
				c.Resources[i].TokenFormat = format
			}
		})
		for name, verifier := range verifiers(t, s) {
			t.Run(name+" "+string(format), func(t *testing.T) {
				c := config(verifier)
				c.Now = s.Clock.Now
				h := guard(t, c).Handler(hello)
				app := s.Public()
				issue := func(target string) servertest.Tokens {
					code := s.Allow(s.Pending(app.Request(url.Values{"resource": {target}})), `{"plan":"free"}`).Get("code")
					return s.Token(app, app.Exchange(code, nil))
				}
				status := func(id, token string, want int) {
					t.Helper()
					if res := call(h, "Bearer "+token); res.StatusCode != want {
						t.Errorf("%s: status %d, want %d", id, res.StatusCode, want)
					}
				}
				good := issue(resource)
				if name == "JWT" && format == server.Opaque {
					status("an opaque token where JWTs are expected", good.Access, 401)
					return
				}
				status("a good token", good.Access, 200)
				status("a URL below the resource is a request for it", issue(resource+"/tools").Access, 200)
				status("ATK-71 a token for another resource", issue("https://api.example.com").Access, 401)
				status("a refresh token", good.Refresh, 401)
				status("a token with another letter", anotherLetter(good.Access), 401)

				short := issue(resource)
				s.Clock.Move(time.Hour)
				status("an expired token", short.Access, 401)

				revoked := issue(resource)
				status("before it is revoked", revoked.Access, 200)
				if res := s.Post(gen.PathRevoke, url.Values{"token": {revoked.Refresh}, "client_id": {app.ID}}); res.StatusCode != 200 {
					t.Fatalf("revocation: %d", res.StatusCode)
				}
				switch name {
				case "in process":
					status("revoked, at once", revoked.Access, 401)
				case "introspection":
					s.Clock.Move(10 * time.Second)
					status("revoked, when the cache is over", revoked.Access, 401)
				case "JWT":
					status("revoked: nobody is asked", revoked.Access, 200)
					s.Clock.Move(time.Hour)
					status("revoked and expired", revoked.Access, 401)
				}
			})
		}
	}
}

func anotherLetter(token string) string {
	b := []byte(token)
	at := len(b) - 9
	if b[at] == 'x' {
		b[at] = 'y'
	} else {
		b[at] = 'x'
	}
	return string(b)
}

// TestInProcessIdentity: all that the server knows reaches the handler.
func TestInProcessIdentity(t *testing.T) {
	s := servertest.New(t, memory.New())
	app := s.Public()
	code := s.Allow(s.Pending(app.Request(url.Values{"resource": {resource}})), `{"plan":"free"}`).Get("code")
	token := s.Token(app, app.Exchange(code, nil)).Access
	c := config(protect.InProcess(s.VerifyAccessToken))
	c.Now = s.Clock.Now
	i, err := guard(t, c).Authenticate(t.Context(), token)
	if err != nil || i.Subject != "alice" || i.ClientID != app.ID || i.GrantID == "" || !i.HasScopes("read", "write") ||
		len(i.Audience) != 1 || i.Audience[0] != resource || string(i.Props) != `{"plan":"free"}` || !i.AuthTime.Equal(s.Clock.Now()) ||
		!i.IssuedAt.Equal(s.Clock.Now()) || !i.ExpiresAt.Equal(s.Clock.Now().Add(time.Hour)) {
		t.Errorf("%+v, %v", i, err)
	}
}

// TestMetadataAgrees: a resource on the server's own origin is described alike by
// both.
func TestMetadataAgrees(t *testing.T) {
	const own = servertest.Issuer + "/api"
	s := servertest.New(t, memory.New(), func(c *server.Config) {
		c.Resources = []server.Resource{{URI: own, Name: "API"}}
		c.Scopes = []string{"read"}
	})
	c := config(protect.InProcess(s.VerifyAccessToken))
	c.Resource, c.Name = own, "API"
	read := func(body io.Reader) (m map[string]any) {
		if err := json.NewDecoder(body).Decode(&m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	g := guard(t, c)
	ours := read(send(g.Metadata(), http.MethodGet, g.MetadataURL()).Body)
	theirs := read(s.Get(g.MetadataPath(), nil).Body)
	for name, value := range theirs {
		if got, want := ours[name], value; !equalJSON(got, want) {
			t.Errorf("%s: %v here, %v there", name, got, want)
		}
	}
	if len(ours) != len(theirs) || len(ours) < 4 {
		t.Errorf("%v here, %v there", ours, theirs)
	}
}

func equalJSON(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// TestIntrospectionClientUnknown: a resource that the server does not know learns nothing,
// so nobody gets in, and the fault is not the token's.
func TestIntrospectionClientUnknown(t *testing.T) {
	s := servertest.New(t, memory.New())
	v, err := protect.Introspection(protect.IntrospectionConfig{
		Endpoint: servertest.Issuer + gen.PathIntrospect, Issuer: servertest.Issuer, ClientID: "nobody", ClientSecret: "wrong",
		HTTPClient: served(s), Now: s.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	app := s.Public()
	code := s.Allow(s.Pending(app.Request(url.Values{"resource": {resource}})), "").Get("code")
	if res := call(guard(t, config(v)).Handler(hello), "Bearer "+s.Token(app, app.Exchange(code, nil)).Access); res.StatusCode != 503 {
		t.Errorf("status %d", res.StatusCode)
	}
}
