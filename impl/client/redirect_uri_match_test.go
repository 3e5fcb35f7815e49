package client

import (
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// TestMatchRedirectURI: only the port of http at a loopback address may differ
// (RFC8252-7.3-1, RFC8252-8.4-4, RFC9700-2.1-1, RFC9700-4.1.3-1,
// RFC9700-4.1.3-2, RFC6749-3.1.2.3-2, CIMD-4.5-1). Every refusal differs from a
// row that matches by the one thing that it names.
func TestMatchRedirectURI(t *testing.T) {
	proof.Of(t, "RFC8414-4-1", "RFC8414-4-2", "RFC9728-6-1", "RFC9728-6-2")
	proof.Of(t, "ATK-11", "ATK-16", "GITEA-37706", "DEX-7cb2317c", "ATK-12", "AUTHLIB-1.8", "CVE-2026-39821", "WOP-97")
	const app, loop = "https://app.example.com/cb", "http://127.0.0.1/cb"
	for _, c := range []struct {
		name, registered, requested string
		want                        bool
	}{
		{"same bytes", app, app, true},
		{"ATK-11 trailing slash", app, app + "/", false},
		{"ATK-11 added query", app, app + "?a=b", false},
		{"ATK-11 empty query", app, app + "?", false},
		{"ATK-16 fragment", app, app + "#x", false},
		{"ATK-11 empty fragment", app, app + "#", false},
		{"ATK-11 default port", app, "https://app.example.com:443/cb", false},
		{"ATK-11 other port", app, "https://app.example.com:8443/cb", false},
		{"ATK-11 scheme in upper case", app, "HTTPS://app.example.com/cb", false},
		{"ATK-11 host in upper case", app, "https://App.example.com/cb", false},
		{"ATK-11 path in upper case", app, "https://app.example.com/CB", false},
		{"ATK-11 encoded letter", app, "https://app.example.com/%63b", false},
		{"ATK-11 dot segment", app, "https://app.example.com/x/../cb", false},
		{"ATK-11 double slash", app, "https://app.example.com//cb", false},
		{"ATK-11 path parameter", app, app + ";x", false},
		{"ATK-11 host with a dot at the end", app, "https://app.example.com./cb", false},
		{"ATK-11 look-alike", app, "https://app.examp1e.com/cb", false},
		{"ATK-11 prefix", app, app + "x", false},
		{"ATK-11 http", app, "http://app.example.com/cb", false},
		{"ATK-11 sub-domain", app, "https://x.app.example.com/cb", false},
		{"empty", app, "", false},
		{"GITEA-37706 long s", "https://base.example/cb", "https://ba\u017fe.example/cb", false},
		{"GITEA-37706 Kelvin sign", "https://kelvin.example/cb", "https://\u212aelvin.example/cb", false},
		{"GITEA-37706 dotless i", "https://id.example/cb", "https://\u0131d.example/cb", false},
		{"DEX-7cb2317c decoded once", "https://a.example/%2561", "https://a.example/%61", false},
		{"DEX-7cb2317c control", "https://a.example/%2561", "https://a.example/%2561", true},

		{"ATK-12 registered without port", loop, "http://127.0.0.1:49152/cb", true},
		{"ATK-12 registered with port", "http://127.0.0.1:8080/cb", "http://127.0.0.1:49152/cb", true},
		{"ATK-12 requested without port", "http://127.0.0.1:8080/cb", loop, true},
		{"ATK-12 port 1", loop, "http://127.0.0.1:1/cb", true},
		{"ATK-12 port 80", loop, "http://127.0.0.1:80/cb", true},
		{"ATK-12 port 65535", loop, "http://127.0.0.1:65535/cb", true},
		{"ATK-12 IPv6", "http://[::1]/cb?a=b", "http://[::1]:49152/cb?a=b", true},
		{"ATK-12 localhost, as registered", "http://localhost:3000/cb", "http://localhost:49152/cb", true},
		{"ATK-12 port 0", loop, "http://127.0.0.1:0/cb", false},
		{"ATK-12 port 65536", loop, "http://127.0.0.1:65536/cb", false},
		{"ATK-12 port with a zero before it", loop, "http://127.0.0.1:08080/cb", false},
		{"ATK-12 empty port", loop, "http://127.0.0.1:/cb", false},
		{"ATK-12 other path", loop, "http://127.0.0.1:49152/cc", false},
		{"ATK-12 query added", loop, "http://127.0.0.1:49152/cb?a=b", false},
		{"ATK-12 query left out", "http://[::1]/cb?a=b", "http://[::1]:49152/cb", false},
		{"ATK-12 https", loop, "https://127.0.0.1:49152/cb", false},
		{"ATK-12 https registered", "https://127.0.0.1/cb", "https://127.0.0.1:49152/cb", false},
		{"ATK-12 https registered, http requested", "https://127.0.0.1/cb", loop, false},
		{"ATK-12 https at localhost", "https://localhost:3000/cb", "https://localhost:3001/cb", false},
		{"ATK-12 localhost for the literal", loop, "http://localhost:49152/cb", false},
		{"ATK-12 the literal for localhost", "http://localhost/cb", "http://127.0.0.1:49152/cb", false},
		{"ATK-12 IPv6 for IPv4", loop, "http://[::1]:49152/cb", false},
		{"ATK-12 another loopback address", loop, "http://127.0.0.2:49152/cb", false},
		{"ATK-12 mapped address", loop, "http://[::ffff:127.0.0.1]:49152/cb", false},
		{"ATK-12 fragment", loop, "http://127.0.0.1:49152/cb#x", false},
		{"ATK-12 user information", loop, "http://u@127.0.0.1:49152/cb", false},
		{"AUTHLIB-1.8 loopback as user name", loop, "http://127.0.0.1:49152@evil.com/cb", false},
		{"ZIT-12559 loopback as prefix", loop, "http://127.0.0.1.evil.com/cb", false},
		{"CVE-2026-28512 localhost as prefix", "http://localhost/cb", "http://localhost.evil.com/cb", false},
		{"CVE-2026-39821 encoded localhost", "http://localhost/cb", "http://xn--localhost-/cb", false},

		{"private use", "com.example.app:/cb", "com.example.app:/cb", true},
		{"private use, other path", "com.example.app:/cb", "com.example.app:/cb2", false},
		{"private use, port", "com.example.app://127.0.0.1/cb", "com.example.app://127.0.0.1:1/cb", false},
		{"WOP-97 even when a list has it", "javascript:alert(1)", "javascript:alert(1)", false},
		{"RED-1 even when a list has it", `https:/\evil.com/cb`, `https:/\evil.com/cb`, false},
	} {
		if got := MatchRedirectURI([]string{"https://other.example/", c.registered}, c.requested); got != c.want {
			t.Errorf("%s: %q for %q: %v", c.name, c.requested, c.registered, got)
		}
	}
	if MatchRedirectURI(nil, app) {
		t.Error("RFC6749-3.1.2.4-1: matched without a registration")
	}
}

func TestRedirectURITargets(t *testing.T) {
	for _, c := range []struct {
		uri, display, origin string
		loopback             bool
	}{
		{"https://app.example.com/cb", "app.example.com", "https://app.example.com", false},
		{"https://app.example.com:8443/cb", "app.example.com:8443", "https://app.example.com:8443", false},
		{"http://127.0.0.1:49152/cb", "127.0.0.1:49152", "http://127.0.0.1:49152", true},
		{"http://127.0.0.1:80/cb", "127.0.0.1:80", "http://127.0.0.1", true},
		{"http://[::1]/cb", "[::1]", "http://[::1]", true},
		{"http://localhost:3000", "localhost:3000", "http://localhost:3000", true},
		{"https://localhost/cb", "localhost", "https://localhost", false},
		{"com.example.app:/cb", "com.example.app", "com.example.app:", false},
		{"com.example.app://app.bank.example/cb", "com.example.app", "com.example.app:", false},
		{"javascript:alert(1)", "", "", false},
		{"https://app.example.com@evil.com/cb", "", "", false},
		{"http://127.0.0.1/../cb", "", "", false},
		{"https://app.example.com/cb?code=x", "", "", false},
		{"https://app.example.com:80/cb", "app.example.com:80", "https://app.example.com:80", false},
		{"http://localhost:443/cb", "localhost:443", "http://localhost:443", true},
	} {
		if got := DisplayTarget(c.uri); got != c.display {
			t.Errorf("MCP-SEC-Localhost-Redirect-URI-Risks-2 DisplayTarget(%q) = %q, want %q", c.uri, got, c.display)
		}
		if got := Origin(c.uri); got != c.origin {
			t.Errorf("Origin(%q) = %q, want %q", c.uri, got, c.origin)
		}
		if got, want := RedirectOrigin(c.uri), c.origin; got != strings.TrimSuffix(want, "com.example.app:") {
			t.Errorf("RedirectOrigin(%q) = %q", c.uri, got)
		}
		if got := LoopbackTarget(c.uri); got != c.loopback {
			t.Errorf("LoopbackTarget(%q) = %v", c.uri, got)
		}
	}
}
