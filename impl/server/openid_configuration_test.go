package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

const (
	oauthMetadata  = "/.well-known/oauth-authorization-server"
	openIDMetadata = "/.well-known/openid-configuration"
)

// The document, which is that of RFC 8414.
func TestOpenIDConfiguration(t *testing.T) {
	proof.Of(t, "RFC9068-4-3", "MCP-SEC-Authorization-Code-Protection-3")
	proof.Of(t, "OIDC-DISC-3-31", "OIDC-DISC-4.2-2")
	f := newFixture(t, servertest.OpenID)
	res := f.Get(openIDMetadata, nil)
	m := servertest.Decode(t, res, http.StatusOK)
	want := map[string]string{
		"issuer": servertest.Issuer, "userinfo_endpoint": servertest.Issuer + "/userinfo", "jwks_uri": servertest.Issuer + "/jwks",
		"authorization_endpoint": servertest.Issuer + "/authorize", "token_endpoint": servertest.Issuer + "/token", "registration_endpoint": servertest.Issuer + "/register",
	}
	for name, value := range want {
		if m[name] != value {
			t.Errorf("%s: %v, want %s", name, m[name], value)
		}
	}
	for name, value := range map[string]string{
		"id_token_signing_alg_values_supported": "RS256", "subject_types_supported": "public", "response_types_supported": "code", "claims_supported": "email_verified",
	} {
		if list, _ := m[name].([]any); !slices.Contains(list, any(value)) {
			t.Errorf("%s: %v", name, m[name])
		}
	}
	scopes, _ := m["scopes_supported"].([]any)
	for _, scope := range []any{"openid", "profile", "email", "address", "phone", "offline_access", "read"} {
		if n := len(slices.DeleteFunc(slices.Clone(scopes), func(s any) bool { return s != scope })); n != 1 {
			t.Errorf("scope %v is listed %d times", scope, n)
		}
	}
	for name, value := range m {
		if value == nil {
			t.Errorf("%s is null", name)
		}
	}
	if h := res.Header; h.Get("Content-Type") != "application/json" || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("headers %v", h)
	}
	one, _ := json.Marshal(m)
	other, _ := json.Marshal(servertest.Decode(t, f.Get(oauthMetadata, nil), http.StatusOK))
	if string(one) != string(other) {
		t.Errorf("two documents:\n%s\n%s", one, other)
	}
}

// With a path in the issuer both forms work; where there is no OpenID provider, neither does.
func TestOpenIDConfigurationOfIssuerWithPath(t *testing.T) {
	const origin, issuer = "https://auth.example.com", "https://auth.example.com/tenant/a"
	withPath := func(c *server.Config) { c.Issuer, c.Resources = issuer, nil }
	provider, plain := newFixture(t, servertest.OpenID, withPath), newFixture(t, withPath)
	for _, target := range []string{issuer + openIDMetadata, origin + openIDMetadata + "/tenant/a"} {
		if m := servertest.Decode(t, provider.at(target), http.StatusOK); m["issuer"] != issuer || m["userinfo_endpoint"] != issuer+"/userinfo" {
			t.Errorf("%s: %v", target, m)
		}
		if res := plain.at(target); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s at a plain OAuth server: %d", target, res.StatusCode)
		}
	}
	for _, target := range []string{origin + openIDMetadata, origin + openIDMetadata + "/tenant", issuer + openIDMetadata + "/tenant/a", origin + openIDMetadata + "/tenant%2Fa"} {
		if res := provider.at(target); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", target, res.StatusCode)
		}
	}
	if res := plain.Get("/userinfo", nil); res.StatusCode == http.StatusOK {
		t.Error("/userinfo at a plain OAuth server")
	}
}

// What is about people is no scope of a resource (RFC 9728 §2): a client that asks for what the resource needs does not ask who somebody is.
func TestResourcesHaveNoIdentityScopes(t *testing.T) {
	f := newFixture(t, servertest.OpenID, func(c *server.Config) { c.Resources = nil })
	res := f.Get("/.well-known/oauth-protected-resource", nil)
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res.StatusCode, err)
	}
	if strings.Contains(string(body), "openid") || strings.Contains(string(body), "profile") || !strings.Contains(string(body), "read") {
		t.Errorf("%s", body)
	}
}

// Claims without an Interaction would be an OpenID provider that nobody signs in to.
func TestClaimsNeedAnInteraction(t *testing.T) {
	cfg := server.Config{Issuer: servertest.Issuer, Store: newFixture(t).Store, KeyEncryptionKey: servertest.KEK(t)}
	if s, err := server.New(cfg); err != nil {
		t.Fatalf("control: %v", err)
	} else {
		s.Close()
	}
	servertest.OpenID(&cfg)
	if s, err := server.New(cfg); err == nil {
		s.Close()
		t.Error("accepted")
	}
}

// What is not offered is said to be not: without it request_uri_parameter_supported
// would mean true (OpenID Connect Discovery §3).
func TestOpenIDConfigurationSaysNo(t *testing.T) {
	for mode, want := range map[server.RequestObjects][2]any{
		server.RequestObjectsOff: {false, false}, server.RequestObjectsByValue: {true, false}, server.RequestObjectsByReference: {true, true},
	} {
		f := newFixture(t, servertest.OpenID, func(c *server.Config) { c.RequestObjects = mode })
		m := servertest.Decode(t, f.Get(openIDMetadata, nil), http.StatusOK)
		if m["request_parameter_supported"] != want[0] || m["request_uri_parameter_supported"] != want[1] {
			t.Errorf("mode %d: %v and %v, want %v", mode, m["request_parameter_supported"], m["request_uri_parameter_supported"], want)
		}
	}
}
