package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// without is a changed request that lacks a parameter.
var without = []string{""}

// RFC6749-3.1.1-1, RFC6749-4.1.2.1-3, -5, -6, -8, -9, -12, -13, -15, RFC8707-2-1, -2, -5,
// RFC8707-2.1-3, RFC7636-4.4.1-1, -3, RFC8252-8.1-1, RFC9207-2-1: what is wrong with a request
// whose redirect URI is good goes to the client, with its code, its state once
// and iss once; nothing is stored. GET and POST alike (ATK-162).
func TestAuthorizationErrorsGoToTheClient(t *testing.T) {
	proof.Of(t, "OIDC-CORE-3.1.2.2-1", "OIDC-CORE-3.1.2.2-3", "OIDC-CORE-3.1.2.2-9")
	proof.Of(t, "ATK-162", "MAD-6", "ATK-16", "ATK-19", "ATK-20", "ATK-24", "MAD-27", "ATK-124", "ATK-150", "ATK-157", "ATK-156")
	f := newFixture(t)
	c := f.Public()
	machine := f.operator(t, server.OperatorClient{Metadata: []byte(`{"redirect_uris":["https://app.example.com/cb"],"grant_types":["client_credentials"]}`)})
	for _, row := range []struct {
		name    string
		changes url.Values
		code    string
	}{
		// MAD-6, OAUTH21-10-1: no code path writes a token into a Location.
		{"response_type token", url.Values{"response_type": {"token"}}, "unsupported_response_type"},
		{"response_type id_token", url.Values{"response_type": {"id_token"}}, "unsupported_response_type"},
		{"response_type id_token token", url.Values{"response_type": {"id_token token"}}, "unsupported_response_type"},
		{"response_type code token", url.Values{"response_type": {"code token"}}, "unsupported_response_type"},
		{"response_type token code", url.Values{"response_type": {"token code"}}, "unsupported_response_type"},
		{"response_type code id_token", url.Values{"response_type": {"code id_token"}}, "unsupported_response_type"},
		{"response_type none", url.Values{"response_type": {"none"}}, "unsupported_response_type"},
		{"response_type CODE", url.Values{"response_type": {"CODE"}}, "unsupported_response_type"},
		{"response_type with space", url.Values{"response_type": {" code"}}, "unsupported_response_type"},
		{"response_type missing", url.Values{"response_type": without}, "invalid_request"},
		{"response_type repeated", url.Values{"response_type": {"code", "code"}}, "unsupported_response_type invalid_request"},
		// ATK-16, ATK-19, CVE-2026-3872.
		{"response_mode fragment", url.Values{"response_mode": {"fragment"}}, "invalid_request"},
		{"response_mode fragment", url.Values{"response_mode": {"fragment"}}, "invalid_request"},
		{"response_mode web_message", url.Values{"response_mode": {"web_message"}}, "invalid_request"},
		{"response_mode query.jwt", url.Values{"response_mode": {"query.jwt"}}, "invalid_request"},
		{"response_mode repeated", url.Values{"response_mode": {"query", "query"}}, "invalid_request"},
		// ATK-20, CVE-2025-4144, OAUTH21-4.1.1-1.
		{"challenge missing", url.Values{"code_challenge": without, "code_challenge_method": without}, "invalid_request"},
		{"challenge missing, method there", url.Values{"code_challenge": without}, "invalid_request"},
		{"challenge repeated", url.Values{"code_challenge": {servertest.Challenge, servertest.Challenge}}, "invalid_request"},
		// ATK-24.
		{"challenge of 42", url.Values{"code_challenge": {servertest.Challenge[:42]}}, "invalid_request"},
		{"challenge of 44", url.Values{"code_challenge": {servertest.Challenge + "A"}}, "invalid_request"},
		{"challenge padded", url.Values{"code_challenge": {servertest.Challenge + "="}}, "invalid_request"},
		{"challenge in standard base64", url.Values{"code_challenge": {"+/" + servertest.Challenge[2:]}}, "invalid_request"},
		{"challenge in hex", url.Values{"code_challenge": {strings.Repeat("ab", 32)}}, "invalid_request"},
		{"challenge with space", url.Values{"code_challenge": {" " + servertest.Challenge[1:]}}, "invalid_request"},
		{"challenge with trailing bits", url.Values{"code_challenge": {servertest.Challenge[:42] + "N"}}, "invalid_request"},
		// MAD-27, WOP-275, RFC7636-4.3-2.
		{"method s256", url.Values{"code_challenge_method": {"s256"}}, "invalid_request"},
		{"method plain", url.Values{"code_challenge_method": {"plain"}}, "invalid_request"},
		{"method S512", url.Values{"code_challenge_method": {"S512"}}, "invalid_request"},
		{"method absent", url.Values{"code_challenge_method": without}, "invalid_request"},
		{"method with space", url.Values{"code_challenge_method": {" S256"}}, "invalid_request"},
		{"method repeated", url.Values{"code_challenge_method": {"S256", "S256"}}, "invalid_request"},
		{"scope unknown", url.Values{"scope": {"read nonsense"}}, "invalid_scope"},
		{"scope of another resource", url.Values{"scope": {"tools"}}, "invalid_scope"},
		{"scope case", url.Values{"scope": {"READ"}}, "invalid_scope"},
		{"scope malformed", url.Values{"scope": {"read  write"}}, "invalid_scope"},
		{"scope quoted", url.Values{"scope": {`"read"`}}, "invalid_scope"},
		{"scope repeated", url.Values{"scope": {"read", "write"}}, "invalid_scope invalid_request"},
		{"resource unknown", url.Values{"resource": {"https://other.example.com"}}, "invalid_target"},
		{"resource relative", url.Values{"resource": {"/mcp"}}, "invalid_target"},
		{"resource with fragment", url.Values{"resource": {"https://api.example.com/#x"}}, "invalid_target"},
		{"resource with userinfo", url.Values{"resource": {"https://u@api.example.com/"}}, "invalid_target"},
		{"resource of many", url.Values{"resource": slices.Repeat([]string{"https://api.example.com"}, 17)}, "invalid_target"},
		{"resource, one of two unknown", url.Values{"resource": {"https://api.example.com", "https://evil.example.com"}}, "invalid_target"},
		{"resource beside", url.Values{"resource": {"https://mcp.example.com/mcpx"}}, "invalid_target"},
		// ATK-95, ATK-124, CVE-2020-10770.
		{"request object", url.Values{"request": {"e30.e30."}}, "request_not_supported"},
		{"request_uri", url.Values{"request_uri": {"https://evil.com/r"}}, "request_uri_not_supported"},
		{"request_uri, PAR", url.Values{"request_uri": {"urn:ietf:params:oauth:request_uri:x"}}, "request_uri_not_supported"},
		// ATK-150, RFC6749-3.1-8, OAUTH21-3.1-1.
		{"nonce repeated", url.Values{"nonce": {"a", "a"}}, "invalid_request"},
		{"prompt repeated", url.Values{"prompt": {"none", "login"}}, "invalid_request"},
		{"login_hint repeated", url.Values{"login_hint": {"a", "b"}}, "invalid_request"},
		{"ui_locales repeated", url.Values{"ui_locales": {"a", "b"}}, "invalid_request"},
		{"request repeated", url.Values{"request": {"a", "b"}}, "invalid_request"},
		{"request_uri repeated", url.Values{"request_uri": {"a", "b"}}, "invalid_request"},
		// ATK-157.
		{"nonce long", url.Values{"nonce": {strings.Repeat("n", 1025)}}, "invalid_request"},
		{"login_hint long", url.Values{"login_hint": {strings.Repeat("n", 257)}}, "invalid_request"},
		{"scope long", url.Values{"scope": {strings.Repeat("n", 4097)}}, "invalid_scope"},
		{"resource long", url.Values{"resource": {"https://api.example.com/" + strings.Repeat("n", 2048)}}, "invalid_target"},
		// ATK-156.
		{"login_hint not UTF-8", url.Values{"login_hint": {"\xff"}}, "invalid_request"},
		{"nonce with NUL", url.Values{"nonce": {"a\x00"}}, "invalid_request"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			what := method + " " + row.name
			f.unchanged(t, what, func() {
				q := redirected(t, what, f.send(method, c.Request(row.changes)), appCallback)
				if !slices.Contains(strings.Fields(row.code), q.Get("error")) {
					t.Errorf("%s: error %q, want %s (%s)", what, q.Get("error"), row.code, q.Get("error_description"))
				}
				if q.Get("state") != "xyz" || q.Has("code") || q.Has("access_token") {
					t.Errorf("%s: %v", what, q)
				}
				onlyDescriptionCharacters(t, what, q.Get("error_description"))
			})
		}
	}
	q := redirected(t, "unauthorized", f.Get("/authorize", machine.Request(nil)), appCallback)
	if q.Get("error") != "unauthorized_client" {
		t.Errorf("a client without the grant: %v", q)
	}
	asks(t, "control", f.Get("/authorize", c.Request(nil)))
	asks(t, "control, response_mode", f.Get("/authorize", c.Request(url.Values{"response_mode": {"query"}, "nonce": {"n"}, "prompt": {"login"}, "login_hint": {strings.Repeat("é", 256)}})))
}

// onlyDescriptionCharacters holds a text to %x20-21 / %x23-5B / %x5D-7E.
func onlyDescriptionCharacters(t *testing.T, what, s string) {
	t.Helper()
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			t.Errorf("%s: error_description %q", what, s)
			return
		}
	}
}

// RFC6749-4.1.1-2, RFC6749-4.1.2.1-1, -2, CVE-2026-79651: whoever the client is not known gets a page, and nothing
// tells which identifiers exist.
func TestUnknownClientGetsAPage(t *testing.T) {
	proof.Of(t, "CVE-2026-79651")
	f := newFixture(t)
	c := f.Public()
	expired := f.Register(`{"client_name":"Expired","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`)
	f.change(t, expired.ID, func(c *store.Client) { c.ExpiresAt = f.Clock.Now() })
	disabled := f.Register(`{"client_name":"Disabled","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`)
	f.change(t, disabled.ID, func(c *store.Client) { c.DisabledAt = f.Clock.Now() })

	for name, changes := range map[string]url.Values{
		"missing":     {"client_id": without},
		"unknown":     {"client_id": {"unknown"}},
		"expired":     {"client_id": {expired.ID}},
		"disabled":    {"client_id": {disabled.ID}},
		"upper case":  {"client_id": {strings.ToUpper(c.ID)}},
		"repeated":    {"client_id": {c.ID, c.ID}},
		"two":         {"client_id": {c.ID, "other"}},
		"NUL":         {"client_id": {c.ID + "\x00"}},
		"space":       {"client_id": {c.ID + " "}},
		"long":        {"client_id": {strings.Repeat("a", 2049)}},
		"URL":         {"client_id": {"https://app.example.com/client.json"}},
		"not UTF-8":   {"client_id": {"\xff"}},
		"also broken": {"client_id": {"unknown"}, "response_type": {"token"}, "prompt": {"none"}},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			f.unchanged(t, name, func() { page(t, method+" "+name, f.send(method, c.Request(changes)), http.StatusBadRequest) })
		}
	}
	asks(t, "control", f.Get("/authorize", c.Request(nil)))
}

func (f fixture) change(t *testing.T, id string, change func(*store.Client)) {
	t.Helper()
	c, err := f.Store.Client(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	change(&c)
	if err := f.Store.ReplaceClient(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

// ATK-151, ATK-153, ATK-155, ATK-160, ATK-161, RFC6749-3.1-7: what is no form at all, or hides parameters in
// the query of a POST, gets a page; unknown parameters get nothing.
func TestAuthorizationRequestThatIsNoForm(t *testing.T) {
	proof.Of(t, "ATK-151", "ATK-153", "ATK-155", "ATK-160", "ATK-161", "ATK-152")
	f := newFixture(t)
	c := f.Public()
	good := c.Request(nil)
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	for _, row := range []struct {
		name   string
		res    func() *http.Response
		status int
	}{
		{"bad escape", func() *http.Response { return f.Do(raw("/authorize", good.Encode()+"&x=%zz")) }, 400},
		{"semicolon escape", func() *http.Response { return f.Do(raw("/authorize", "a=1;b=%g")) }, 400},
		{"10001 parameters", func() *http.Response { return f.Do(raw("/authorize", good.Encode()+strings.Repeat("&x=1", 10001))) }, 400},
		{"all in the query of a POST", func() *http.Response {
			return f.Post("/authorize", url.Values{}, func(r *http.Request) { r.URL.RawQuery = good.Encode() })
		}, 400},
		{"client_id also in the query", func() *http.Response {
			return f.Post("/authorize", good, func(r *http.Request) { r.URL.RawQuery = "client_id=" + c.ID })
		}, 400},
		{"redirect_uri also in the query", func() *http.Response {
			return f.Post("/authorize", good, func(r *http.Request) { r.URL.RawQuery = "redirect_uri=https://evil.com" })
		}, 400},
		{"no Content-Type", func() *http.Response {
			return f.Post("/authorize", good, func(r *http.Request) { r.Header.Del("Content-Type") })
		}, 400},
		{"JSON", func() *http.Response { return f.Post("/authorize", good, header("Content-Type", "application/json")) }, 400},
		{"multipart", func() *http.Response {
			return f.Post("/authorize", good, header("Content-Type", "multipart/form-data; boundary=x"))
		}, 400},
		{"two Content-Types", func() *http.Response {
			return f.Post("/authorize", good, header("Content-Type", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded"))
		}, 400},
		{"charset", func() *http.Response {
			return f.Post("/authorize", good, header("Content-Type", "application/x-www-form-urlencoded; charset=utf-16"))
		}, 400},
		{"gzip", func() *http.Response { return f.Post("/authorize", good, header("Content-Encoding", "gzip")) }, 415},
		{"64 KiB and 1", func() *http.Response {
			return f.Post("/authorize", url.Values{"x": {strings.Repeat("a", 64<<10)}})
		}, 413},
	} {
		f.unchanged(t, row.name, func() { page(t, row.name, row.res(), row.status) })
	}
	asks(t, "unknown parameters", f.Get("/authorize", c.Request(url.Values{"x": {"1", "2"}, "code[]": {"x"}, "code_challenge[0]": {"x"}, "iss": {"https://evil.com"}, "code": {"x"}, "error": {"x"}})))
	asks(t, "charset utf-8", f.Post("/authorize", good, header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")))
	asks(t, "empty values", f.Do(raw("/authorize", good.Encode()+"&resource=&scope=&nonce=&request=&response_mode="))) // ATK-152, RFC6749-3.1-6
}

// MAD-26, OAUTH21-4.1.1-2, OAUTH21-7.5.1.1-1: a confidential client sends a challenge too, unless an
// operator exempted it; registration cannot, and a challenge that is sent must be good.
func TestChallengeOfConfidentialClients(t *testing.T) {
	proof.Of(t, "OAUTH21-4.1.1-3", "OAUTH21-7.5.1.1-1")
	proof.Of(t, "MAD-26")
	f := newFixture(t)
	none := url.Values{"code_challenge": without, "code_challenge_method": without}
	c := f.Confidential()
	q := redirected(t, "confidential", f.Get("/authorize", c.Request(none)), c.RedirectURI)
	if q.Get("error") != "invalid_request" {
		t.Errorf("confidential: %v", q)
	}
	for _, document := range []string{`{"redirect_uris":["https://web.example.com/cb"],"insecure_no_pkce":true}`, `{"redirect_uris":["https://web.example.com/cb"],"InsecureNoPKCE":true}`} {
		c := f.Register(document)
		redirected(t, "self-registered", f.Get("/authorize", c.Request(none)), c.RedirectURI)
	}
	metadata := []byte(`{"redirect_uris":["https://op.example.com/cb"]}`)
	ordinary, exempt := f.operator(t, server.OperatorClient{Metadata: metadata}), f.operator(t, server.OperatorClient{Metadata: metadata, InsecureNoPKCE: true})
	redirected(t, "operator's", f.Get("/authorize", ordinary.Request(none)), ordinary.RedirectURI)
	asks(t, "exempt", f.Get("/authorize", exempt.Request(none)))
	asks(t, "exempt, with challenge", f.Get("/authorize", exempt.Request(nil)))
	for _, changes := range []url.Values{{"code_challenge": without}, {"code_challenge_method": {"plain"}}, {"code_challenge_method": without}} {
		redirected(t, "exempt, bad challenge", f.Get("/authorize", exempt.Request(changes)), exempt.RedirectURI)
	}
	if _, _, err := server.CreateClient(context.Background(), f.Store, f.Clock.Now(), server.OperatorClient{
		Metadata: []byte(`{"redirect_uris":["https://op.example.com/cb"],"token_endpoint_auth_method":"none"}`), InsecureNoPKCE: true,
	}); err == nil {
		t.Error("a public client was exempted from PKCE")
	}
}

// RFC6749-3.3-2, RFC8707-2-4, RFC8707-2.1-1, -2: resource and scope of what waits: canonical, each once, with defaults.
func TestPendingScopesAndResources(t *testing.T) {
	f := newFixture(t, func(c *server.Config) { c.DefaultScopes = []string{"read"} })
	c := f.Public()
	for _, row := range []struct {
		name             string
		changes          url.Values
		scope, resources string
	}{
		{"as asked", nil, "read write", "https://api.example.com"},
		{"default scope", url.Values{"scope": without}, "read", "https://api.example.com"},
		{"named", url.Values{"resource": {"https://mcp.example.com/mcp"}, "scope": {"tools"}}, "tools", "https://mcp.example.com/mcp"},
		{"below", url.Values{"resource": {"https://mcp.example.com/mcp/sse?x=1"}}, "read write", "https://mcp.example.com/mcp"},
		{"slash", url.Values{"resource": {"https://MCP.example.com:443/mcp/"}}, "read write", "https://mcp.example.com/mcp"},
		{"both", url.Values{"resource": {"https://mcp.example.com/mcp", "https://api.example.com/"}}, "read write", "https://mcp.example.com/mcp https://api.example.com"},
		{"twice", url.Values{"resource": {"https://api.example.com", "https://api.example.com/x"}}, "read write", "https://api.example.com"},
		{"scope twice", url.Values{"scope": {"read read"}}, "read", "https://api.example.com"},
	} {
		p := f.Pending(c.Request(row.changes))
		if got := strings.Join(p.Scopes(), " "); got != row.scope {
			t.Errorf("%s: scope %q, want %q", row.name, got, row.scope)
		}
		if got := strings.Join(p.Resources(), " "); got != row.resources {
			t.Errorf("%s: resources %q, want %q", row.name, got, row.resources)
		}
	}
}

// Nothing that merely looks makes a request wait.
func TestVisitsThatNobodyStarted(t *testing.T) {
	proof.Of(t, "ATK-34")
	f := newFixture(t)
	c := f.Public()
	for name, values := range map[string][]string{
		"Sec-Purpose": {"prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"},
		"Purpose":     {"prefetch"},
		"X-Purpose":   {"prefetch"},
	} {
		for _, value := range values {
			f.unchanged(t, name, func() {
				page(t, name, f.Get("/authorize", c.Request(nil), func(r *http.Request) { r.Header.Set(name, value) }), http.StatusBadRequest)
			})
		}
	}
	f.unchanged(t, "HEAD", func() {
		res := f.Get("/authorize", c.Request(nil), func(r *http.Request) { r.Method = http.MethodHead })
		if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Location") != "" {
			t.Errorf("HEAD: %d %v", res.StatusCode, res.Header)
		}
	})
	asks(t, "control", f.Get("/authorize", c.Request(nil), func(r *http.Request) { r.Header.Set("Sec-Purpose", "navigate") }))
}

// RFC6749-4.1.2.1-10, -11, RFC9700-4.12-2: a storage failure after the redirect URI is known goes to
// the client without its text; before that it is a page.
func TestAuthorizeWhenTheStoreFails(t *testing.T) {
	proof.Of(t, "RFC6749-4.1.2.1-10", "RFC6749-4.1.2.1-11")
	down := &failingRequests{Store: memory.New()}
	f := servertest.New(t, down)
	c := f.Public()
	down.create = errors.Join(store.ErrUnavailable, errors.New("dial tcp db.internal"))
	q := redirected(t, "unavailable", f.Get("/authorize", c.Request(nil)), appCallback)
	if q.Get("error") != "temporarily_unavailable" || strings.Contains(q.Encode(), "internal") {
		t.Errorf("unavailable: %v", q)
	}
	down.create = errors.New("defect at db.internal")
	q = redirected(t, "defect", f.Get("/authorize", c.Request(nil)), appCallback)
	if q.Get("error") != "server_error" || strings.Contains(q.Encode(), "db.internal") {
		t.Errorf("defect: %v", q)
	}
	down.client = store.ErrUnavailable
	page(t, "no client", f.Get("/authorize", c.Request(nil)), http.StatusServiceUnavailable)
	down.create, down.client = nil, nil
	asks(t, "control", f.Get("/authorize", c.Request(nil)))
}

type failingRequests struct {
	store.Store
	create, client error
}

func (s *failingRequests) Issue(ctx context.Context, g *store.Grant, t ...store.Token) error {
	if s.create != nil {
		return s.create
	}
	return s.Store.Issue(ctx, g, t...)
}

func (s *failingRequests) Client(ctx context.Context, id string) (store.Client, error) {
	if s.client != nil {
		return store.Client{}, s.client
	}
	return s.Store.Client(ctx, id)
}
