package server

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// RFC7662-2.2-1, -2, -3.
func TestIntrospection(t *testing.T) {
	x := newTokenTest(t)
	a := x.tokens(allowed{props: `{"canary":"c4f3b4b3"}`})
	now := float64(x.now().Unix())
	got := x.ok(x.post("/introspect", as("R1"), url.Values{"token": {a.text("access_token")}, "token_type_hint": {"refresh_token"}})) // RFC7662-2.1-3
	want := map[string]any{
		"active": true, "scope": "profile a.read a.write", "client_id": "C1", "sub": "alice", "iss": testIssuer,
		"aud": []any{resourceA}, "token_type": "Bearer", "iat": now, "exp": now + 3600, "auth_time": now,
	}
	if !reflect.DeepEqual(got.body, want) {
		t.Errorf("%s", got.raw)
	}
	got = x.ok(x.post("/introspect", as("C1"), url.Values{"token": {a.text("refresh_token")}}))
	want["aud"], want["exp"] = []any{testIssuer}, now+30*24*3600
	delete(want, "token_type")
	if !reflect.DeepEqual(got.body, want) {
		t.Errorf("%s", got.raw)
	}
}

// CVE-2026-37979, RFC7662-2.2-5, -6, RFC7662-4-6: everything that the caller may
// not see, or that is not live, is the same bytes.
func TestIntrospectionTellsNothing(t *testing.T) {
	proof.Of(t, "CVE-2026-37979", "ATK-77", "CVE-2026-27840", "ATK-175")
	x := newTokenTest(t)
	a := x.tokens(allowed{})
	access, refresh := a.text("access_token"), a.text("refresh_token")
	code, _ := x.code(allowed{})
	ask := func(id, token string) answer { return x.post("/introspect", as(id), url.Values{"token": {token}}) }
	for name, b := range map[string]answer{
		"unknown":                          ask("C1", seal.NewToken(seal.PrefixAccessToken)),
		"garbage":                          ask("C1", "x"),
		"JWT shape":                        ask("C1", "a.b.c"),
		"a client that registered itself":  ask("D1", access),
		"refresh token to another client":  ask("R1", refresh),
		"ATK-77 a code":                    ask("C1", code),
		"CVE-2026-27840 changed last byte": ask("C1", access[:len(access)-1]+string(access[len(access)-1]^1)),
		"CVE-2026-27840 upper case":        ask("C1", strings.ToUpper(access)),
		"CVE-2026-27840 trailing space":    ask("C1", access+" "),
	} {
		x.ok(b)
		if b.raw != `{"active":false}` {
			t.Errorf("%s: %s", name, b.raw)
		}
	}
	x.refused("RFC7662-2.1-5 public client", ask("P1", access), 401, "invalid_client")
	x.refused("ATK-175 unauthenticated", ask("", access), 401, "invalid_client")
	if !x.active("C1", access) || !x.active("R1", access) || !x.active("C1", refresh) {
		t.Error("control: the live ones are not active")
	}
}

// RFC7662-4-2, -4 and the matrix of security reviews: what ends a token.
func TestIntrospectionOfWhatEnded(t *testing.T) {
	for name, end := range map[string]func(*tokenTest, answer){
		"expired": func(x *tokenTest, _ answer) { x.pass(time.Hour) },
		"client disabled": func(x *tokenTest, _ answer) {
			x.change("C1", func(c *store.Client) { c.DisabledAt = x.now() })
		},
		"client deleted": func(x *tokenTest, _ answer) { x.store.DeleteClient(t.Context(), "C1", x.now()) },
		"revoked": func(x *tokenTest, a answer) {
			x.ok(x.post("/revoke", as("C1"), url.Values{"token": {a.text("refresh_token")}}))
		},
		"resource taken away": func(x *tokenTest, _ answer) {
			x.server.resources.all = x.server.resources.all[1:]
		},
	} {
		x := newTokenTest(t)
		a := x.tokens(allowed{})
		if !x.active("R1", a.text("access_token")) {
			t.Fatal("control: not active")
		}
		end(x, a)
		if x.active("R1", a.text("access_token")) || x.live(a.text("access_token")) {
			t.Errorf("%s: still active", name)
		}
	}
}

func TestUsedRefreshTokenIsInactive(t *testing.T) {
	x := newTokenTest(t)
	a := x.tokens(allowed{})
	x.ok(x.post("/token", as("C1"), refreshForm(a.text("refresh_token"))))
	if x.active("C1", a.text("refresh_token")) {
		t.Error("active")
	}
}

// A resource or a scope that the operator took away is taken from the tokens that
// are out, and the rest of them stays good.
func TestWhatIsServedNoMore(t *testing.T) {
	x := newTokenTest(t)
	token := x.tokens(allowed{resources: []string{resourceA, resourceB}, scopes: []string{"profile", "a.read", "a.write", "b.read"}}).text("access_token")
	check := func(what, scope string, resources ...string) {
		t.Helper()
		a := x.ok(x.post("/introspect", as("R1"), url.Values{"token": {token}}))
		told, _ := json.Marshal(a.body["aud"])
		want, _ := json.Marshal(resources)
		got, err := x.server.VerifyAccessToken(t.Context(), token)
		if a.text("scope") != scope || string(told) != string(want) || err != nil || strings.Join(got.Scopes, " ") != scope || !slices.Equal(got.Resources, resources) {
			t.Errorf("%s: %s; %+v, %v", what, a.raw, got, err)
		}
	}
	check("control", "profile a.read a.write b.read", resourceA, resourceB)
	x.restart(func(c *Config) {
		c.Resources = []Resource{{URI: resourceA, Scopes: []string{"a.read"}}, {URI: resourceB, Scopes: []string{"b.read"}}}
	})
	check("without a.write", "profile a.read b.read", resourceA, resourceB)
	x.restart(func(c *Config) { c.Resources = c.Resources[:1] })
	check("without B", "profile a.read", resourceA)
	x.restart(func(c *Config) { c.Resources = []Resource{{URI: "https://c.example.com"}} })
	if x.active("R1", token) || x.live(token) {
		t.Error("without A it is still good")
	}
}
