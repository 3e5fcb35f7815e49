package server_test

import (
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// refusedConfig fails the test unless New refuses cfg with every text.
func refusedConfig(t *testing.T, cfg server.Config, texts ...string) {
	t.Helper()
	s, err := server.New(cfg)
	if err == nil {
		s.Close()
		t.Errorf("accepted; want %q", texts)
		return
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v\nlacks %q", err, text)
		}
	}
}

// New names every problem at once.
func TestConfigProblemsAreReportedTogether(t *testing.T) {
	proof.Of(t, "GHSA-9h47-pqcx-hjr4", "ATK-100")
	refusedConfig(t, server.Config{}, "issuer", "Store", "KeyEncryptionKey")
	refusedConfig(t, server.Config{
		Issuer:          "http://auth.example.com/",
		Resources:       []server.Resource{{URI: "/relative"}, {URI: "https://a.example.com/#f"}, {URI: "https://b.example.com", TokenFormat: "HS256"}, {URI: "https://B.example.com/"}, {URI: "https://c.example.com", TokenFormat: "none"}},
		DefaultResource: "https://d.example.com",
		Scopes:          []string{"good", "two words", `quo"te`, ""},
		DefaultScopes:   []string{"unknown", "strange"},
		Lifetimes:       server.Lifetimes{AuthorizationCode: time.Hour, AccessToken: 48 * time.Hour, Grant: 24 * time.Hour, SigningKey: time.Minute, RefreshRetry: -1},
		Registration:    server.Registration(7),
		RefreshTokens:   server.RefreshTokenPolicy(-1),
		Hosts:           []string{"https://x.example.com", "UPPER.example.com", "good.example.com:8443"},
		TrustedProxies:  []netip.Prefix{{}, netip.MustParsePrefix("::ffff:10.0.0.0/104"), netip.MustParsePrefix("10.0.0.0/8")},
	}, "issuer", "Store", "KeyEncryptionKey",
		`"/relative"`, `"https://a.example.com/#f"`, `"https://B.example.com/" is configured twice`, `"HS256"`, `"none"`, `"https://d.example.com"`,
		`"two words"`, `quo`, `scope ""`, `"unknown"`, `"strange"`,
		"negative", "AuthorizationCode", "Lifetimes.Grant", "SigningKey", "Registration 7", "RefreshTokens -1", `"https://x.example.com"`, `"UPPER.example.com"`, "invalid Prefix", "::ffff:10.0.0.0/104")
}

// Values of no name are refused on either side of those that have one.
func TestUnknownModes(t *testing.T) {
	refusedConfig(t, server.Config{Registration: -1, RequestObjects: -1, RefreshTokens: -1}, "Registration -1", "RequestObjects -1", "RefreshTokens -1")
	refusedConfig(t, server.Config{Registration: server.RegistrationOpen + 1, RequestObjects: server.RequestObjectsByReference + 1, RefreshTokens: server.RefreshNever + 1},
		"Registration 3", "RequestObjects 3", "RefreshTokens")
}

// With nothing but what it cannot do without, a
// server offers no more than grants of clients that an operator registered.
func TestZeroConfigIsSafe(t *testing.T) {
	proof.Of(t, "GHSA-9h47-pqcx-hjr4")
	f := newFixture(t, func(c *server.Config) {
		*c = server.Config{Issuer: c.Issuer, Store: c.Store, KeyEncryptionKey: c.KeyEncryptionKey}
	})
	servertest.Refused(t, f.register(publicMetadata), http.StatusForbidden, "access_denied")
	servertest.Refused(t, f.Get("/authorize", nil), http.StatusNotFound, "invalid_request")
	machine := f.operator(t, server.OperatorClient{Metadata: []byte(`{"grant_types":["client_credentials"]}`)})
	m := servertest.Decode(t, f.Post("/token", map[string][]string{"grant_type": {"client_credentials"}}, machine.Auth()), http.StatusOK)
	if m["expires_in"] != 3600.0 || m["refresh_token"] != nil || m["scope"] != nil && m["scope"] != "" {
		t.Errorf("%v", m)
	}
	claims, err := f.VerifyAccessToken(t.Context(), m["access_token"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if len(claims.Resources) != 1 || claims.Resources[0] != servertest.Issuer {
		t.Errorf("audience %v", claims.Resources)
	}
	res := f.Get("/nothing", nil)
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusNotFound {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// CVE-2025-6514, ATK-171, RFC8414-2-1, RFC9207-2-2: which issuers there can be.
func TestIssuerIdentifiers(t *testing.T) {
	proof.Of(t, "RFC6749-10.9-1", "RFC8414-3-2", "OAUTH21-1.5-1", "MCP-SEC-Communication-Security-2", "MCP-EMA-SEC-7.3-Transport-Security-and-Endpoint-Authentication-1")
	proof.Of(t, "CVE-2025-6514", "ATK-171")
	for _, issuer := range []string{
		"", "auth.example.com", "//auth.example.com", "ftp://auth.example.com", "http://auth.example.com", "http://10.0.0.1", "http://localhost.example.com",
		"https://", "https:///x", "https:auth.example.com", "https://auth.example.com/", "https://auth.example.com/a/", "https://auth.example.com?", "https://auth.example.com?x=1",
		"https://auth.example.com#", "https://auth.example.com/#x", "https://u@auth.example.com", "https://@auth.example.com", "HTTPS://auth.example.com", "https://AUTH.example.com",
		"https://auth.example.com:443", "http://127.0.0.1:80", "https://auth.example.com:0443", "https://auth.example.com:", "https://auth.example.com:0", "https://auth.example.com:65536",
		"https://auth.example.com/a//b", "https://auth.example.com//a", "https://auth.example.com/./a", "https://auth.example.com/../a", "https://auth.example.com/%61", "https://auth.example.com/a b",
		"https://auth.example.com/$(id)", "https://auth.example.com/\"", "https://auth.example.com/'", "https://auth.example.com/a;b", "https://auth.example.com/ü", "https://äuth.example.com",
		"https://auth.example.com/a\r\nX: y", "https://auth.example.com/a\x00", "https://..", "https://auth..example.com", "https://-auth.example.com", "https://127.1", "https://2130706433", "https://[::FFFF:1.2.3.4]",
		"https://auth.example.com/.well-known", "https://auth.example.com/.well-known/oauth-authorization-server", "https://auth.example.com/.well-known/oauth-protected-resource/x", " https://auth.example.com", "https://auth.example.com ",
	} {
		refusedConfig(t, server.Config{Issuer: issuer, Store: memory.New(), KeyEncryptionKey: servertest.KEK(t)}, "issuer")
	}
	for _, issuer := range []string{
		"https://auth.example.com", "https://auth.example.com:8443", "https://auth.example.com/tenant", "https://auth.example.com/a/b-c_d.e~f/G", "https://auth.example.com/token",
		"https://xn--uth-8la.example.com", "https://192.0.2.1", "https://[2001:db8::1]:8443", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:8080", "https://localhost", "http://127.0.0.1:443",
	} {
		s, err := server.New(server.Config{Issuer: issuer, Store: memory.New(), KeyEncryptionKey: servertest.KEK(t)})
		if err != nil {
			t.Errorf("%s: %v", issuer, err)
			continue
		}
		if s.Issuer() != issuer {
			t.Errorf("%s became %s", issuer, s.Issuer())
		}
		s.Close()
	}
}
