package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// at sends a GET to an absolute URL.
func (f fixture) at(target string, change ...func(*http.Request)) *http.Response {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, c := range change {
		c(r)
	}
	return f.Do(r)
}

// RFC8414-2-1, -2, -3, -6, -7, -17, -18, RFC8414-3.2-1, RFC9207-2.3-2, -3, RFC9700-2.1.1-6, -7: the whole document.
func TestAuthorizationServerMetadata(t *testing.T) {
	f := newFixture(t)
	res := f.Get("/.well-known/oauth-authorization-server", nil)
	m := servertest.Decode(t, res, http.StatusOK)
	want := map[string]string{
		"issuer":                 servertest.Issuer,
		"authorization_endpoint": servertest.Issuer + "/authorize", "token_endpoint": servertest.Issuer + "/token",
		"registration_endpoint": servertest.Issuer + "/register", "jwks_uri": servertest.Issuer + "/jwks",
		"revocation_endpoint": servertest.Issuer + "/revoke", "introspection_endpoint": servertest.Issuer + "/introspect",
		"scopes_supported":         "[read write offline_access tools]",
		"response_types_supported": "[code]", "response_modes_supported": "[query form_post]",
		"grant_types_supported":                                    "[authorization_code refresh_token client_credentials]",
		"token_endpoint_auth_methods_supported":                    "[none client_secret_basic client_secret_post private_key_jwt client_secret_jwt]",
		"revocation_endpoint_auth_methods_supported":               "[none client_secret_basic client_secret_post private_key_jwt client_secret_jwt]",
		"introspection_endpoint_auth_methods_supported":            "[client_secret_basic client_secret_post private_key_jwt client_secret_jwt]",
		"token_endpoint_auth_signing_alg_values_supported":         "[ES256 EdDSA PS256 RS256 HS256]",
		"revocation_endpoint_auth_signing_alg_values_supported":    "[ES256 EdDSA PS256 RS256 HS256]",
		"introspection_endpoint_auth_signing_alg_values_supported": "[ES256 EdDSA PS256 RS256 HS256]",
		"code_challenge_methods_supported":                         "[S256]",
		"authorization_response_iss_parameter_supported":           "true",
		"protected_resources":                                      "[https://api.example.com https://mcp.example.com/mcp]",
	}
	for name, value := range m {
		if got := fmt.Sprint(value); got != want[name] {
			t.Errorf("%s: %s, want %s", name, got, want[name])
		}
		delete(want, name)
	}
	if len(want) != 0 {
		t.Errorf("missing: %v", want)
	}
	h := res.Header
	if h.Get("Cache-Control") != "public, max-age=3600" || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" || h.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", h)
	}
}

// What is off is not advertised, and what is advertised works.
func TestMetadataSaysWhatWorks(t *testing.T) {
	proof.Of(t, "ATK-117")
	for name, row := range map[string]struct {
		change  func(*server.Config)
		missing []string
	}{
		"all":             {func(*server.Config) {}, nil},
		"no registration": {func(c *server.Config) { c.Registration = server.RegistrationClosed }, []string{"registration_endpoint"}},
		"no person":       {func(c *server.Config) { c.Interaction = nil }, []string{"authorization_endpoint", "code_challenge_methods_supported", "response_modes_supported", "authorization_response_iss_parameter_supported"}},
		"no refresh":      {func(c *server.Config) { c.RefreshTokens = server.RefreshNever }, nil},
	} {
		f := newFixture(t, row.change)
		m := servertest.Decode(t, f.Get("/.well-known/oauth-authorization-server", nil), http.StatusOK)
		for _, member := range row.missing {
			if _, ok := m[member]; ok {
				t.Errorf("%s: has %s", name, member)
			}
		}
		for member, value := range m {
			if value == nil || fmt.Sprint(value) == "[]" && member != "response_types_supported" {
				t.Errorf("%s: %s is %v", name, member, value)
			}
			uri, _ := value.(string)
			if !strings.HasSuffix(member, "_endpoint") && member != "jwks_uri" {
				continue
			}
			if res := f.at(uri); res.StatusCode == http.StatusNotFound {
				t.Errorf("%s: %s %s does not exist", name, member, uri)
			}
		}
		if _, ok := m["registration_endpoint"]; ok == (f.register(publicMetadata).StatusCode == http.StatusForbidden) {
			t.Errorf("%s: registration_endpoint %v", name, ok)
		}
		if _, ok := m["authorization_endpoint"]; ok == (f.Get("/authorize", nil).StatusCode == http.StatusNotFound) {
			t.Errorf("%s: authorization_endpoint %v", name, ok)
		}
		grants, _ := m["grant_types_supported"].([]any)
		for _, grant := range []string{"authorization_code", "refresh_token", "client_credentials", "password", "urn:ietf:params:oauth:grant-type:device_code"} {
			advertised := slices.Contains(grants, any(grant))
			if on := row.missing == nil || grant == "client_credentials" || name == "no registration"; advertised && !on {
				t.Errorf("%s: advertises %s", name, grant)
			}
			if name != "all" {
				continue
			}
			res := f.Post("/token", url.Values{"grant_type": {grant}, "client_id": {"x"}, "code": {"x"}, "refresh_token": {"x"}})
			text, _ := io.ReadAll(res.Body)
			if strings.Contains(string(text), "unsupported_grant_type") == advertised {
				t.Errorf("%s: advertised %v, answer %s", grant, advertised, text)
			}
		}
	}
	f := newFixture(t, func(c *server.Config) { c.RefreshTokens = server.RefreshNever })
	m := servertest.Decode(t, f.Get("/.well-known/oauth-authorization-server", nil), http.StatusOK)
	if grants := fmt.Sprint(m["grant_types_supported"]); strings.Contains(grants, "refresh_token") || f.Grant(f.Public()).Refresh != "" {
		t.Errorf("refresh tokens are off: %s", grants)
	}
}

// RFC8414-3-1, RFC8414-3.1-2, RFC8414-3.3-1, RFC9728-3-1, RFC9728-3.3-1, ATK-3: with a path in the issuer every well-known form works, inserted
// and appended, and tells the same; nothing else does.
func TestIssuerWithPath(t *testing.T) {
	proof.Of(t, "RFC8414-3.1-2")
	proof.Of(t, "ATK-3")
	const origin, issuer = "https://auth.example.com", "https://auth.example.com/tenant/a"
	f := newFixture(t, func(c *server.Config) {
		c.Issuer = issuer
		c.Resources = []server.Resource{{URI: issuer}, {URI: issuer + "/mcp"}, {URI: origin + "/other"}, {URI: "https://elsewhere.example.com/mcp"}}
	})
	const as, pr = "/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource"
	for target, want := range map[string]string{
		origin + as + "/tenant/a": issuer,
		issuer + as:               issuer,
	} {
		m := servertest.Decode(t, f.at(target), http.StatusOK)
		if m["issuer"] != want || m["token_endpoint"] != issuer+"/token" {
			t.Errorf("%s: %v", target, m)
		}
	}
	for target, want := range map[string]string{
		origin + pr + "/tenant/a":     issuer,
		origin + pr + "/tenant/a/mcp": issuer + "/mcp",
		origin + pr + "/other":        origin + "/other",
		issuer + pr:                   issuer,
	} {
		m := servertest.Decode(t, f.at(target), http.StatusOK)
		if m["resource"] != want || fmt.Sprint(m["authorization_servers"]) != "["+issuer+"]" {
			t.Errorf("%s: %v", target, m)
		}
	}
	for _, target := range []string{
		origin + as, origin + as + "/", origin + as + "/tenant", origin + as + "/tenant/a/", origin + as + "/tenant%2Fa", origin + as + "/tenant/b",
		issuer + as + "/tenant/a", origin + "/token", origin + "/tenant/token", origin + "/tenant/ab/token",
		origin + pr, origin + pr + "/", origin + pr + "/tenant", origin + pr + "/mcp", origin + pr + "/tenant/a/other", origin + pr + "/tenant/a%2Fmcp", origin + pr + "/a%20b",
	} {
		if res := f.at(target); res.StatusCode != http.StatusNotFound || res.Header.Get("Location") != "" {
			body, _ := io.ReadAll(res.Body)
			t.Errorf("%s: %d %s", target, res.StatusCode, body)
		}
	}
	if res := f.at(issuer + "/token"); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("token: %d", res.StatusCode)
	}
	// A caller's request is not changed.
	r := httptest.NewRequest(http.MethodGet, origin+as+"/tenant/a", nil)
	f.Do(r)
	if r.URL.Path != as+"/tenant/a" {
		t.Errorf("the request's URL became %s", r.URL)
	}
}

// RFC9728-3-1, -3.1-1, -3.2-1, -2, -3.3-1: a resource of this origin is described, and only the one asked for.
func TestProtectedResourceMetadata(t *testing.T) {
	f := newFixture(t, func(c *server.Config) {
		c.Resources = []server.Resource{
			{URI: servertest.Issuer, Name: "Root"}, {URI: servertest.Issuer + "/mcp", Scopes: []string{"tools"}},
			{URI: "https://auth.example.com.evil.com/x"}, {URI: "https://api.example.com/api"},
		}
	})
	const base = "/.well-known/oauth-protected-resource"
	res := f.Get(base, nil)
	if h := res.Header; h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Cache-Control") != "public, max-age=3600" {
		t.Errorf("headers %v", h)
	}
	root := servertest.Decode(t, res, http.StatusOK)
	if root["resource"] != servertest.Issuer || root["resource_name"] != "Root" || fmt.Sprint(root["scopes_supported"]) != "[read write]" || fmt.Sprint(root["bearer_methods_supported"]) != "[header]" {
		t.Errorf("root: %v", root)
	}
	mcp := servertest.Decode(t, f.Get(base+"/mcp", nil), http.StatusOK)
	if mcp["resource"] != servertest.Issuer+"/mcp" || fmt.Sprint(mcp["scopes_supported"]) != "[read write tools]" || mcp["resource_name"] != nil {
		t.Errorf("mcp: %v", mcp)
	}
	for _, path := range []string{"/api", "/x", "/mcp/x", "/MCP", "/mc", "/mcp%2f", "/.evil.com/x"} {
		if res := f.Get(base+path, nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// No header changes what the server says of itself, and a
// name that is not its own gets 421.
func TestHostAndForwardedHeaders(t *testing.T) {
	proof.Of(t, "RFC9700-4.13-1")
	proof.Of(t, "ATK-5", "CVE-2025-6514", "ATK-173")
	proof.Of(t, "CVE-2025-49596")
	f := newFixture(t, func(c *server.Config) { c.Hosts = []string{"internal.example.com", "proxy:8443"} })
	read := func(change func(*http.Request)) string {
		body, err := io.ReadAll(f.Get("/.well-known/oauth-authorization-server", nil, change).Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	plain := read(func(*http.Request) {})
	for name, value := range map[string]string{
		"X-Forwarded-Host": "evil.com", "X-Forwarded-Proto": "http", "X-Forwarded-Port": "1", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Server": "evil.com",
		"Forwarded": `for=1.2.3.4;host=evil.com;proto=http`, "X-Real-Ip": "1.2.3.4", "X-Original-Url": "/token", "X-Rewrite-Url": "/token", "X-Http-Method-Override": "DELETE", "X_Forwarded_Host": "evil.com",
	} {
		if got := read(func(r *http.Request) { r.Header[name] = []string{value} }); got != plain {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, host := range []string{"auth.example.com", "AUTH.example.com", "auth.example.com:443", "internal.example.com", "internal.example.com:8080", "proxy:8443"} {
		if got := read(func(r *http.Request) { r.Host = host }); got != plain {
			t.Errorf("%s: %s", host, got)
		}
	}
	c := f.Public()
	for _, host := range []string{"evil.com", "", "auth.example.com.", "auth.example.com.evil.com", "auth.example.com:80", "auth.example.com:8443", "127.0.0.1", "proxy", "proxy:8080", "auth.example.com@evil.com", "[::1]"} {
		for _, path := range []string{"/.well-known/oauth-authorization-server", "/token", "/authorize", "/nothing"} {
			f.unchanged(t, host, func() {
				res := f.Get(path, c.Request(nil), func(r *http.Request) { r.Host = host })
				servertest.Refused(t, res, http.StatusMisdirectedRequest, "invalid_request")
			})
		}
		for _, path := range []string{"/healthz", "/readyz"} {
			if res := f.Get(path, nil, func(r *http.Request) { r.Host = host }); res.StatusCode != http.StatusOK {
				t.Errorf("%s at %q: %d", path, host, res.StatusCode)
			}
		}
	}
	// The URL of a registration is made from the issuer too.
	m := servertest.Decode(t, f.register(publicMetadata, func(r *http.Request) {
		r.Host, r.Header = "internal.example.com", r.Header.Clone()
		r.Header.Set("X-Forwarded-Host", "evil.com")
	}), http.StatusCreated)
	if text, err := json.Marshal(m); err != nil || strings.Contains(string(text), "evil.com") || strings.Contains(string(text), "internal.example.com") {
		t.Errorf("%s", text)
	}
}
