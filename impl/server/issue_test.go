package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
)

// RFC 9068 with the published keys, and revocation and introspection as for every
// other token.
func TestJWTAccessToken(t *testing.T) {
	proof.Of(t, "RFC7517-5-1")
	proof.Of(t, "ATK-87")
	for _, format := range []TokenFormat{JWTES256, JWTEdDSA, JWTRS256, JWTPS256} {
		x := newTokenTest(t, func(c *Config) { c.Resources[2].TokenFormat = format })
		a := x.tokens(allowed{resources: []string{resourceJ}, scopes: []string{"j.read"}, props: `{"canary":"c4f3b4b3"}`})
		token := a.text("access_token")
		set := x.do(httptest.NewRequest("GET", testIssuer+"/jwks", nil))
		if strings.Contains(set.raw, `"d"`) || set.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s %v", set.raw, set.header)
		}
		keys, err := jose.ParseJWKSet([]byte(set.raw))
		if err != nil || len(keys) != 1 {
			t.Fatalf("%s: %v", set.raw, err)
		}
		v, err := jose.NewVerifier(jose.VerifierConfig{Keys: jose.StaticKeys(keys...), Issuer: testIssuer, Audience: resourceJ, Typ: "at+jwt", Now: x.now})
		if err != nil {
			t.Fatal(err)
		}
		claims, err := v.Verify(context.Background(), token)
		if err != nil || claims.Subject != "alice" || !claims.ExpiresAt.Equal(x.now().Add(time.Hour)) || claims.Has("props") {
			t.Errorf("%s: %+v, %v", format, claims, err)
		}
		got, err := x.server.VerifyAccessToken(context.Background(), token)
		if err != nil || string(got.Props) != `{"canary":"c4f3b4b3"}` {
			t.Errorf("%s: %+v, %v", format, got, err)
		}
		// ATK-87: any other bytes are no token, even with a good signature under them.
		for _, changed := range []string{token + "=", token[:len(token)-4] + "AAAA", strings.Replace(token, ".", "..", 1)} {
			if x.active("C1", changed) {
				t.Errorf("%s: a changed JWT is active", format)
			}
		}
		if !x.active("R1", token) {
			t.Errorf("%s: not active", format)
		}
		x.ok(x.post("/revoke", as("C1"), url.Values{"token": {token}}))
		if x.active("R1", token) {
			t.Errorf("%s: active after its revocation", format)
		}
	}
}

// A token for resources that want different formats is the JWT that one of them
// needs; the other introspects it.
func TestMixedFormats(t *testing.T) {
	x := newTokenTest(t)
	for _, resources := range [][]string{{resourceA, resourceJ}, {resourceJ, resourceA}} {
		a := x.tokens(allowed{resources: resources, scopes: []string{"a.read", "j.read"}})
		if strings.Count(a.text("access_token"), ".") != 2 || !x.active("R1", a.text("access_token")) {
			t.Errorf("%v: %s", resources, a.raw)
		}
	}
}

// A signature that fails burns nothing.
func TestFailedSignatureBurnsNothing(t *testing.T) {
	x := newTokenTest(t)
	code, _ := x.code(allowed{resources: []string{resourceJ}, scopes: []string{"j.read"}})
	good := x.server.keys.current.Load()
	x.server.keys.current.Store(&keySet{readAt: good.readAt})
	x.refused("no key", x.post("/token", as("C1"), codeForm(code)), 500, "server_error", code)
	x.server.keys.current.Store(good)
	x.ok(x.post("/token", as("C1"), codeForm(code)))
}

func TestPolicyNarrowsAndEnriches(t *testing.T) {
	proof.Of(t, "RFC6749-10.3-4", "OAUTH21-7.9-1")
	var seen Issue
	x := newTokenTest(t, func(c *Config) {
		c.Policy = func(_ context.Context, i *Issue) error {
			seen = *i
			if i.GrantType == gen.GrantTypeAuthorizationCode {
				i.Scopes, i.AccessToken = []string{"a.read"}, time.Minute
				i.Props = json.RawMessage(`{"enriched":true}`)
			}
			i.Grant.Scopes[0] = "changed" // a copy
			return nil
		}
	})
	a := x.tokens(allowed{props: `{"tenant":7}`})
	if string(seen.Props) != `{"tenant":7}` || seen.ClientID != "C1" || seen.Grant.Subject != "alice" || !seen.RefreshToken || seen.Grant.Props != nil {
		t.Errorf("the policy saw %+v", seen)
	}
	got, err := x.server.VerifyAccessToken(context.Background(), a.text("access_token"))
	if err != nil || string(got.Props) != `{"enriched":true}` || a.text("scope") != "a.read" || a.body["expires_in"] != 60.0 {
		t.Errorf("%s, %+v, %v", a.raw, got, err)
	}
	// The changed props follow the refresh token; the scope is the grant's again.
	a = x.ok(x.post("/token", as("C1"), refreshForm(a.text("refresh_token"))))
	got, err = x.server.VerifyAccessToken(context.Background(), a.text("access_token"))
	if err != nil || string(got.Props) != `{"enriched":true}` || string(seen.Props) != `{"enriched":true}` || a.text("scope") != "profile a.read a.write" {
		t.Errorf("%s, %+v, %v", a.raw, got, err)
	}
}

// Data for one access token stays with it; a shortened refresh token ends when
// the policy says.
func TestPolicySetsOneAccessToken(t *testing.T) {
	x := newTokenTest(t, func(c *Config) {
		c.Policy = func(_ context.Context, i *Issue) error {
			if i.GrantType == gen.GrantTypeAuthorizationCode {
				i.AccessTokenProps, i.Refresh = json.RawMessage(`{"once":true}`), time.Hour
			}
			return nil
		}
	})
	props := func(a answer) string {
		t.Helper()
		got, err := x.server.VerifyAccessToken(context.Background(), a.text("access_token"))
		if err != nil {
			t.Fatal(err)
		}
		return string(got.Props)
	}
	first := x.tokens(allowed{props: `{"tenant":7}`})
	if got := props(first); got != `{"once":true}` {
		t.Errorf("the access token carries %s", got)
	}
	x.pass(59 * time.Minute)
	second := x.ok(x.post("/token", as("C1"), refreshForm(first.text("refresh_token"))))
	if got := props(second); got != `{"tenant":7}` {
		t.Errorf("the next access token carries %s", got)
	}
	other := x.tokens(allowed{})
	x.pass(61 * time.Minute)
	x.refused("shortened", x.post("/token", as("C1"), refreshForm(other.text("refresh_token"))), 400, "invalid_grant")
}

// A refusal by the policy, and a policy that goes beyond the decision, issue
// nothing and consume nothing.
func TestPolicyRefuses(t *testing.T) {
	proof.Of(t, "REL-I5")
	for _, c := range []struct {
		name   string
		policy Policy
		status int
		code   string
		text   string // must not be told
		kept   bool   // whether the grant lives on
	}{
		{"protocol error", func(context.Context, *Issue) error { return oauth.AccessDenied("not_today", "come back later") }, 400, "access_denied", "", true},
		{"other error", func(context.Context, *Issue) error { return errors.New("connection to ldap.internal refused") }, 500, "server_error", "ldap", true},
		{"revokes", func(_ context.Context, i *Issue) error {
			i.RevokeGrant = true
			return oauth.InvalidGrant("locked", "the account is locked")
		}, 400, "invalid_grant", "", false},
		{"wider scope", func(_ context.Context, i *Issue) error { i.Scopes = append(i.Scopes, "b.read"); return nil }, 500, "server_error", "Scopes", true},
		{"wider audience", func(_ context.Context, i *Issue) error { i.Resources = append(i.Resources, resourceB); return nil }, 500, "server_error", "Resources", true},
		{"no audience", func(_ context.Context, i *Issue) error { i.Resources = nil; return nil }, 500, "server_error", "Resources", true},
		{"longer life", func(_ context.Context, i *Issue) error { i.AccessToken *= 2; return nil }, 500, "server_error", "AccessToken", true},
		{"no life", func(_ context.Context, i *Issue) error { i.AccessToken = 0; return nil }, 500, "server_error", "AccessToken", true},
		{"longer refresh", func(_ context.Context, i *Issue) error { i.Refresh *= 2; return nil }, 500, "server_error", "Refresh", true},
		{"token props that are no JSON", func(_ context.Context, i *Issue) error { i.AccessTokenProps = json.RawMessage("{"); return nil }, 500, "server_error", "props", true},
		{"props that are no JSON", func(_ context.Context, i *Issue) error { i.Props = json.RawMessage("{"); return nil }, 500, "server_error", "props", true},
	} {
		on := true
		x := newTokenTest(t, func(cfg *Config) {
			cfg.Policy = func(ctx context.Context, i *Issue) error {
				if !on {
					return nil
				}
				return c.policy(ctx, i)
			}
		})
		code, _ := x.code(allowed{})
		a := x.post("/token", as("C1"), codeForm(code))
		x.refused(c.name, a, c.status, c.code, c.text, code)
		on = false
		a = x.post("/token", as("C1"), codeForm(code))
		if c.kept {
			x.ok(a)
		} else {
			x.refused(c.name+", afterwards", a, 400, "invalid_grant")
		}
	}
}

func TestPolicyAtClientCredentials(t *testing.T) {
	x := newTokenTest(t, func(c *Config) {
		c.Policy = func(_ context.Context, i *Issue) error {
			if i.ClientID == "C2" {
				i.RevokeGrant = true
				return oauth.AccessDenied("not_you", "no")
			}
			i.Props = json.RawMessage(`{"machine":true}`)
			return nil
		}
	})
	x.refused("C2", x.post("/token", as("C2"), machineForm), 400, "access_denied")
	a := x.ok(x.post("/token", as("C1"), machineForm))
	if got, err := x.server.VerifyAccessToken(context.Background(), a.text("access_token")); err != nil || string(got.Props) != `{"machine":true}` {
		t.Errorf("%+v, %v", got, err)
	}
}

// Every artefact in every slot that takes another.
func TestArtefactsInOtherSlots(t *testing.T) {
	proof.Of(t, "RFC8725-2.8-1", "RFC8725-3.12-1")
	proof.Of(t, "ATK-77")
	x := newTokenTest(t)
	code, grantID := x.code(allowed{})
	opaque, jwt := x.tokens(allowed{}), x.tokens(allowed{resources: []string{resourceJ}, scopes: []string{"j.read"}})
	artefacts := map[string]string{
		"code": code, "access": opaque.text("access_token"), "jwt": jwt.text("access_token"), "refresh": opaque.text("refresh_token"),
		"grant id": grantID, "secret": secretOf("C1"), "registration": seal.NewToken(seal.PrefixRegistrationAccessToken), "request": seal.NewToken(seal.PrefixRequest),
	}
	for name, value := range artefacts {
		if name != "code" {
			if a := x.post("/token", as("C1"), codeForm(value)); a.status != 400 {
				t.Errorf("%s as code: %s", name, a.raw)
			}
		}
		if name != "refresh" {
			if a := x.post("/token", as("C1"), refreshForm(value)); a.status != 400 {
				t.Errorf("%s as refresh token: %s", name, a.raw)
			}
		}
		if (name == "access" || name == "jwt") != x.live(value) {
			t.Errorf("%s as access token: %v", name, x.live(value))
		}
		if name != "secret" {
			x.refused(name+" as secret", x.post("/token", basicAs("C1", value), machineForm), 401, "invalid_client", value)
		}
	}
	x.ok(x.post("/token", as("C1"), codeForm(code)))
	x.ok(x.post("/token", as("C1"), refreshForm(opaque.text("refresh_token"))))
}
