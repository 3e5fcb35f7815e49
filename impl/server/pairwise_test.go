package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

const pairwiseMetadata = `{"redirect_uris":["https://HOST/cb"],"token_endpoint_auth_method":"none","subject_type":"pairwise","client_name":"NAME"}`

// pairwise registers a pairwise client at a host.
func (f keyFixture) pairwise(host, name string) servertest.Client {
	f.t.Helper()
	return f.Register(strings.NewReplacer("HOST", host, "NAME", name).Replace(pairwiseMetadata))
}

// subjects are the sub of everything that a client, or a resource server, is told
// about alice, which must be one.
func (f keyFixture) subject(c, resourceServer servertest.Client) string {
	f.t.Helper()
	code := f.Code(c, map[string][]string{"scope": {"openid read"}})
	answer := servertest.Decode(f.t, f.Post("/token", c.Exchange(code, nil)), http.StatusOK)
	access, _ := answer["access_token"].(string)
	idToken, _ := answer["id_token"].(string)
	told := map[string]string{"ID token": jwtSubject(f.t, idToken)}
	if strings.Count(access, ".") == 2 {
		told["access token"] = jwtSubject(f.t, access)
	}
	info := servertest.Decode(f.t, f.Get("/userinfo", nil, servertest.Bearer(access)), http.StatusOK)
	told["userinfo"], _ = info["sub"].(string)
	seen := servertest.Decode(f.t, f.Post("/introspect", map[string][]string{"token": {access}}, resourceServer.Auth()), http.StatusOK)
	told["introspection"], _ = seen["sub"].(string)
	for where, sub := range told {
		if sub == "" || sub != told["ID token"] {
			f.t.Errorf("%s: sub %q, in the ID token %q", where, sub, told["ID token"])
		}
	}
	return told["ID token"]
}

func jwtSubject(t testing.TB, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Sub string }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims.Sub
}

// One person has one subject in a sector, another one in each other sector, and
// nowhere that of public clients; after a restart too.
func TestPairwiseSubjects(t *testing.T) {
	proof.Of(t, "OIDC-REG-2-14", "OIDC-CORE-8.1-1", "OIDC-CORE-8.1-2", "OIDC-CORE-8.1-7", "OIDC-CORE-8.1-8")
	for _, format := range []server.TokenFormat{server.Opaque, server.JWTES256} {
		st := memory.New()
		change := func(c *server.Config) {
			for i := range c.Resources {
				c.Resources[i].TokenFormat = format
			}
		}
		f := newKeyFixture(t, st, servertest.OpenID, change)
		resources := f.operatorClient(server.OperatorClient{Metadata: []byte(`{"grant_types":["client_credentials"]}`)})
		one, two, elsewhere := f.pairwise("a.example.com", "1"), f.pairwise("a.example.com", "2"), f.pairwise("b.example.com", "3")
		first := f.subject(one, resources)
		if second := f.subject(two, resources); second != first {
			t.Errorf("in one sector: %q and %q", first, second)
		}
		if other := f.subject(elsewhere, resources); other == first || other == "alice" {
			t.Errorf("in another sector: %q", other)
		}
		if first == "alice" || len(first) != 43 {
			t.Errorf("sub %q", first)
		}
		if public := f.subject(f.Public(), resources); public != "alice" {
			t.Errorf("a public subject: %q", public)
		}
		restarted := newKeyFixture(t, st, servertest.OpenID, change)
		if again := restarted.subject(one, resources); again != first {
			t.Errorf("after a restart: %q, before: %q", again, first)
		}
	}
}

// Processes that meet the first pairwise client at once make one key, which rests
// sealed.
func TestPairwiseKeyIsOne(t *testing.T) {
	st := memory.New()
	f := newKeyFixture(t, st, servertest.OpenID)
	resources := f.operatorClient(server.OperatorClient{Metadata: []byte(`{"grant_types":["client_credentials"]}`)})
	c := f.pairwise("a.example.com", "1")
	var mu sync.Mutex
	told := map[string]bool{}
	var processes sync.WaitGroup
	for range 8 {
		process := newKeyFixture(t, st, servertest.OpenID)
		processes.Go(func() {
			sub := process.subject(c, resources)
			mu.Lock()
			defer mu.Unlock()
			told[sub] = true
		})
	}
	processes.Wait()
	if len(told) != 1 {
		t.Errorf("subjects %v", told)
	}
	keys, err := st.Keys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var own []store.Key
	for _, k := range keys {
		if k.Use == "pairwise" {
			own = append(own, k)
		}
	}
	if len(own) != 1 || own[0].Public != nil || len(own[0].Sealed) <= 32 {
		t.Errorf("keys %+v", own)
	}
}
