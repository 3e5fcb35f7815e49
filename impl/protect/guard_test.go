package protect_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/protect"
)

const (
	bare    = `Bearer scope="read", resource_metadata="` + metadata + `"`
	badly   = `Bearer error="invalid_token", error_description="the access token is not good for this resource", scope="read", resource_metadata="` + metadata + `"`
	narrow  = `Bearer error="insufficient_scope", error_description="the request needs a token with more scope", scope="read", resource_metadata="` + metadata + `"`
	doubled = `Bearer error="invalid_request", error_description="the Authorization header is repeated", scope="read", resource_metadata="` + metadata + `"`
	twice   = `Bearer error="invalid_request", error_description="an access token is in the query as well; it goes into the Authorization header alone", scope="read", resource_metadata="` + metadata + `"`
)

// with changes a good identity.
func with(change func(*protect.Identity)) protect.Identity {
	i := good()
	change(&i)
	return i
}

func tokens() known {
	return known{
		"good":    good(),
		"narrow":  with(func(i *protect.Identity) { i.Scopes = []string{"write"} }),
		"expired": with(func(i *protect.Identity) { i.ExpiresAt = start }),
		"undated": with(func(i *protect.Identity) { i.ExpiresAt = time.Time{} }),
		"foreign": with(func(i *protect.Identity) { i.Audience = []string{"https://other.example.com"} }),
		"nowhere": with(func(i *protect.Identity) { i.Audience = nil }),
		"zero":    {},

		strings.Repeat("a", jose.MaxToken):   good(),
		strings.Repeat("a", jose.MaxToken+1): good(),
		"-._~+/09AZaz==":                     good(),
	}
}

func TestHandler(t *testing.T) {
	proof.Of(t, "CVE-2026-11717", "ATK-71")
	long := strings.Repeat("a", jose.MaxToken)
	h := guard(t, config(tokens())).Handler(hello)
	for _, c := range []struct {
		id, authorization string
		status            int
		challenge         string
	}{
		{"the control", "Bearer good", 200, ""},
		{"scheme in another case (RFC 9110 §11.1)", "bEARER good", 200, ""},
		{"more spaces (RFC 9110 §11.4)", "Bearer   good", 200, ""},
		{"all characters of a token", "Bearer -._~+/09AZaz==", 200, ""},
		{"without expiry", "Bearer undated", 200, ""},
		{"longest", "Bearer " + long, 200, ""},
		{"nothing (RFC 6750 §3.1)", "", 401, bare},
		{"another scheme", "Basic Z29vZDpnb29k", 401, bare},
		{"sender-constrained scheme (RFC 9449 §7.1)", "DPoP good", 401, bare},
		{"no scheme", "good", 401, bare},
		{"scheme runs into the token", "Bearergood", 401, bare},
		{"empty (CVE-2026-11717)", "Bearer", 401, badly},
		{"empty after the space (CVE-2026-11718)", "Bearer ", 401, badly},
		{"garbage (CVE-2026-11717)", "Bearer \x00\xff", 401, badly},
		{"padding alone", "Bearer ==", 401, badly},
		{"padding inside", "Bearer go=od", 401, badly},
		{"two tokens", "Bearer good good", 401, badly},
		{"a list", "Bearer good, Bearer good", 401, badly},
		{"tab", "Bearer\tgood", 401, bare},
		{"too long", "Bearer " + long + "a", 401, badly},
		{"unknown", "Bearer unknown", 401, badly},
		{"expired", "Bearer expired", 401, badly},
		{"ATK-71 another resource", "Bearer foreign", 401, badly},
		{"CVE-2026-11718 no audience", "Bearer nowhere", 401, badly},
		{"an identity that says nothing", "Bearer zero", 401, badly},
		{"scope", "Bearer narrow", 403, narrow},
		{"verifier down", "Bearer down", 503, ""},
	} {
		res := call(h, c.authorization)
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != c.status || res.Header.Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s: status %d, challenge %s", c.id, res.StatusCode, res.Header.Get("WWW-Authenticate"))
		}
		if c.status == 200 {
			if string(body) != "hello alice" {
				t.Errorf("%s: %q", c.id, body)
			}
			continue
		}
		if res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", c.id, res.Header.Get("Cache-Control"))
		}
		if text := string(body); strings.Contains(text, "there is no token") || strings.Contains(text, "10.0.0.7") {
			t.Errorf("%s: the reason went out: %s", c.id, body)
		}
		if after := res.Header.Get("Retry-After"); (after != "") != (c.status == 503) {
			t.Errorf("%s: Retry-After %q", c.id, after)
		}
	}
}

func TestTokenElsewhere(t *testing.T) {
	proof.Of(t, "RFC6750-5.2-7", "RFC6750-5.3-6")
	proof.Of(t, "ATK-105")
	h := guard(t, config(tokens())).Handler(hello)
	query := func(q string) func(*http.Request) { return func(r *http.Request) { r.URL.RawQuery = q } }
	for _, c := range []struct {
		id, authorization string
		change            func(*http.Request)
		status            int
		challenge         string
	}{
		{"the control", "Bearer good", query("q=1"), 200, ""},
		{"query alone is ignored (OAuth 2.1 §5.1)", "", query("access_token=good"), 401, bare},
		{"query and header (RFC 6750 §2)", "Bearer good", query("access_token=good"), 400, twice},
		{"query, spelled otherwise", "Bearer good", query("%61ccess_token=x"), 400, twice},
		{"two headers", "Bearer good", func(r *http.Request) { r.Header.Add("Authorization", "Bearer good") }, 400, doubled},
		{"two headers, two schemes", "Bearer good", func(r *http.Request) { r.Header.Add("Authorization", "Basic eDp5") }, 400, doubled},
		{"form", "", func(r *http.Request) {
			r.Method, r.Body = http.MethodPost, io.NopCloser(strings.NewReader("access_token=good"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}, 401, bare},
		{"cookie", "", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "access_token", Value: "good"}) }, 401, bare},
		{"proxy header (RFC 9449 §7.1)", "", func(r *http.Request) { r.Header.Set("Proxy-Authorization", "Bearer good") }, 401, bare},
	} {
		res := call(h, c.authorization, c.change)
		if res.StatusCode != c.status || res.Header.Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s: status %d, challenge %s", c.id, res.StatusCode, res.Header.Get("WWW-Authenticate"))
		}
	}
}

func TestAudience(t *testing.T) {
	const here = resource
	for _, c := range []struct {
		id       string
		resource string
		audience []string
		ok       bool
		exact    bool // whether ExactAudience takes it
	}{
		{"equal", here, []string{here}, true, true},
		{"slash at the end", here, []string{here + "/"}, true, true},
		{"slash at the end of the resource", here + "/", []string{here}, true, true},
		{"canonical form", here, []string{"HTTPS://MCP.example.com:443/mcp"}, true, true},
		{"above", here, []string{"https://mcp.example.com"}, true, false},
		{"one of two", here, []string{"https://other.example.com", here}, true, false},
		{"below", here, []string{here + "/tools"}, false, false},
		{"same letters before", here, []string{"https://mcp.example.com/mc"}, false, false},
		{"same letters, resource longer", here + "-admin", []string{here}, false, false},
		{"another case", here, []string{"https://mcp.example.com/MCP"}, false, false},
		{"beside", here, []string{"https://mcp.example.com/other"}, false, false},
		{"subdomain", here, []string{"https://x.mcp.example.com/mcp"}, false, false},
		{"longer host", here, []string{"https://mcp.example.com.evil.example/mcp"}, false, false},
		{"another port", here, []string{"https://mcp.example.com:8443/mcp"}, false, false},
		{"another scheme", "https://localhost/mcp", []string{"http://localhost/mcp"}, false, false},
		{"a query", here, []string{here + "?x"}, false, false},
		{"no URL", here, []string{"mcp"}, false, false},
		{"empty", here, []string{""}, false, false},
		{"wildcard", here, []string{"*"}, false, false},
		{"dots", here, []string{"https://mcp.example.com/x/../mcp"}, false, false},
		{"none", here, nil, false, false},
	} {
		for _, exact := range []bool{false, true} {
			conf := config(known{"t": with(func(i *protect.Identity) { i.Audience = c.audience })})
			conf.Resource, conf.ExactAudience = c.resource, exact
			_, err := guard(t, conf).Authenticate(t.Context(), "t")
			if want := c.ok && (c.exact || !exact); (err == nil) != want {
				t.Errorf("%s (exact %v): %v", c.id, exact, err)
			}
		}
	}
}

// TestAuthenticate says which errors there are.
func TestAuthenticate(t *testing.T) {
	g := guard(t, config(tokens()))
	if i, err := g.Authenticate(t.Context(), "good"); err != nil || i.Subject != "alice" {
		t.Errorf("good: %+v, %v", i, err)
	}
	for token, code := range map[string]string{"unknown": "invalid_token", "not one": "invalid_token", "narrow": "insufficient_scope"} {
		_, err := g.Authenticate(t.Context(), token)
		if e, ok := errors.AsType[*oauth.Error](err); !ok || e.Code != code || errors.Is(err, protect.ErrUnavailable) {
			t.Errorf("%s: %v", token, err)
		}
	}
	if _, err := g.Authenticate(t.Context(), "down"); !errors.Is(err, protect.ErrUnavailable) {
		t.Errorf("down: %v", err)
	}
	// Only invalid_token is a "no" of a verifier.
	odd := protect.VerifierFunc(func(context.Context, string) (protect.Identity, error) {
		return good(), oauth.ServerError("odd", "odd")
	})
	if _, err := guard(t, config(odd)).Authenticate(t.Context(), "t"); !errors.Is(err, protect.ErrUnavailable) {
		t.Errorf("server_error: %v", err)
	}
}

func TestScopeCovers(t *testing.T) {
	proof.Of(t, "MCP-Step-Up-Authorization-Flow-1")
	c := config(known{"t": with(func(i *protect.Identity) { i.Scopes = []string{"admin"} })})
	if _, err := guard(t, c).Authenticate(t.Context(), "t"); err == nil {
		t.Error("admin is good for read, without a rule that says so")
	}
	c.ScopeCovers = func(granted, required string) bool { return granted == required || granted == "admin" }
	i, err := guard(t, c).Authenticate(t.Context(), "t")
	if err != nil || !i.HasScopes("read", "write") {
		t.Errorf("%+v, %v", i, err)
	}
}

// TestTokenIsNotForwarded: MCP authorization, Access Token Privilege Restriction.
func TestTokenIsNotForwarded(t *testing.T) {
	for _, keep := range []bool{false, true} {
		c := config(tokens())
		c.KeepAuthorization = keep
		var got []string
		h := guard(t, c).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header["Authorization"] }))
		var sent *http.Request
		call(h, "Bearer good", func(r *http.Request) { sent = r })
		if (len(got) == 1) != keep {
			t.Errorf("keep %v: the handler got %q", keep, got)
		}
		if sent.Header.Get("Authorization") != "Bearer good" {
			t.Error("the caller's request was changed")
		}
	}
}

func TestFromContextWithout(t *testing.T) {
	if i, ok := protect.FromContext(t.Context()); ok || i.HasScopes("read") {
		t.Errorf("an identity without a guard: %+v", i)
	}
}
