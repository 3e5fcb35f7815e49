package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/pkce"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// A tokenTest is a server over a memory store with a clock that stands, and the
// clients of security reviews: C1 and C2 confidential and the operator's, P1
// public and registered by itself, O1 public and the operator's, R1 a resource
// server, D1 confidential and registered by itself.
type tokenTest struct {
	*testing.T
	server *Server
	store  store.Store // what the server writes to

	mu     sync.Mutex
	at     time.Time
	events []store.Event
}

const (
	testIssuer   = "https://auth.example.com"
	resourceA    = "https://a.example.com/mcp"
	resourceB    = "https://b.example.com"
	resourceJ    = "https://jwt.example.com"
	testRedirect = "https://app.example.com/cb"
	testVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 Appendix B
)

func newTokenTest(t *testing.T, configure ...func(*Config)) *tokenTest {
	t.Helper()
	x := &tokenTest{T: t, at: time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)}
	cfg := Config{
		Issuer:           testIssuer,
		Store:            memory.New(),
		KeyEncryptionKey: testKEK(t),
		Resources: []Resource{
			{URI: resourceA, Scopes: []string{"a.read", "a.write"}},
			{URI: resourceB, Scopes: []string{"b.read"}},
			{URI: resourceJ, Scopes: []string{"j.read"}, TokenFormat: JWTES256},
		},
		Scopes: []string{"profile"},
		Now:    x.now,
		Events: func(_ context.Context, e store.Event) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.events = append(x.events, e)
		},
	}
	for _, c := range configure {
		c(&cfg)
	}
	var err error
	if x.server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.server.Close() })
	x.store = cfg.Store
	x.client("C1", "client_secret_basic", sourceOperator)
	x.client("C2", "client_secret_post", sourceOperator)
	x.client("P1", "none", sourceDynamic)
	x.client("R1", "client_secret_basic", sourceOperator)
	x.client("O1", "none", sourceOperator)
	x.client("D1", "client_secret_basic", sourceDynamic)
	return x
}

func (x *tokenTest) now() time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.at
}

func (x *tokenTest) pass(d time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.at = x.at.Add(d)
}

// secretOf is the secret of a confidential client.
func secretOf(id string) string { return "secret-of-" + id + "-0123456789abcdef0123456789abcdef" }

func (x *tokenTest) client(id, method, source string) {
	x.Helper()
	metadata, err := json.Marshal(map[string]any{
		"client_name": id, "redirect_uris": []string{testRedirect}, "response_types": []string{"code"},
		"grant_types":                []string{"authorization_code", "refresh_token", "client_credentials"},
		"token_endpoint_auth_method": method,
	})
	if err != nil {
		x.Fatal(err)
	}
	c := store.Client{ID: id, Metadata: metadata, Source: source, CreatedAt: x.now(), UpdatedAt: x.now()}
	if method != "none" {
		c.Secrets = []store.ClientSecret{{Hash: client.HashGenerated(secretOf(id)), CreatedAt: x.now()}}
	}
	if _, err := x.store.RegisterClient(context.Background(), c, time.Time{}); err != nil {
		x.Fatal(err)
	}
}

// restart replaces the server by one with a changed configuration.
func (x *tokenTest) restart(change func(*Config)) {
	x.Helper()
	cfg := x.server.cfg
	change(&cfg)
	s, err := New(cfg)
	if err != nil {
		x.Fatal(err)
	}
	x.Cleanup(func() { s.Close() })
	x.server = s
}

// change replaces a client's record.
func (x *tokenTest) change(id string, change func(*store.Client)) {
	x.Helper()
	c, err := x.store.Client(context.Background(), id)
	if err != nil {
		x.Fatal(err)
	}
	change(&c)
	if err := x.store.ReplaceClient(context.Background(), c); err != nil {
		x.Fatal(err)
	}
}

// An allowed is what a person allowed: the zero value is one resource and all
// its scopes, with PKCE.
type allowed struct {
	client      string // default C1
	scopes      []string
	resources   []string
	props       string
	noChallenge bool
	uriOmitted  bool // from the authorization request
	forever     bool // the grant does not expire with its code
}

// code makes the grant and the code as the consent does.
func (x *tokenTest) code(a allowed) (code string, grantID string) {
	x.Helper()
	if a.client == "" {
		a.client = "C1"
	}
	if a.scopes == nil {
		a.scopes = []string{"profile", "a.read", "a.write"}
	}
	if a.resources == nil {
		a.resources = []string{resourceA}
	}
	parameters := requestParameters{
		RedirectURI: testRedirect, RedirectURISent: !a.uriOmitted,
		Scopes: a.scopes, Resources: a.resources, CodeChallenge: pkce.Challenge(testVerifier),
	}
	if a.noChallenge {
		parameters.CodeChallenge = ""
	}
	d := Decision{Subject: "alice", AuthTime: x.now()}
	if a.props != "" {
		d.Props = json.RawMessage(a.props)
	}
	code = newCode()
	p := &Pending{server: x.server, client: &registered{id: a.client}, parameters: parameters}
	grant, token, err := x.server.grantAndCode(p, d, a.scopes, code)
	if err != nil {
		x.Fatal(err)
	}
	if a.forever {
		grant.ExpiresAt = time.Time{}
	}
	if err := x.store.Issue(context.Background(), &grant, token); err != nil {
		x.Fatal(err)
	}
	return code, grant.ID
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (a answer) text(name string) string { s, _ := a.body[name].(string); return s }

// As a client authenticates: by its registered method.
func as(id string) func(*http.Request, url.Values) {
	return func(r *http.Request, form url.Values) {
		switch id {
		case "":
		case "P1", "O1":
			form.Set("client_id", id)
		case "C2":
			form.Set("client_id", id)
			form.Set("client_secret", secretOf(id))
		default:
			r.Header.Set("Authorization", basicHeader(id, secretOf(id)))
		}
	}
}

func (x *tokenTest) post(path string, authenticate func(*http.Request, url.Values), form url.Values) answer {
	x.Helper()
	r := httptest.NewRequest(http.MethodPost, testIssuer+path, nil)
	r.RemoteAddr = "192.0.2.1:1234"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sent := url.Values{}
	for name, values := range form {
		sent[name] = slices.Clone(values)
	}
	authenticate(r, sent)
	encoded := sent.Encode()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(encoded)), int64(len(encoded))
	return x.do(r)
}

func (x *tokenTest) do(r *http.Request) answer {
	x.Helper()
	w := httptest.NewRecorder()
	x.server.ServeHTTP(w, r)
	openapitest.Validate(x.T, r, w.Result())
	a := answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	if a.raw != "" {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			x.Errorf("%s %s: %d with a body that is no JSON object: %q", r.Method, r.URL.Path, w.Code, a.raw)
		}
	}
	return a
}

func codeForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {testRedirect}, "code_verifier": {testVerifier}}
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

// with returns the form with some members changed; "" removes.
func with(form url.Values, changes ...string) url.Values {
	changed := url.Values{}
	for name, values := range form {
		changed[name] = values
	}
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			changed.Del(changes[i])
		} else {
			changed[changes[i]] = []string{changes[i+1]}
		}
	}
	return changed
}

// tokens redeems a new code as the client.
func (x *tokenTest) tokens(a allowed) answer {
	x.Helper()
	id := a.client
	if id == "" {
		id = "C1"
	}
	code, _ := x.code(a)
	return x.ok(x.post("/token", as(id), codeForm(code)))
}

func (x *tokenTest) ok(a answer) answer {
	x.Helper()
	if a.status != http.StatusOK {
		x.Fatalf("%d %s", a.status, a.raw)
	}
	if a.header.Get("Cache-Control") != "no-store" {
		x.Errorf("Cache-Control %q", a.header.Get("Cache-Control"))
	}
	return a
}

// refused holds an answer against what every refusal must be: the exact code, no
// caching, nowhere to go, and nothing that was sent.
func (x *tokenTest) refused(name string, a answer, status int, code string, secrets ...string) {
	x.Helper()
	if a.status != status || a.text("error") != code {
		x.Errorf("%s: %d %s; want %d %s", name, a.status, a.raw, status, code)
	}
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Location") != "" || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		x.Errorf("%s: headers %v", name, a.header)
	}
	if status == http.StatusUnauthorized && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
		x.Errorf("%s: 401 without a Basic challenge", name)
	}
	for _, s := range secrets {
		if s != "" && strings.Contains(a.raw, s) {
			x.Errorf("%s: the answer repeats what was sent: %s", name, a.raw)
		}
	}
}

// active asks the introspection endpoint, as the client itself.
func (x *tokenTest) active(id, token string) bool {
	x.Helper()
	a := x.ok(x.post("/introspect", as(id), url.Values{"token": {token}}))
	active, ok := a.body["active"].(bool)
	if !ok || !active && a.raw != `{"active":false}` {
		x.Errorf("introspection answered %s", a.raw)
	}
	return active
}

// live verifies in process, for clients that cannot introspect.
func (x *tokenTest) live(token string) bool {
	_, err := x.server.VerifyAccessToken(context.Background(), token)
	return err == nil
}

// happened counts the events of a reason.
func (x *tokenTest) happened(reason string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := 0
	for _, e := range x.events {
		if e.Reason == reason {
			n++
		}
	}
	return n
}

func newCode() string { return seal.NewToken(seal.PrefixAuthorizationCode) }
