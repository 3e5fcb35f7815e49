package oauth

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

func TestParseResource(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "https://api.example.com/mcp", "https://api.example.com/mcp"},
		{"host only", "https://api.example.com", "https://api.example.com"},
		{"root slash is no path", "https://api.example.com/", "https://api.example.com"},
		{"upper-case scheme and host", "HTTPS://API.Example.COM/MCP", "https://api.example.com/MCP"},
		{"default port", "https://api.example.com:443/mcp", "https://api.example.com/mcp"},
		{"other port", "https://api.example.com:8443/mcp", "https://api.example.com:8443/mcp"},
		{"http default port", "http://127.0.0.1:80/mcp", "http://127.0.0.1/mcp"},
		{"443 is not http's", "http://127.0.0.1:443/mcp", "http://127.0.0.1:443/mcp"},
		{"trailing slash kept", "https://api.example.com/mcp/", "https://api.example.com/mcp/"},
		{"path bytes kept", "https://api.example.com/a%2Db//C;d=1", "https://api.example.com/a%2Db//C;d=1"},
		{"query kept", "https://api.example.com/mcp?x=1", "https://api.example.com/mcp?x=1"},
		{"query of the root", "https://api.example.com?x=1", "https://api.example.com/?x=1"},
		{"loopback http", "http://localhost:3000/mcp", "http://localhost:3000/mcp"},
		{"loopback IPv6", "http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"},
		{"IPv4", "https://192.0.2.1/x", "https://192.0.2.1/x"},
		{"dots that are no segment", "https://h.example/a..b/.c/...", "https://h.example/a..b/.c/..."},
		{"80 is not https's", "https://api.example.com:80/mcp", "https://api.example.com:80/mcp"},
		{"hyphen in a name", "https://my-api.example.com/x", "https://my-api.example.com/x"},
		{"escapes", "https://h.example/%09%aF%Fa?%0A", "https://h.example/%09%aF%Fa?%0A"},
		{"longest label", "https://" + strings.Repeat("a", 63) + ".example/x", "https://" + strings.Repeat("a", 63) + ".example/x"},
		{"longest host", "https://" + strings.Repeat("a.", 126) + "a/x", "https://" + strings.Repeat("a.", 126) + "a/x"},
		{"underscore in a name", "https://my_api.internal/x", "https://my_api.internal/x"},
	} {
		r, err := ParseResource(c.in)
		if err != nil || r.String() != c.want {
			t.Errorf("%s: ParseResource(%q) = %q, %v", c.name, c.in, r, err)
			continue
		}
		if again, err := ParseResource(r.String()); err != nil || again != r {
			t.Errorf("%s: %q is not canonical: %q, %v", c.name, r, again, err)
		}
	}
}

// An escape is two hexadecimal digits (RFC 3986 §2.1), and what is beside them in
// ASCII is none.
func TestEscapesOfAResource(t *testing.T) {
	for c := byte(0x21); c < 0x7f; c++ {
		want := strings.IndexByte("0123456789abcdefABCDEF", c) >= 0
		for _, escape := range []string{"%" + string(c) + "a", "%a" + string(c)} {
			if _, err := ParseResource("https://api.example.com/x" + escape); (err == nil) != want {
				t.Errorf("%s: %v", escape, err)
			}
		}
	}
}

// TestBadResource is ATK-72: each row is one change away from a resource that
// TestParseResource accepts.
func TestBadResource(t *testing.T) {
	proof.Of(t, "ATK-72")
	for _, c := range []struct{ name, in string }{
		{"empty", ""},
		{"relative", "/mcp"},
		{"no scheme", "api.example.com/mcp"},
		{"protocol-relative", "//api.example.com/mcp"},
		{"one slash", "https:/api.example.com/mcp"},
		{"no slashes", "https:api.example.com/mcp"},
		{"three slashes", "https:///api.example.com/mcp"},
		{"fragment", "https://api.example.com/mcp#x"},
		{"empty fragment", "https://api.example.com/mcp#"},
		{"userinfo", "https://user@api.example.com/mcp"},
		{"user and password", "https://u:p@api.example.com/mcp"},
		{"http", "http://api.example.com/mcp"},
		{"http on a name like loopback", "http://localhost.example.com/mcp"},
		{"http on a private address", "http://10.0.0.1/mcp"},
		{"other scheme", "ftp://api.example.com/mcp"},
		{"urn", "urn:example:mcp"},
		{"script", "javascript:alert(1)"},
		{"10 kB", "https://api.example.com/" + strings.Repeat("a", 10_000)},
		{"backslash", `https://api.example.com\mcp`},
		{"backslash before at", `https://evil.example\@api.example.com/mcp`},
		{"space", "https://api.example.com/m cp"},
		{"leading space", " https://api.example.com/mcp"},
		{"newline", "https://api.example.com/mcp\n"},
		{"nul", "https://api.example.com/mcp\x00"},
		{"not ASCII in the host", "https://ápi.example.com/mcp"},
		{"Kelvin sign in the host", "https://\u212a.example.com/mcp"},
		{"ideographic full stop", "https://api.example.com\u3002evil.example/mcp"},
		{"not ASCII in the path", "https://api.example.com/é"},
		{"encoded host", "https://api%2eexample.com/mcp"},
		{"trailing dot", "https://api.example.com./mcp"},
		{"empty label", "https://api..example.com/mcp"},
		{"wildcard", "https://*.example.com/mcp"},
		{"empty host", "https:///mcp"},
		{"empty host with port", "https://:443/mcp"},
		{"empty port", "https://api.example.com:/mcp"},
		{"port 0", "https://api.example.com:0/mcp"},
		{"port zero-padded", "https://api.example.com:0443/mcp"},
		{"port 65536", "https://api.example.com:65536/mcp"},
		{"port with sign", "https://api.example.com:+443/mcp"},
		{"two ports", "https://api.example.com:443:443/mcp"},
		{"short IPv4", "https://127.1/mcp"},
		{"hexadecimal IPv4", "https://0x7f.0.0.1/mcp"},
		{"hexadecimal last part", "https://127.0.0.0x1/mcp"},
		{"octal IPv4", "https://0177.0.0.1/mcp"},
		{"decimal IPv4", "https://2130706433/mcp"},
		{"mapped IPv6", "https://[::ffff:127.0.0.1]/mcp"},
		{"zone", "https://[fe80::1%25eth0]/mcp"},
		{"brackets around a name", "https://[api.example.com]/mcp"},
		{"IPv4 in brackets", "https://[127.0.0.1]/mcp"},
		{"label of 64", "https://" + strings.Repeat("a", 64) + ".example/mcp"},
		{"host of 255", "https://" + strings.Repeat("a.", 127) + "a/mcp"},
		{"label with a hyphen first", "https://-api.example.com/mcp"},
		{"label with a hyphen last", "https://api-.example.com/mcp"},
		{"bracket left open", "https://[::1/mcp"},
		{"dot segment", "https://api.example.com/mcp/../admin"},
		{"dot segment at the end", "https://api.example.com/mcp/.."},
		{"single dot", "https://api.example.com/./mcp"},
		{"encoded dot segment", "https://api.example.com/mcp/%2e%2E/admin"},
		{"encoded separator", "https://api.example.com/mcp/..%2fadmin"},
		{"encoded backslash", "https://api.example.com/mcp/..%5Cadmin"},
		{"dot segment with a parameter", "https://api.example.com/mcp/..;x/admin"},
		{"bad escape", "https://api.example.com/%zz"},
		{"bad escape in the query", "https://api.example.com/mcp?%zz"},
		{"space in the query", "https://api.example.com/mcp?a b"},
		{"newline in the query", "https://api.example.com/mcp?a\nb"},
		{"cut escape", "https://api.example.com/%2"},
		{"quote", `https://api.example.com/"`},
		{"markup", "https://api.example.com/<b>"},
		{"brace", "https://api.example.com/{x}"},
	} {
		r, err := ParseResource(c.in)
		if e := (*Error)(nil); !errors.As(err, &e) || e.Code != "invalid_target" || !r.IsZero() {
			t.Errorf("%s: ParseResource(%.60q) = %q, %v", c.name, c.in, r, err)
		}
	}
}

func TestParseResources(t *testing.T) {
	row := func(n int) (s []string) {
		for i := range n {
			s = append(s, fmt.Sprintf("https://h.example/%d", i))
		}
		return s
	}
	for _, c := range []struct {
		name string
		in   []string
		ok   bool
	}{
		{"none", nil, true},
		{"two", []string{"https://a.example", "https://b.example"}, true},
		{"twenty", row(20), true},
		{"twenty-one", row(21), false},
		{"a thousand", row(1000), false},
		{"repeated", []string{"https://a.example", "https://a.example"}, false},
		{"repeated in another spelling", []string{"https://a.example", "HTTPS://A.example:443/"}, false},
		{"one is bad", []string{"https://a.example", "nonsense"}, false},
	} {
		got, err := ParseResources(c.in)
		if e := (*Error)(nil); (err == nil) != c.ok || err != nil && (!errors.As(err, &e) || e.Code != "invalid_target") {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
		if c.ok && len(got) != len(c.in) {
			t.Errorf("%s: %d of %d", c.name, len(got), len(c.in))
		}
	}
}

func mustResource(t *testing.T, s string) Resource {
	t.Helper()
	r, err := ParseResource(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return r
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		configured, requested string
		want                  bool
	}{
		{"https://h.example/mcp", "https://h.example/mcp", true},
		{"https://h.example/mcp", "https://h.example/mcp/", true},
		{"https://h.example/mcp", "https://h.example/mcp/tools?x=1", true},
		{"https://h.example/mcp", "https://h.example/mcp?x=1", true},
		{"https://h.example/mcp/", "https://h.example/mcp", true},
		{"https://h.example/mcp/", "https://h.example/mcp/x", true},
		{"https://h.example", "https://h.example/anything", true},
		{"https://h.example", "https://h.example/?x", true},
		{"https://h.example/mcp", "https://h.example/mcpx", false},
		{"https://h.example/mcp/", "https://h.example/mcpx", false},
		{"https://h.example/mcp", "https://h.example/MCP", false},
		{"https://h.example/mcp", "https://h.example/m", false},
		{"https://h.example/mcp", "https://h.example", false},
		{"https://h.example/mcp", "https://h.example/%6dcp", false},
		{"https://h.example", "https://h.example.evil.example", false},
		{"https://h.example", "https://x.h.example", false},
		{"https://h.example", "https://h.example:8443", false},
		{"https://localhost", "http://localhost", false},
		{"https://h.example/mcp?x=1", "https://h.example/mcp?x=1", true},
		{"https://h.example/mcp?x=1", "https://h.example/mcp", false},
		{"https://h.example/mcp?x=1", "https://h.example/mcp?x=2", false},
	} {
		if got := mustResource(t, c.configured).Covers(mustResource(t, c.requested)); got != c.want {
			t.Errorf("%s covers %s: %v", c.configured, c.requested, got)
		}
	}
	some := mustResource(t, "https://h.example")
	if (Resource{}).Covers(some) || (Resource{}).Covers(Resource{}) || some.Covers(Resource{}) {
		t.Error("the zero resource covers or is covered")
	}
}

func TestMatchResource(t *testing.T) {
	proof.Of(t, "RFC8414-4-1", "RFC8414-4-2", "RFC9728-6-1", "RFC9728-6-2")
	var configured []Resource
	for _, s := range []string{"https://h.example", "https://h.example/a/b", "https://h.example/a", "https://h.example/a/", "https://k.example/x"} {
		configured = append(configured, mustResource(t, s))
	}
	for _, c := range []struct{ requested, want string }{
		{"https://h.example/a/b/c", "https://h.example/a/b"},
		{"https://h.example/a/c", "https://h.example/a/"},
		{"https://h.example/a", "https://h.example/a"},
		{"https://h.example/a/", "https://h.example/a/"},
		{"https://h.example/z", "https://h.example"},
		{"https://k.example/x/y", "https://k.example/x"},
		{"https://k.example/y", ""},
		{"https://other.example", ""},
	} {
		got, ok := MatchResource(configured, mustResource(t, c.requested))
		if got.String() != c.want || ok != (c.want != "") {
			t.Errorf("%s matched %q, %v", c.requested, got, ok)
		}
	}
}
