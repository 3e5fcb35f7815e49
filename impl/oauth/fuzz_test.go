package oauth

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// FuzzParseResource is FUZZ-5: the canonical form is its own canonical form, and
// net/url reads the same host, path and query in it.
func FuzzParseResource(f *testing.F) {
	for _, s := range []string{"https://api.example.com", "HTTPS://API.example.com:443/", "https://api.example.com:8443/mcp?x=y", "http://127.0.0.1:8080/mcp", "http://[::1]/",
		"https://a.example/%2e%2e/b", "https://a.example/../b", "https://a@b.example/", "https://a.example#f", "https://a.example\\@b.example/", "https://0x7f.1/", "https://a.example:0443/",
		"urn:example:cooperation-context", "https://xn--e1afmkfd.example/", "https://a..example/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := ParseResource(raw)
		if err != nil {
			if !r.IsZero() {
				t.Errorf("%q is refused and is %q", raw, r)
			}
			return
		}
		if again, err := ParseResource(r.String()); err != nil || again != r {
			t.Fatalf("%q is %q, which is %q, %v", raw, r, again, err)
		}
		u, err := url.Parse(r.String())
		if err != nil {
			t.Fatalf("%q is %q: %v", raw, r, err)
		}
		address, _ := netip.ParseAddr(u.Hostname())
		local := address.IsLoopback() || u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost")
		if u.Scheme != "https" && (u.Scheme != "http" || !local) || u.User != nil || u.Fragment != "" || u.Hostname() == "" {
			t.Errorf("%q is taken as %q", raw, r)
		}
		if u.String() != r.String() || r.origin != u.Scheme+"://"+u.Host || r.path != u.EscapedPath() || strings.TrimPrefix(r.query, "?") != u.RawQuery {
			t.Errorf("%q: we read %+v, net/url %+v", raw, r, u)
		}
	})
}

// FuzzCovers is ATK-77: what is covered has the origin and, segment by segment,
// the path of what covers it.
func FuzzCovers(f *testing.F) {
	for _, pair := range [][2]string{{"https://h.example/mcp", "https://h.example/mcp/x"}, {"https://h.example/mcp", "https://h.example/mcpx"}, {"https://h.example/mcp/", "https://h.example/mcp"},
		{"https://h.example", "https://h.example:8443/"}, {"https://h.example/a?x", "https://h.example/a"}, {"https://h.example/a", "https://h.example/a?x"}, {"https://h.example/a//", "https://h.example/a/"}} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		configured, err1 := ParseResource(a)
		requested, err2 := ParseResource(b)
		if err1 != nil || err2 != nil || !configured.Covers(requested) {
			if err1 == nil && a == b {
				t.Errorf("%q does not cover itself", a)
			}
			return
		}
		x, err1 := url.Parse(configured.String())
		y, err2 := url.Parse(requested.String())
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		outer, inner := strings.Split(strings.TrimSuffix(x.EscapedPath(), "/"), "/"), strings.Split(y.EscapedPath(), "/")
		under := len(outer) <= len(inner)
		for i := 0; under && i < len(outer); i++ {
			under = outer[i] == inner[i]
		}
		if configured != requested && (x.Scheme != y.Scheme || x.Host != y.Host || x.RawQuery != "" || !under) {
			t.Errorf("%q covers %q", configured, requested)
		}
	})
}
