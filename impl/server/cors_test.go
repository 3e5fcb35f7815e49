package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
)

func origin(values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header["Origin"] = values }
}

// Who may read which answer, for every
// operation of the document and every kind of origin.
func TestCrossOriginAccess(t *testing.T) {
	proof.Of(t, "OIDC-DISC-3-34")
	proof.Of(t, "OAUTH21-3.2-2")
	proof.Of(t, "MAD-2")
	f := newFixture(t)
	c := f.Public() // at https://app.example.com
	for _, op := range gen.Operations {
		if slices.Contains(op.Tags, "pages") {
			continue
		}
		path := strings.NewReplacer("{client_id}", c.ID, "{path}", "mcp").Replace(op.Path)
		for _, values := range [][]string{nil, {"null"}, {"https://app.example.com"}, {"https://evil.com"}, {"https://app.example.com.evil.com"}, {"https://app.example.com", "https://evil.com"}, {"https://APP.example.com"}, {"https://app.example.com/"}} {
			r := httptest.NewRequest(op.Method, servertest.Issuer+path, strings.NewReader("client_id="+c.ID+"&token=x&grant_type=refresh_token&refresh_token=x"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if values != nil {
				r.Header["Origin"] = values
			}
			h := f.Do(r).Header
			want := ""
			switch op.CORS {
			case gen.CORSAny:
				want = "*"
			case gen.CORSClient:
				if slices.Equal(values, []string{"https://app.example.com"}) {
					want = "https://app.example.com"
				}
				if h.Get("Vary") != "Origin" {
					t.Errorf("%s: Vary %q", op.ID, h.Get("Vary"))
				}
			}
			if got := strings.Join(h.Values("Access-Control-Allow-Origin"), "|"); got != want {
				t.Errorf("%s from %q: Allow-Origin %q, want %q", op.ID, values, got, want)
			}
			if h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s from %q: credentials are allowed", op.ID, values)
			}
		}
	}
	for _, path := range []string{"/nothing", "//token", "/login", "/consent"} {
		if h := f.Get(path, nil, origin("https://app.example.com")).Header; h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// The answers of a client's own script: success and error, by the client that
// the request names or authenticates, never by a token that it sends.
func TestCrossOriginTokenAnswers(t *testing.T) {
	proof.Of(t, "OIDC-CORE-16.4-1")
	f := newFixture(t)
	c := f.Public()
	web := f.Confidential() // at https://web.example.com
	allowed := func(res *http.Response) string { return res.Header.Get("Access-Control-Allow-Origin") }
	app := origin("https://app.example.com")

	if got := allowed(f.Post("/token", c.Exchange(f.Code(c, nil), nil), app)); got != "https://app.example.com" {
		t.Errorf("success: %q", got)
	}
	if got := allowed(f.Post("/token", c.Exchange("x", nil), app)); got != "https://app.example.com" {
		t.Errorf("error: %q", got)
	}
	if got := allowed(f.Post("/token", web.Exchange(f.Code(web, nil), nil), web.Auth(), app)); got != "" {
		t.Errorf("another client's success: %q", got)
	}
	if got := allowed(f.Post("/token", web.Exchange(f.Code(web, nil), nil), web.Auth(), origin("https://web.example.com"))); got != "https://web.example.com" {
		t.Errorf("confidential: %q", got)
	}
	if got := allowed(f.Post("/token", c.Exchange("x", url.Values{"client_id": {"unknown"}}), app)); got != "" {
		t.Errorf("unknown client: %q", got)
	}
	if got := allowed(f.Post("/revoke", url.Values{"token": {"x"}, "client_id": {c.ID}}, app)); got != "https://app.example.com" {
		t.Errorf("revocation: %q", got)
	}
	loop := f.Register(`{"redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none"}`)
	if got := allowed(f.Post("/token", loop.Exchange("x", nil), origin("http://127.0.0.1:4711"))); got != "http://127.0.0.1:4711" {
		t.Errorf("loopback, any port: %q", got)
	}
}

// A preflight allows the methods and headers that clients use, whatever
// it asks for, and nothing where nobody may call.
func TestPreflight(t *testing.T) {
	proof.Of(t, "MAD-3")
	f := newFixture(t)
	ask := func(path, method string) *http.Response {
		r := httptest.NewRequest(http.MethodOptions, servertest.Issuer+path, nil)
		r.Header.Set("Origin", "https://evil.com")
		r.Header.Set("Access-Control-Request-Method", method)
		r.Header.Set("Access-Control-Request-Headers", "x-evil, cookie")
		return f.Do(r)
	}
	for path, methods := range map[string]string{
		"/token": "POST", "/revoke": "POST", "/register": "POST", "/jwks": "GET", "/.well-known/oauth-authorization-server": "GET",
		"/.well-known/oauth-protected-resource": "GET", "/.well-known/oauth-protected-resource/mcp": "GET",
		"/authorize": "", "/introspect": "", "/register/abc": "", "/healthz": "",
	} {
		res := ask(path, http.MethodDelete)
		h := res.Header
		if res.StatusCode != http.StatusNoContent || h.Get("Access-Control-Allow-Methods") != methods || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", path, res.StatusCode, h)
		}
		wantOrigin, wantHeaders := "*", "authorization, content-type, dpop, mcp-protocol-version"
		if methods == "" {
			wantOrigin, wantHeaders = "", ""
		}
		if h.Get("Access-Control-Allow-Origin") != wantOrigin || h.Get("Access-Control-Allow-Headers") != wantHeaders || h.Get("Vary") != "Origin" {
			t.Errorf("%s: %v", path, h)
		}
	}
	for _, path := range []string{"/nothing", "//token"} {
		if res := ask(path, http.MethodPost); res.StatusCode != http.StatusNotFound || res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
	}
	// OPTIONS that is no preflight is a method like any other.
	if res := f.Do(httptest.NewRequest(http.MethodOptions, servertest.Issuer+"/token", nil)); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("OPTIONS: %d", res.StatusCode)
	}
}
