package interact

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/protect"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// A walk is a person, an application and a machine in the middle of their flows,
// over a store that outlives the server, as an operator's does.
type walk struct {
	*browser
	store   store.Store
	app     servertest.Client // what the person allows something
	machine servertest.Client // a client of the operator's, for itself
	api     servertest.Client // the resource server, which introspects
	guarded http.Handler      // the protected resource

	login, consent  string // the pages that come next
	code            string
	access, refresh string // the newest tokens
	own             string // the machine's

	restarts []func(*server.Config) // what the operator changed so far
}

const walkResource = "https://api.example.com"

func newWalk(t testing.TB) *walk {
	t.Helper()
	w := &walk{store: memory.New(), api: servertest.Client{}}
	w.restart(t, func(*server.Config) {})
	w.app = w.Public()
	w.machine, w.api = w.operators(t), w.operators(t)
	if err := w.accounts.Add(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatal(err)
	}
	return w
}

// restart starts a server over the walk's store, with one more change to its
// configuration. The browser stays.
func (w *walk) restart(t testing.TB, change func(*server.Config)) {
	t.Helper()
	w.restarts = append(w.restarts, change)
	p := &place{accounts: NewLocalAccounts(w.store), t: t}
	p.Server = servertest.New(t, w.store, func(c *server.Config) {
		p.accounts.now = c.Now
		c.Policy = RequireAccount(p.accounts)
		c.Claims = Claims(p.accounts)
		c.Interaction = Pages(Config{Accounts: p.accounts, Store: w.store, Now: c.Now})
		for _, change := range w.restarts {
			change(c)
		}
	})
	guard, err := protect.New(protect.Config{
		Resource: walkResource, AuthorizationServers: []string{servertest.Issuer}, Now: p.Clock.Now,
		Verifier: protect.InProcess(p.VerifyAccessToken), Scopes: []string{"write"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.guarded = guard.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	if w.browser == nil {
		w.browser = p.browser()
	}
	w.place = p
}

// operators is a confidential client of the operator.
func (w *walk) operators(t testing.TB) servertest.Client {
	t.Helper()
	c, secret, err := server.CreateClient(t.Context(), w.store, w.Clock.Now(), server.OperatorClient{
		Metadata: []byte(`{"grant_types":["client_credentials"]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return servertest.Client{ID: c.ID, Secret: secret}
}

// An outcome is what a phase gave.
type outcome string

const (
	refused  outcome = "refused"
	narrowed outcome = "narrowed" // without the scope write
	given    outcome = "given"
)

// A phase is a step of a flow.
type phase struct {
	name  string
	needs string // the phase that gives what it takes; "" for none
	try   func(w *walk) outcome
}

// phases of a person's grant, and of a machine's. A phase that gives something
// keeps it for those after it.
var (
	personPhases = []phase{
		{"authorization request", "", (*walk).tryAuthorize},
		{"sign-in", "authorization request", (*walk).trySignIn},
		{"consent", "sign-in", (*walk).tryConsent},
		{"redemption", "consent", func(w *walk) outcome { return w.tryToken(w.app.Exchange(w.code, nil)) }},
		{"introspection", "redemption", func(w *walk) outcome { return w.tryIntrospect(w.access) }},
		{"protected call", "redemption", func(w *walk) outcome { return w.tryCall(w.access) }},
		{"userinfo", "redemption", (*walk).tryUserInfo},
		{"refresh", "redemption", func(w *walk) outcome { return w.tryToken(w.app.Refresh(w.refresh, nil)) }},
		{"introspection after refresh", "refresh", func(w *walk) outcome { return w.tryIntrospect(w.access) }},
		{"protected call after refresh", "refresh", func(w *walk) outcome { return w.tryCall(w.access) }},
		{"userinfo after refresh", "refresh", (*walk).tryUserInfo},
	}
	machinePhases = []phase{
		{"client credentials", "", (*walk).tryMachine},
		{"introspection", "client credentials", func(w *walk) outcome { return w.tryIntrospect(w.own) }},
		{"protected call", "client credentials", func(w *walk) outcome { return w.tryCall(w.own) }},
	}
)

func (w *walk) tryAuthorize() outcome {
	res := w.keep(w.Get("/authorize", w.app.Request(url.Values{"resource": {walkResource}, "scope": {"openid read write"}}), w.send))
	if w.login = res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || !strings.Contains(w.login, gen.PathLoginPage) {
		return refused
	}
	return given
}

func (w *walk) trySignIn() outcome {
	page := w.get(w.login)
	if page.StatusCode != http.StatusOK {
		return refused
	}
	form := fields(w.t, page)
	form.Set("username", aliceName)
	form.Set("password", alicePassword)
	res := w.post(gen.PathLoginPage, form)
	if w.consent = res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther {
		return refused
	}
	return given
}

func (w *walk) tryConsent() outcome {
	page := w.get(w.consent)
	if page.StatusCode != http.StatusOK {
		return refused
	}
	form := fields(w.t, page)
	form.Set("decision", "allow")
	if w.code = code(w.t, w.post(gen.PathConsentPage, form)); w.code == "" {
		return refused
	}
	return given
}

func (w *walk) tryToken(form url.Values) outcome {
	members, status := w.decode(w.Post(gen.PathToken, form, w.app.Auth()))
	if status != http.StatusOK {
		return refused
	}
	w.access, _ = members["access_token"].(string)
	w.refresh, _ = members["refresh_token"].(string)
	return scoped(members)
}

func (w *walk) tryMachine() outcome {
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {walkResource}, "scope": {"read write"}}
	members, status := w.decode(w.Post(gen.PathToken, form, w.machine.Auth()))
	if status != http.StatusOK {
		return refused
	}
	w.own, _ = members["access_token"].(string)
	return scoped(members)
}

func (w *walk) tryIntrospect(token string) outcome {
	members, _ := w.decode(w.Post(gen.PathIntrospect, url.Values{"token": {token}}, w.api.Auth()))
	if members["active"] != true {
		return refused
	}
	return scoped(members)
}

// tryCall calls the resource, which wants the scope write.
func (w *walk) tryCall(token string) outcome {
	r := httptest.NewRequest(http.MethodGet, walkResource, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	rec := httptest.NewRecorder()
	w.guarded.ServeHTTP(rec, r)
	switch rec.Code {
	case http.StatusOK:
		return given
	case http.StatusForbidden:
		return narrowed
	}
	return refused
}

func (w *walk) tryUserInfo() outcome {
	if w.Get(gen.PathUserInfo, nil, servertest.Bearer(w.access)).StatusCode != http.StatusOK {
		return refused
	}
	return given
}

func (w *walk) decode(res *http.Response) (members map[string]any, status int) {
	w.t.Helper()
	return servertest.Decode(w.t, res, res.StatusCode), res.StatusCode
}

func scoped(members map[string]any) outcome {
	scope, _ := members["scope"].(string)
	if !slices.Contains(strings.Fields(scope), "write") {
		return narrowed
	}
	return given
}
