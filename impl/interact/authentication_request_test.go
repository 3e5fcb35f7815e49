package interact

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
)

// bob is a second account of every place here.
func (p *place) addBob() {
	p.t.Helper()
	if err := p.accounts.Add(p.t.Context(), "bob", alicePassword); err != nil {
		p.t.Fatal(err)
	}
}

// ask starts an authorization request of a client and returns where it leads the
// browser first.
func (b *browser) ask(c servertest.Client, changes url.Values) string {
	b.t.Helper()
	return goesTo(b.t, b.keep(b.Get("/authorize", c.Request(changes), b.send)))
}

// follow goes on from an address until there is a page, or the client.
func (b *browser) follow(to string) *http.Response {
	b.t.Helper()
	for range 10 {
		if !strings.HasPrefix(to, servertest.Issuer) {
			return &http.Response{StatusCode: http.StatusSeeOther, Header: http.Header{"Location": {to}}}
		}
		res := b.get(to)
		if res.StatusCode != http.StatusSeeOther {
			return res
		}
		to = res.Header.Get("Location")
	}
	b.t.Fatal("the pages go round in circles")
	return nil
}

// answered returns the parameters that the client gets, nil where a page is shown.
func answered(t *testing.T, res *http.Response) url.Values {
	t.Helper()
	if res.StatusCode != http.StatusSeeOther {
		return nil
	}
	u, err := url.Parse(res.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// as signs in at the login form of a page, and allows whatever is asked.
func (b *browser) as(name string, res *http.Response) *http.Response {
	b.t.Helper()
	form := fields(b.t, res)
	form.Set("username", name)
	form.Set("password", alicePassword)
	return b.allowing(b.follow(goesTo(b.t, b.post("/login", form))))
}

func (b *browser) allowing(res *http.Response) *http.Response {
	b.t.Helper()
	if res.StatusCode == http.StatusSeeOther {
		return res
	}
	form := fields(b.t, res)
	form.Set("decision", "allow")
	return b.post("/consent", form)
}

var accountButton = regexp.MustCompile(`name="account" value="([^"]*)"><bdi>([^<]*)</bdi>`)

// redeem keeps what was allowed from ending with its code.
func (b *browser) redeem(c servertest.Client, got url.Values) {
	b.t.Helper()
	if got.Get("code") == "" {
		b.t.Fatalf("no code: %v", got)
	}
	b.Token(c, c.Exchange(got.Get("code"), nil))
}

// Who is signed in is signed in at every client, and is asked again exactly where the client wants it.
func TestSingleSignOn(t *testing.T) {
	proof.Of(t, "OIDC-CORE-15.1-2")
	proof.Of(t, "OIDC-CORE-3.1.2.3-1", "OIDC-CORE-3.1.2.1-15", "OIDC-CORE-3.1.2.1-17", "OIDC-CORE-3.1.2.4-1", "OIDC-CORE-15.1-6")
	p := newPlace(t)
	b, first, second := p.browser(), p.Public(), p.Confidential()
	b.redeem(first, answered(t, b.as(aliceName, b.follow(b.ask(first, nil)))))
	p.Clock.Move(time.Minute)
	for name, row := range map[string]struct {
		client servertest.Client
		q      url.Values
		page   string // "" goes through
	}{
		"the same again":       {first, nil, ""},
		"another client":       {second, nil, "Allow access?"},
		"max_age not reached":  {first, url.Values{"max_age": {"3600"}}, ""},
		"max_age exceeded":     {first, url.Values{"max_age": {"30"}}, "Sign in"},
		"prompt=login":         {first, url.Values{"prompt": {"login"}}, "Sign in"},
		"prompt=consent":       {first, url.Values{"prompt": {"consent"}}, "Allow access?"},
		"prompt=login consent": {first, url.Values{"prompt": {"login consent"}}, "Sign in"},
		"more scope":           {first, url.Values{"scope": {"read write offline_access"}}, "Allow access?"},
	} {
		res := b.follow(b.ask(row.client, row.q))
		got := answered(t, res)
		if row.page == "" {
			if got.Get("code") == "" {
				t.Errorf("%s: %v", name, got)
			}
			continue
		}
		if page := body(t, res); !strings.Contains(page, "<title>"+row.page) {
			t.Errorf("%s: %v, no page %q: %.300s", name, got, row.page, page)
		}
	}
	// Whoever signs in again has answered the request: the form is shown once.
	if got := answered(t, b.as(aliceName, b.follow(b.ask(first, url.Values{"max_age": {"0"}})))); got.Get("code") == "" {
		t.Errorf("after signing in again: %v", got)
	}
}

// prompt=none shows nothing, whatever is missing; the client is told what.
func TestPromptNone(t *testing.T) {
	proof.Of(t, "OIDC-CORE-3.1.2.1-20", "OIDC-CORE-15.1-2")
	proof.Of(t, "OIDC-CORE-3.1.2.1-13", "OIDC-CORE-3.1.2.1-14", "OIDC-CORE-3.1.2.1-26", "OIDC-CORE-3.1.2.3-3", "OIDC-CORE-3.1.2.3-4", "OIDC-CORE-3.1.2.6-4", "OIDC-CORE-3.1.2.6-5", "OIDC-CORE-3.1.2.6-6", "OIDC-CORE-3.1.2.6-7")
	p := newPlace(t)
	p.addBob()
	none := url.Values{"prompt": {"none"}}
	b, c, native := p.browser(), p.Public(), p.Register(`{"application_type":"native","redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none"}`)
	silent := func(c servertest.Client, more url.Values) string {
		t.Helper()
		q := url.Values{"prompt": {"none"}}
		for k, v := range more {
			q[k] = v
		}
		got := answered(t, b.follow(b.ask(c, q)))
		if got.Get("code") != "" {
			return "code"
		}
		return got.Get("error")
	}
	check := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	check("nobody signed in", silent(c, nil), "login_required")
	b.redeem(c, answered(t, b.as(aliceName, b.follow(b.ask(c, nil)))))
	check("signed in and allowed", silent(c, nil), "code")
	check("more than was allowed", silent(c, url.Values{"scope": {"read write offline_access"}}), "consent_required")
	check("a program on the device", silent(native, nil), "consent_required")
	p.Clock.Move(time.Minute)
	check("signed in too long ago", silent(c, url.Values{"max_age": {"30"}}), "login_required")
	// In a frame of the client's page, as silent renewal does it.
	to := b.ask(c, none)
	framed := func(r *http.Request) { b.send(r); r.Header.Set("Sec-Fetch-Dest", "iframe") }
	u, _ := url.Parse(to)
	consent, _ := url.Parse(goesTo(t, b.Get(u.Path, u.Query(), framed)))
	if got := answered(t, b.Get(consent.Path, consent.Query(), framed)); got.Get("code") == "" {
		t.Errorf("in a frame: %v", got)
	}
	// A second account at the browser: which one is meant must be told.
	b.as("bob", b.follow(b.ask(c, url.Values{"prompt": {"login"}})))
	check("two accounts", silent(c, nil), "account_selection_required")
	check("two accounts and a hint", silent(c, url.Values{"login_hint": {aliceName}}), "code")
}

// Several accounts at one browser: one is chosen, or another signs in; what each allowed is their own.
func TestSeveralAccounts(t *testing.T) {
	proof.Of(t, "OIDC-CORE-3.1.2.1-19")
	p := newPlace(t)
	p.addBob()
	b, c := p.browser(), p.Public()
	b.as(aliceName, b.follow(b.ask(c, nil)))
	old := b.copy()
	// One account is no choice, unless the client wants one.
	res := b.follow(b.ask(c, url.Values{"prompt": {"select_account"}}))
	page := body(t, res)
	if !strings.Contains(page, "<title>Choose an account") || !strings.Contains(page, aliceName) {
		t.Fatalf("no choice: %.500s", page)
	}
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	form.Set("account", "other")
	login := b.follow(goesTo(t, b.post("/login/account", form)))
	if got := answered(t, b.as("bob", login)); got.Get("code") == "" {
		t.Fatalf("bob: %v", got)
	}
	if got := answered(t, old.follow(old.ask(c, nil))); got.Get("code") != "" {
		t.Error("an identifier that was known before bob signed in is still good")
	}
	// Both are there, bob first.
	res = b.follow(b.ask(c, nil))
	page = body(t, res)
	checkPage(t, b.follow(b.ask(c, nil)), http.StatusOK, "Choose an account", aliceName, "bob", "Use another account")
	accounts := accountButton.FindAllStringSubmatch(page, -1)
	if len(accounts) != 2 || accounts[0][2] != "bob" || accounts[1][2] != aliceName {
		t.Fatalf("accounts %q", accounts)
	}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	form.Set("account", accounts[1][1])
	stolen := url.Values{"request": form["request"], "csrf": {"AAAA"}, "account": form["account"]}
	if res := b.post("/login/account", stolen); res.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: %d", res.StatusCode)
	}
	if got := answered(t, b.follow(goesTo(t, b.post("/login/account", form)))); got.Get("code") == "" {
		t.Errorf("alice was chosen: %v", got)
	}
	// The choice lasts: alice is first now.
	page = body(t, b.follow(b.ask(c, nil)))
	if accounts := accountButton.FindAllStringSubmatch(page, -1); len(accounts) != 2 || accounts[0][2] != aliceName {
		t.Errorf("accounts %q", accounts)
	}
	// A session of nobody here is another account.
	form = url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	form.Set("account", "AAAAAAAAAAAAAAAAAAAAAA")
	checkPage(t, b.follow(goesTo(t, b.post("/login/account", form))), http.StatusOK, "Sign in")
}

// Five accounts are the most: the one used longest ago gives way, and its session ends.
func TestAccountsAtABrowserAreBounded(t *testing.T) {
	p := newPlace(t)
	b := p.browser()
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		if err := p.accounts.Add(t.Context(), name, alicePassword); err != nil {
			t.Fatal(err)
		}
		p.Clock.Move(time.Second)
		b.as(name, b.follow(b.ask(p.client, url.Values{"prompt": {"login"}})))
	}
	p.Clock.Move(time.Second)
	if n := len(valuesOf(b.cookies["__Host-charter-session"])); n != maxSessions {
		t.Errorf("%d sessions in the cookie", n)
	}
	page := body(t, b.follow(b.ask(p.client, nil)))
	if accounts := accountButton.FindAllStringSubmatch(page, -1); len(accounts) != maxSessions || accounts[0][2] != "g" || accounts[4][2] != "c" {
		t.Errorf("accounts %q", accounts)
	}
	// Signing in again takes no second place.
	b.as("e", b.follow(b.ask(p.client, url.Values{"prompt": {"login"}})))
	page = body(t, b.follow(b.ask(p.client, nil)))
	if accounts := accountButton.FindAllStringSubmatch(page, -1); len(accounts) != maxSessions || accounts[0][2] != "e" {
		t.Errorf("accounts %q", accounts)
	}
}
