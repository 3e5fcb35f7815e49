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
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

const bye = "https://app.example.com/bye"

// newLogoutPlace is a place that is an OpenID provider, with alice and bob, and a
// client that has a place to return to after a logout.
func newLogoutPlace(t testing.TB) *place {
	t.Helper()
	st := memory.New()
	p := &place{accounts: NewLocalAccounts(st), t: t}
	p.Server = servertest.New(t, st, func(sc *server.Config) {
		p.accounts.now = sc.Now
		sc.Claims = Claims(p.accounts)
		sc.Interaction = Pages(Config{Accounts: p.accounts, Store: st, Now: sc.Now})
	})
	if err := p.accounts.Add(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatal(err)
	}
	p.addBob()
	p.client = p.relyingParty("app.example.com", "")
	return p
}

// relyingParty registers a client at a host, with more metadata.
func (p *place) relyingParty(host, more string) servertest.Client {
	p.t.Helper()
	return p.Register(strings.ReplaceAll(`{"client_name":"HOST","redirect_uris":["https://HOST/cb"],"post_logout_redirect_uris":["https://HOST/bye"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]`+more+`}`, "HOST", host))
}

// idToken signs somebody in to a client and returns the ID Token.
func (b *browser) idToken(c servertest.Client, name string) string {
	b.t.Helper()
	b.Clock.Move(time.Second) // whoever signed in before has to again
	q := url.Values{"scope": {"openid"}, "prompt": {"login"}}
	got := answered(b.t.(*testing.T), b.as(name, b.follow(b.ask(c, q))))
	if got.Get("code") == "" {
		b.t.Fatalf("no code: %v", got)
	}
	return b.Token(c, c.Exchange(got.Get("code"), nil)).ID
}

// leave sends a logout request and returns the address of the page.
func (b *browser) leave(q url.Values) string {
	b.t.Helper()
	return goesTo(b.t, b.keep(b.Get("/end_session", q, b.send)))
}

// signedIn are the names that the browser is signed in with.
func (b *browser) signedIn() string {
	b.t.Helper()
	res := b.get(servertest.Issuer + "/logout")
	page := body(b.t, res)
	var names []string
	for _, m := range shownAccount.FindAllStringSubmatch(page, -1) {
		names = append(names, m[1])
	}
	return strings.Join(names, " ")
}

var (
	shownAccount = regexp.MustCompile(`(?:Signed in as <strong>|>Sign out )<bdi>([^<]*)</bdi>`)
	leaveButton  = regexp.MustCompile(`name="account" value="([^"]*)">Sign out <bdi>([^<]*)</bdi>`)
)

// Whoever has an ID Token of the session that is in this browser is not asked, and
// only that session ends.
func TestLogoutWithTheSessionsIDToken(t *testing.T) {
	proof.Of(t, "OIDC-RPLO-2-11", "OIDC-RPLO-2-12", "ATK-142", "ATK-144")
	p := newLogoutPlace(t)
	b := p.browser()
	alice := b.idToken(p.client, aliceName)
	bob := b.idToken(p.client, "bob")
	if got := b.signedIn(); got != "bob alice" {
		t.Fatalf("control: signed in are %q", got)
	}
	before := b.copy()
	res := b.get(b.leave(url.Values{"id_token_hint": {alice}, "post_logout_redirect_uri": {bye}, "state": {"s 1"}}))
	if to := goesTo(t, res); to != bye+"?state=s+1" {
		t.Errorf("goes to %s", to)
	}
	if got := b.signedIn(); got != "bob" {
		t.Errorf("left are %q", got)
	}
	if got := before.signedIn(); got != "bob" {
		t.Errorf("the old cookie is good for %q", got)
	}
	// Again: it is no error, nobody is asked to sign out bob, and nothing changes.
	res = b.get(b.leave(url.Values{"id_token_hint": {alice}, "post_logout_redirect_uri": {bye}}))
	checkPage(t, res, http.StatusOK, "Sign out?", "another account than the one that is")
	res = b.get(b.leave(url.Values{"id_token_hint": {bob}}))
	checkPage(t, res, http.StatusOK, "You are signed out", "This browser is not signed in any more.")
	if c := res.Cookies(); len(c) != 2 || c[0].Name != "__Host-charter-state" || c[1].Value != "" || c[1].MaxAge >= 0 || c[1].Name != "__Host-charter-session" {
		t.Errorf("the last logout sets %v", c)
	}
	if got := b.signedIn(); got != "" {
		t.Errorf("left are %q", got)
	}
	// With nobody signed in there is nothing to ask.
	if to := goesTo(t, b.get(b.leave(url.Values{"id_token_hint": {bob}, "post_logout_redirect_uri": {bye}}))); to != bye {
		t.Errorf("goes to %s", to)
	}
	var logouts int
	for _, reason := range p.Reasons() {
		if reason == "logout" {
			logouts++
		}
	}
	if logouts != 2 {
		t.Errorf("%d logouts in the audit trail, want 2", logouts)
	}
}

// Every other request asks first, and leaves everybody signed in until the answer.
func TestLogoutAsks(t *testing.T) {
	proof.Of(t, "ATK-145", "OIDC-RPLO-2-8", "OIDC-RPLO-2-10", "OIDC-RPLO-3-1")
	p := newLogoutPlace(t)
	b, elsewhere := p.browser(), p.browser()
	past := b.idToken(p.client, aliceName)
	b.get(b.leave(url.Values{"id_token_hint": {past}}))
	b.idToken(p.client, aliceName)
	other := elsewhere.idToken(p.client, aliceName)
	bobs := p.browser().idToken(p.client, "bob")
	for name, row := range map[string]struct {
		q     url.Values
		texts []string
		not   string
	}{
		"nothing":                   {nil, []string{"An application asks"}, "app.example.com"},
		"a client's word":           {url.Values{"client_id": {p.client.ID}, "post_logout_redirect_uri": {bye}}, []string{"An application asks"}, "app.example.com"},
		"the name of the person":    {url.Values{"logout_hint": {aliceName}}, nil, "another account"},
		"a session that is over":    {url.Values{"id_token_hint": {past}, "post_logout_redirect_uri": {bye}}, []string{"app.example.com</bdi></strong> asks", "you go back to <bdi>app.example.com"}, "another account"},
		"another browser's session": {url.Values{"id_token_hint": {other}}, []string{"app.example.com</bdi></strong> asks"}, "another account"},
		"another person's session":  {url.Values{"id_token_hint": {bobs}}, []string{"It means another account than the one that is signed in here."}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			res := b.get(b.leave(row.q))
			if len(res.Cookies()) != 0 {
				t.Errorf("sets %v", res.Cookies())
			}
			page := body(t, res)
			if res.StatusCode != http.StatusOK || !strings.Contains(page, "<h1>Sign out?</h1>") || row.not != "" && strings.Contains(page, row.not) {
				t.Errorf("%d: %s", res.StatusCode, page)
			}
			for _, text := range row.texts {
				if !strings.Contains(page, text) {
					t.Errorf("no %q: %s", text, page)
				}
			}
			if b.signedIn() != aliceName || elsewhere.signedIn() != aliceName {
				t.Error("somebody was signed out by the question")
			}
		})
	}
	// Yes: out of this browser alone, and back only where the hint proves who asks.
	for name, row := range map[string]struct {
		q    url.Values
		goes string
	}{
		"a session that is over": {url.Values{"id_token_hint": {past}, "post_logout_redirect_uri": {bye}, "state": {"1"}}, bye + "?state=1"},
		"a client's word":        {url.Values{"client_id": {p.client.ID}, "post_logout_redirect_uri": {bye}, "state": {"1"}}, ""},
		"nothing":                {url.Values{"post_logout_redirect_uri": {"https://evil.com/"}}, ""},
	} {
		b := b.copy()
		b.idToken(p.client, aliceName)
		res := b.post("/logout", fields(t, b.get(b.leave(row.q))))
		if res.Header.Get("Location") != row.goes || (res.StatusCode == http.StatusSeeOther) != (row.goes != "") {
			t.Errorf("%s: %d %v", name, res.StatusCode, res.Header)
		}
		if b.signedIn() != "" {
			t.Errorf("%s: still signed in", name)
		}
	}
	if elsewhere.signedIn() != aliceName {
		t.Error("the other browser was signed out")
	}
}

// A frame, a script or a prefetch of another site signs nobody out, whatever token
// it has; a person's navigation does.
func TestOnlyNavigationSkipsTheQuestion(t *testing.T) {
	proof.Of(t, "ATK-34", "ATK-145")
	p := newLogoutPlace(t)
	b := p.browser()
	to := b.leave(url.Values{"id_token_hint": {b.idToken(p.client, aliceName)}})
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Sec-Fetch-Dest": "iframe", "Sec-fetch-dest": "empty", "Sec-Purpose": "prefetch;prerender"} {
		res := b.Get(u.Path, u.Query(), b.send, func(r *http.Request) { r.Header.Set(name, value) })
		if page := body(t, res); !strings.Contains(page, "<h1>Sign out?</h1>") || len(res.Cookies()) != 0 {
			t.Errorf("%s %s: %d %s", name, value, res.StatusCode, page)
		}
	}
	res := b.Get(u.Path, u.Query(), b.send, func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Dest", "document")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	})
	checkPage(t, b.keep(res), http.StatusOK, "You are signed out")
}

// The form is of one session and one request, and says which account.
func TestLogoutForms(t *testing.T) {
	proof.Of(t, "ATK-143", "OIDC-RPLO-2-11")
	p := newLogoutPlace(t)
	b, other := p.browser(), p.browser()
	b.idToken(p.client, aliceName)
	b.idToken(p.client, "bob")
	other.idToken(p.client, aliceName)
	first, second := b.leave(nil), b.leave(nil)
	form, another, own := fields(t, b.get(first)), fields(t, b.get(second)), fields(t, b.get(servertest.Issuer+"/logout"))
	foreign := fields(t, other.get(first))
	with := func(request, csrf string) url.Values {
		f := url.Values{"csrf": {csrf}}
		if request != "" {
			f.Set("request", request)
		}
		return f
	}
	for name, f := range map[string]url.Values{
		"made up":               with(form.Get("request"), strings.Repeat("A", 43)),
		"of another request":    with(form.Get("request"), another.Get("csrf")),
		"of no request":         with(form.Get("request"), own.Get("csrf")),
		"without its request":   with("", form.Get("csrf")),
		"of another session":    with(form.Get("request"), foreign.Get("csrf")),
		"of the connected apps": with(form.Get("request"), forms(t, b.get("/apps"))["/logout"].Get("csrf")),
	} {
		res := b.post("/logout", f)
		if len(res.Cookies()) != 0 {
			t.Errorf("%s: sets %v", name, res.Cookies())
		}
		t.Run(name, func(t *testing.T) { checkPage(t, res, http.StatusForbidden) })
	}
	if got := b.signedIn(); got != "bob alice" {
		t.Fatalf("left are %q", got)
	}
	buttons := leaveButton.FindAllStringSubmatch(body(t, b.get(first)), -1)
	if len(buttons) != 2 || buttons[1][2] != aliceName {
		t.Fatalf("the page offers %q", buttons)
	}
	form.Set("account", buttons[1][1])
	checkPage(t, b.post("/logout", form), http.StatusOK, "Other accounts are still signed in")
	if got := b.signedIn(); got != "bob" {
		t.Errorf("left are %q", got)
	}
	// The account is signed out already; nobody else is for it.
	form = fields(t, b.get(first))
	form.Set("account", buttons[1][1])
	checkPage(t, b.post("/logout", form), http.StatusOK)
	if got := b.signedIn(); got != "bob" {
		t.Errorf("left are %q", got)
	}
	form.Del("account")
	checkPage(t, b.post("/logout", form), http.StatusOK, "This browser is not signed in any more.")
	if b.signedIn() != "" || other.signedIn() != aliceName {
		t.Error("signing out of all is of this browser")
	}
	checkPage(t, p.browser().get(servertest.Issuer+"/logout?request=chlo_x"), http.StatusBadRequest)
}

// A store that does not answer is no success, and leaves the person signed in.
func TestLogoutWithoutStore(t *testing.T) {
	p := newLogoutPlace(t)
	b := p.browser()
	b.idToken(p.client, aliceName)
	form := fields(t, b.get(servertest.Issuer+"/logout"))
	if err := p.Store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, res := range []*http.Response{b.get(servertest.Issuer + "/logout"), b.post("/logout", form)} {
		if len(res.Cookies()) != 0 {
			t.Errorf("sets %v", res.Cookies())
		}
		checkPage(t, res, http.StatusServiceUnavailable)
	}
}
