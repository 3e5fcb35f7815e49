package interact

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// A place is a server with the built-in pages, over which tests walk.
type place struct {
	*servertest.Server
	accounts *LocalAccounts
	client   servertest.Client
	t        testing.TB
}

// newPlace has the account alice and a public client. change may alter the
// configuration of the pages.
func newPlace(t testing.TB, change ...func(*Config)) *place {
	t.Helper()
	return newPlaceOver(t, memory.New(), change...)
}

func newPlaceOver(t testing.TB, st store.Store, change ...func(*Config)) *place {
	t.Helper()
	p := &place{accounts: NewLocalAccounts(st), t: t}
	p.Server = servertest.New(t, st, func(sc *server.Config) {
		p.accounts.now = sc.Now
		cfg := Config{Accounts: p.accounts, Store: st, Now: sc.Now, ScopeDescriptions: map[string]string{"read": "read your notes"}}
		for _, f := range change {
			f(&cfg)
		}
		sc.Interaction = Pages(cfg)
	})
	if err := p.accounts.Add(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatal(err)
	}
	p.client = p.Public()
	return p
}

// A browser keeps cookies, by name, and nothing else.
type browser struct {
	*place
	cookies map[string]string
}

func (p *place) browser() *browser { return &browser{p, map[string]string{}} }

// copy is the same browser at this moment: what it does later is its own.
func (b *browser) copy() *browser { return &browser{b.place, maps.Clone(b.cookies)} }

func (b *browser) keep(res *http.Response) *http.Response {
	for _, c := range res.Cookies() {
		b.cookies[c.Name] = c.Value
	}
	return res
}

func (b *browser) send(r *http.Request) {
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
}

func (b *browser) get(target string) *http.Response {
	b.t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.keep(b.Get(u.EscapedPath(), u.Query(), b.send))
}

func (b *browser) post(path string, form url.Values) *http.Response {
	b.t.Helper()
	return b.keep(b.Post(path, form, b.send))
}

// begin starts an authorization request and returns the address of the login
// page.
func (b *browser) begin() string {
	b.t.Helper()
	return goesTo(b.t, b.keep(b.Get("/authorize", b.client.Request(nil), b.send)))
}

// signIn walks to the consent page as alice and returns its address.
func (b *browser) signIn() string {
	b.t.Helper()
	form := fields(b.t, b.get(b.begin()))
	form.Set("username", aliceName)
	form.Set("password", alicePassword)
	return goesTo(b.t, b.post("/login", form))
}

// question walks to the consent page and returns its form, to be allowed.
func (b *browser) question() url.Values {
	b.t.Helper()
	form := fields(b.t, b.get(b.signIn()))
	form.Set("decision", "allow")
	return form
}

// code returns the code that an answer carries to the client, "" if none.
func code(t testing.TB, res *http.Response) string {
	t.Helper()
	to := res.Header.Get("Location")
	if to == "" {
		return ""
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("code")
}

func goesTo(t testing.TB, res *http.Response) string {
	t.Helper()
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d, want 303: %s", res.StatusCode, body(t, res))
	}
	return res.Header.Get("Location")
}

func body(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var (
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)
	tickedScope = regexp.MustCompile(`<input type="checkbox" id="[^"]*" name="scope" value="([^"]*)" checked>`)
)

// fields returns what the form of a page sends as it stands.
func fields(t testing.TB, res *http.Response) url.Values {
	t.Helper()
	page := body(t, res)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", res.StatusCode, page)
	}
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	for _, m := range tickedScope.FindAllStringSubmatch(page, -1) {
		form.Add("scope", m[1])
	}
	if form.Get("csrf") == "" {
		t.Fatalf("no form: %s", page)
	}
	return form
}

// checkPage fails the test unless res is a page with its policy.
func checkPage(t testing.TB, res *http.Response, status int, texts ...string) {
	t.Helper()
	page := body(t, res)
	if res.StatusCode != status {
		t.Errorf("status %d, want %d: %s", res.StatusCode, status, page)
	}
	for name, want := range map[string]string{
		"Content-Type":               "text/html; charset=utf-8",
		"Cache-Control":              "no-store",
		"X-Frame-Options":            "DENY",
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := res.Header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	policies := res.Header.Values("Content-Security-Policy")
	if len(policies) != 1 || !strings.HasPrefix(policies[0], "default-src 'none'; style-src 'sha256-") || !strings.Contains(policies[0], "frame-ancestors 'none'; base-uri 'none'") {
		t.Errorf("the policy is %q", policies)
	}
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not have %q: %s", text, page)
		}
	}
}
