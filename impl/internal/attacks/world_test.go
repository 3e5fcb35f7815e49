package attacks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// A world is a whole server with the built-in pages, the account alice, and the
// clients that reviews speak of: an application of anybody's, and one of the
// operator's that acts for itself and introspects.
type world struct {
	*servertest.Server
	t            testing.TB
	app, machine servertest.Client
}

const (
	name     = "alice"
	password = "correct horse battery"
	subject  = "u_alice"
	resource = "https://api.example.com"
)

// people are alice. Nothing here is about passwords, which cost time.
var people = interact.AccountFuncs{
	AuthenticateFunc: func(_ context.Context, n, p string) (interact.Identity, error) {
		if n != name || p != password {
			return interact.Identity{}, interact.ErrCredentials
		}
		return interact.Identity{Subject: subject, Name: name}, nil
	},
	AccountFunc: func(_ context.Context, s string) (interact.Identity, error) {
		if s != subject {
			return interact.Identity{}, interact.ErrNoAccount
		}
		return interact.Identity{Subject: subject, Name: name}, nil
	},
}

// signUp makes any account. Nobody uses it after.
func signUp(_ context.Context, name, _ string) (interact.Identity, error) {
	return interact.Identity{Subject: "u_new", Name: name}, nil
}

func newWorld(t testing.TB, st store.Store, change ...func(*server.Config)) *world {
	t.Helper()
	w := &world{t: t}
	change = append([]func(*server.Config){func(c *server.Config) {
		c.Interaction = interact.Pages(interact.Config{Accounts: people, SignUp: signUp, Store: st, Now: c.Now})
		c.Claims = func(context.Context, string) (json.RawMessage, error) {
			return json.RawMessage(`{"name":"Alice"}`), nil
		}
	}}, change...)
	w.Server = servertest.New(t, st, change...)
	w.app = w.Public()
	c, secret, err := server.CreateClient(t.Context(), st, w.Clock.Now(), server.OperatorClient{
		Metadata: []byte(`{"grant_types":["client_credentials"]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.machine = servertest.Client{ID: c.ID, Secret: secret}
	return w
}

// A browser keeps cookies.
type browser struct {
	*world
	cookies map[string]string
}

func (w *world) browser() *browser { return &browser{w, map[string]string{}} }

func (b *browser) keep(res *http.Response) *http.Response {
	for _, c := range res.Cookies() {
		b.cookies[c.Name] = c.Value
	}
	return res
}

func (b *browser) header() http.Header {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r.Header
}

// open opens a page, or what it leads to, and returns what its first form for
// action sends.
func (b *browser) open(target, action string) url.Values {
	b.t.Helper()
	for range 3 {
		u, err := url.Parse(target)
		if err != nil {
			b.t.Fatal(err)
		}
		res := b.keep(b.Get(u.EscapedPath(), u.Query(), func(r *http.Request) { r.Header = b.header() }))
		if target = res.Header.Get("Location"); target == "" {
			return b.form(read(b.t, res), action)
		}
	}
	b.t.Fatalf("the pages lead on and on, to %s", target)
	return nil
}

var (
	htmlForm   = regexp.MustCompile(`(?s)<form method="post" action="([^"]+)"[^>]*>(.*?)</form>`)
	htmlHidden = regexp.MustCompile(`type="hidden" name="([a-z_]+)" value="([^"]*)"`)
	htmlTicked = regexp.MustCompile(`name="(scope)" value="([^"]*)" checked`)
)

func (b *browser) form(page, action string) url.Values {
	b.t.Helper()
	for _, m := range htmlForm.FindAllStringSubmatch(page, -1) {
		if m[1] != action {
			continue
		}
		form := url.Values{}
		for _, field := range slices.Concat(htmlHidden.FindAllStringSubmatch(m[2], -1), htmlTicked.FindAllStringSubmatch(m[2], -1)) {
			form.Add(field[1], field[2])
		}
		return form
	}
	b.t.Fatalf("no form for %s: %s", action, page)
	return nil
}

// signIn signs in at the connected apps.
func (b *browser) signIn() {
	b.t.Helper()
	form := b.open(gen.PathLoginPage+"?request=apps", gen.PathLoginPage)
	form.Set("username", name)
	form.Set("password", password)
	res := b.keep(b.send(request{"login", http.MethodPost, gen.PathLoginPage, form, b.header(), 303}, form.Encode()))
	if res.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("sign-in: %d", res.StatusCode)
	}
}

// A request is one that succeeds with the status want.
type request struct {
	op           string // operationId
	method, path string
	form         url.Values // the query of a GET
	header       http.Header
	want         int
}

// send sends r with this form, byte for byte.
func (w *world) send(r request, form string) *http.Response {
	w.t.Helper()
	target, body := servertest.Issuer+r.path, form
	if r.method == http.MethodGet {
		target, body = target+"?", ""
	}
	sent := httptest.NewRequest(r.method, target, strings.NewReader(body))
	if r.method == http.MethodGet {
		sent.URL.RawQuery = form
	}
	maps.Copy(sent.Header, r.header)
	if r.method == http.MethodPost {
		sent.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return w.Do(sent)
}

// requests are good ones for every operation that takes a form, and for every
// grant of the token endpoint. Each succeeds once, when those before it did or
// did not.
func (w *world) requests() []request {
	w.t.Helper()
	authorization := w.app.Request(url.Values{"resource": {resource}, "prompt": {"consent"}, "scope": {"openid read write"}})
	used, spent := w.Token(w.app, w.app.Exchange(w.code(), nil)), w.Token(w.app, w.app.Exchange(w.code(), nil))
	asking, allowing, leaving := w.browser(), w.browser(), w.browser()
	login := asking.open(gen.PathAuthorize+"?"+authorization.Encode(), gen.PathLoginPage)
	login.Set("username", name)
	login.Set("password", password)
	signingUp := w.browser()
	creation := signingUp.open(gen.PathAuthorize+"?"+w.app.Request(url.Values{"prompt": {"create"}}).Encode(), gen.PathSignUpPage)
	creation.Set("username", "somebody new")
	creation.Set("password", password)
	creation.Set("password_again", password)
	allowing.signIn()
	leaving.signIn()
	consent := allowing.open(gen.PathAuthorize+"?"+authorization.Encode(), gen.PathConsentPage)
	consent.Set("decision", "allow")
	choosing := w.browser()
	choosing.signIn()
	choice := choosing.open(gen.PathAuthorize+"?"+w.app.Request(url.Values{"scope": {"openid"}, "prompt": {"select_account"}}).Encode(), gen.PathChooseAccount)
	choice.Set("account", "other")
	revoking := leaving.open(gen.PathAppsPage, gen.PathRevokeApps)
	revoking.Set("choice", "one")
	post := func(op, path string, form url.Values, header http.Header, want int) request {
		return request{op, http.MethodPost, path, form, header, want}
	}
	return []request{
		{"authorize", http.MethodGet, gen.PathAuthorize, authorization, nil, 303},
		post("authorizePost", gen.PathAuthorize, authorization, nil, 303),
		post("login", gen.PathLoginPage, login, asking.header(), 303),
		post("signUp", gen.PathSignUpPage, creation, signingUp.header(), 303),
		post("chooseAccount", gen.PathChooseAccount, choice, choosing.header(), 303),
		post("consent", gen.PathConsentPage, consent, allowing.header(), 303),
		post("token", gen.PathToken, w.app.Exchange(w.code(), nil), nil, 200),
		post("token", gen.PathToken, url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}}, w.basic(), 200),
		post("token", gen.PathToken, w.app.Refresh(used.Refresh, nil), nil, 200),
		post("introspect", gen.PathIntrospect, url.Values{"token": {spent.Access}, "token_type_hint": {"access_token"}}, w.basic(), 200),
		post("userInfoPost", gen.PathUserInfo, url.Values{"access_token": {used.Access}}, nil, 200),
		post("revoke", gen.PathRevoke, url.Values{"token": {spent.Access}, "client_id": {w.app.ID}}, nil, 200),
		{"requestLogout", http.MethodGet, gen.PathRequestLogout, url.Values{"client_id": {w.app.ID}, "state": {"s"}}, nil, 303},
		post("requestLogoutPost", gen.PathRequestLogout, url.Values{"client_id": {w.app.ID}, "state": {"s"}}, nil, 303),
		post("revokeApps", gen.PathRevokeApps, revoking, leaving.header(), 303),
		post("logout", gen.PathLogout, leaving.open(gen.PathAppsPage, gen.PathLogout), leaving.header(), 200),
	}
}

// succeeds sends a request as it is, which must do what it is for: the control,
// and the proof that what was refused before it changed nothing.
func (w *world) succeeds(r request) {
	w.t.Helper()
	if res := w.send(r, r.form.Encode()); !gives(w.t, r, res) {
		w.t.Errorf("control: %s: %d, %s, %.400s", r.op, res.StatusCode, res.Header.Get("Location"), read(w.t, res))
	}
}

// gives reports whether an answer is what the operation is for.
func gives(t testing.TB, r request, res *http.Response) bool {
	t.Helper()
	switch {
	case res.StatusCode != r.want || strings.Contains(res.Header.Get("Location"), "error="):
		return false
	case r.op == "introspect":
		return strings.HasPrefix(read(t, res), `{"active":true`)
	}
	return true
}

// failed returns the error of a refusal: the member of a JSON answer, the
// parameter of a redirect to the client, "page" for a page; "" for a success.
func failed(t testing.TB, res *http.Response) string {
	t.Helper()
	if to, err := res.Location(); err == nil {
		return to.Query().Get("error")
	}
	if res.StatusCode < 400 {
		return ""
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		return "page"
	}
	var members map[string]any
	if err := json.Unmarshal([]byte(read(t, res)), &members); err != nil {
		t.Errorf("status %d without JSON: %v", res.StatusCode, err)
	}
	code, _ := members["error"].(string)
	return code
}

func read(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	res.Body = io.NopCloser(bytes.NewReader(b)) // to be read again
	return string(b)
}

// basic is the header by which the machine authenticates.
func (w *world) basic() http.Header {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	w.machine.Auth()(r)
	return r.Header
}

// code is one that alice allowed, without her pages.
func (w *world) code() string {
	w.t.Helper()
	return w.complete(url.Values{"resource": {resource}, "scope": {"openid read write"}})
}

// complete is the code for a request with changes.
func (w *world) complete(changes url.Values) string {
	w.t.Helper()
	p := w.Pending(w.app.Request(changes))
	response, err := w.Complete(w.t.Context(), p, server.Decision{Subject: subject, AuthTime: w.Clock.Now()})
	if err != nil {
		w.t.Fatal(err)
	}
	to, err := url.Parse(response.Location())
	if err != nil {
		w.t.Fatal(err)
	}
	return to.Query().Get("code")
}

// forms returns the parameters of every operation that takes a form, by
// operationId; true for those that may come several times.
func forms(t testing.TB) map[string]map[string]bool {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(charter.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]bool{}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if schema := formSchema(op); schema != nil {
				all[op.OperationID] = map[string]bool{}
				for name, property := range schema.Properties {
					all[op.OperationID][name] = property.Value.Type.Is("array")
				}
			}
		}
	}
	if len(all) < 9 {
		t.Fatalf("only %d operations with forms were found", len(all))
	}
	return all
}

func formSchema(op *openapi3.Operation) *openapi3.Schema {
	for _, p := range op.Parameters {
		if p.Value.In == "query" && p.Value.Schema.Value.Type.Is("object") {
			return p.Value.Schema.Value
		}
	}
	if op.RequestBody == nil {
		return nil
	}
	if c := op.RequestBody.Value.Content["application/x-www-form-urlencoded"]; c != nil {
		return c.Schema.Value
	}
	return nil
}
