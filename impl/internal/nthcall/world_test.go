package nthcall

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// A world is a server with its pages over a store that fails on demand, a client,
// and a person's browser.
type world struct {
	*servertest.Server
	t       *testing.T
	store   *failing
	client  servertest.Client // public, registered dynamically
	machine servertest.Client // confidential, an operator's
	cookies map[string]string

	code, access, refresh, handle, csrf, revokeCSRF string
}

// oneAccount knows one person, and spends no time on the password.
type oneAccount struct{}

func (oneAccount) Authenticate(_ context.Context, name, password string) (interact.Identity, error) {
	if name != "alice" || password != "secret" {
		return interact.Identity{}, interact.ErrCredentials
	}
	return interact.Identity{Subject: "alice", Name: "alice"}, nil
}

func (oneAccount) Account(context.Context, string) (interact.Identity, error) {
	return interact.Identity{Subject: "alice", Name: "alice", Claims: json.RawMessage(`{"name":"Alice"}`)}, nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: &failing{store: memory.New()}, cookies: make(map[string]string)}
	w.Server = servertest.New(t, servertest.Quiet(w.store), func(cfg *server.Config) {
		now := cfg.Now
		cfg.Claims = interact.Claims(oneAccount{})
		cfg.Scopes = append(cfg.Scopes, "openid")
		cfg.Interaction = interact.Pages(interact.Config{Accounts: oneAccount{}, Store: w.store, Now: now})
	})
	w.client = w.Public()
	created, secret, err := server.CreateClient(context.Background(), w.store, w.Clock.Now(), server.OperatorClient{
		Metadata: []byte(`{"client_name":"Machine","grant_types":["client_credentials"]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.machine = servertest.Client{ID: created.ID, Secret: secret}
	return w
}

// An exchange is one answer, read.
type exchange struct {
	status int
	header http.Header
	body   string
}

// send sends a request with the browser's cookies, and keeps those that come.
func (w *world) send(r *http.Request) exchange {
	w.t.Helper()
	for name, value := range w.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res := w.Do(r)
	for _, c := range res.Cookies() {
		w.cookies[c.Name] = c.Value
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return exchange{res.StatusCode, res.Header, style.ReplaceAllString(string(body), "")}
}

// style is of no interest in a message.
var style = regexp.MustCompile(`(?s)<style>.*</style>`)

func get(path string, query url.Values) *http.Request {
	return httptest.NewRequest(http.MethodGet, servertest.Issuer+path+"?"+query.Encode(), nil)
}

func post(path string, form url.Values, change ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, servertest.Issuer+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, f := range change {
		f(r)
	}
	return r
}

// must sends a request that has to be answered with status.
func (w *world) must(r *http.Request, status int) exchange {
	w.t.Helper()
	x := w.send(r)
	if x.status != status {
		w.t.Fatalf("%s %s: status %d: %s", r.Method, r.URL.Path, x.status, x.body)
	}
	return x
}

var hidden = regexp.MustCompile(`name="(request|csrf)" value="([^"]*)"`)

// readForm keeps the hidden fields of a page's first form; of a page with several
// the csrf of the last one is that of signing out.
func (w *world) readForm(page exchange) {
	w.t.Helper()
	fields := hidden.FindAllStringSubmatch(page.body, -1)
	if len(fields) == 0 {
		w.t.Fatalf("the page has no form: %s", page.body)
	}
	for i, f := range fields {
		switch {
		case f[1] == "request":
			w.handle = f[2]
		case i == 0:
			w.revokeCSRF, w.csrf = f[2], f[2]
		default:
			w.csrf = f[2]
		}
	}
}

// asked brings an authorization request to its login page.
func (w *world) asked() {
	at := w.must(get("/authorize", w.client.Request(url.Values{"scope": {"openid read"}, "nonce": {"n"}})), http.StatusSeeOther)
	u, err := url.Parse(at.header.Get("Location"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.handle = u.Query().Get("request")
}

func (w *world) loginForm() {
	w.asked()
	w.readForm(w.must(get("/login", url.Values{"request": {w.handle}}), http.StatusOK))
}

func (w *world) login() *http.Request {
	return post("/login", url.Values{"request": {w.handle}, "csrf": {w.csrf}, "username": {"alice"}, "password": {"secret"}}, sameOrigin)
}

// sameOrigin is how a browser sends a form of this server.
func sameOrigin(r *http.Request) { r.Header.Set("Origin", servertest.Issuer) }

func (w *world) consentForm() {
	w.loginForm()
	w.must(w.login(), http.StatusSeeOther)
	w.readForm(w.must(get("/consent", url.Values{"request": {w.handle}}), http.StatusOK))
}

func (w *world) consent(decision string) *http.Request {
	return post("/consent", url.Values{"request": {w.handle}, "csrf": {w.csrf}, "decision": {decision}, "scope": {"openid", "read"}}, sameOrigin)
}

func (w *world) allowed() {
	w.consentForm()
	x := w.must(w.consent("allow"), http.StatusSeeOther)
	u, err := url.Parse(x.header.Get("Location"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.code = u.Query().Get("code")
}

func (w *world) redeem() *http.Request {
	return post("/token", w.client.Exchange(w.code, nil))
}

func (w *world) signedIn() {
	w.allowed()
	w.learn(w.must(w.redeem(), http.StatusOK))
}

// learn keeps the tokens of an answer.
func (w *world) learn(x exchange) {
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal([]byte(x.body), &tokens); err != nil || tokens.Access == "" {
		w.t.Fatalf("%s: %v", x.body, err)
	}
	w.access, w.refresh = tokens.Access, tokens.Refresh
}

func (w *world) refreshes(token string) *http.Request {
	return post("/token", w.client.Refresh(token, nil))
}

// live reports whether a token is good, by the store itself.
func (w *world) live(token string) bool {
	w.t.Helper()
	w.store.heal()
	x := w.must(post("/introspect", url.Values{"token": {token}}, w.machine.Auth()), http.StatusOK)
	return strings.Contains(x.body, `"active":true`)
}

var _ store.Store = (*failing)(nil)
