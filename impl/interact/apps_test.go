package interact

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// enter signs name in at the login page of the connected apps and returns where
// that leads.
func (b *browser) enter(name, password string) string {
	b.t.Helper()
	form := fields(b.t, b.get("/login?request=apps"))
	form.Set("username", name)
	form.Set("password", password)
	return goesTo(b.t, b.post("/login", form))
}

// connected lets alice allow the client and returns its tokens.
func (b *browser) connected() servertest.Tokens {
	b.t.Helper()
	to, err := url.Parse(b.allowOnce(b.signIn()))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.Token(b.client, b.client.Exchange(to.Query().Get("code"), nil))
}

var appForms = regexp.MustCompile(`(?s)<form method="post" action="([^"]+)"[^>]*>(.*?)</form>`)

// forms returns what the forms of a page send, by action; of several with one
// action the first. The choice is not in it: that is a button's.
func forms(t testing.TB, res *http.Response) map[string]url.Values {
	t.Helper()
	page, all := body(t, res), map[string]url.Values{}
	for _, m := range appForms.FindAllStringSubmatch(page, -1) {
		if all[m[1]] != nil {
			continue
		}
		all[m[1]] = url.Values{}
		for _, field := range regexp.MustCompile(`name="([a-z_]+)" value="([^"]*)">\n`).FindAllStringSubmatch(m[2], -1) {
			all[m[1]].Set(field[1], field[2])
		}
	}
	if all["/logout"] == nil {
		t.Fatalf("status %d, no forms: %s", res.StatusCode, page)
	}
	return all
}

// The whole walk: sign in for the page alone, see what was allowed, take it back.
func TestConnectedApps(t *testing.T) {
	proof.Of(t, "OIDC-CORE-16.18-3")
	proof.Of(t, "OAUTH21-7.9-5")
	p := newPlace(t)
	tokens := p.browser().connected()
	b := p.browser()
	login := goesTo(t, b.get("/apps"))
	if login != servertest.Issuer+"/login?request=apps" {
		t.Fatalf("signed out, the page leads to %s", login)
	}
	checkPage(t, b.get(login), http.StatusOK, "to see your connected apps")
	if to := b.enter(aliceName, alicePassword); to != servertest.Issuer+"/apps" {
		t.Fatalf("signing in leads to %s", to)
	}
	if to := goesTo(t, b.get(login)); to != servertest.Issuer+"/apps" {
		t.Errorf("signed in, the login page leads to %s", to)
	}
	checkPage(t, b.get("/apps"), http.StatusOK, "<bdi>alice</bdi>", "<bdi>Public</bdi>", "Not verified", "read your notes", "<bdi>write</bdi>",
		"<bdi>https://api.example.com</bdi>", `<time datetime="2026-11-24">24 November 2026</time>`)
	if _, err := p.VerifyAccessToken(t.Context(), tokens.Access); err != nil {
		t.Fatal("positive control:", err)
	}
	form := forms(t, b.get("/apps"))["/apps/revoke"]
	form.Set("choice", "one")
	if to := goesTo(t, b.post("/apps/revoke", form)); to != servertest.Issuer+"/apps" {
		t.Errorf("revoking leads to %s", to)
	}
	if _, err := p.VerifyAccessToken(t.Context(), tokens.Access); err == nil {
		t.Error("the access token lives")
	}
	servertest.Refused(t, p.Post("/token", p.client.Refresh(tokens.Refresh, nil)), 400, "invalid_grant")
	checkPage(t, b.get("/apps"), http.StatusOK, "No app has access")
	checkPage(t, b.post("/apps/revoke", form), http.StatusBadRequest, "no access to your account")
}

// Someone else's grant looks like none, and a form of another session, browser
// or purpose does nothing.
func TestRevokeIsOnesOwn(t *testing.T) {
	p := newPlace(t)
	if err := p.accounts.Add(t.Context(), "bob", alicePassword); err != nil {
		t.Fatal(err)
	}
	alice, bob := p.browser(), p.browser()
	tokens := alice.connected()
	bob.enter("bob", alicePassword)
	alices, bobs := forms(t, alice.get("/apps")), forms(t, bob.get("/apps"))
	checkPage(t, bob.get("/apps"), http.StatusOK, "No app has access")
	lives := func(what string) {
		t.Helper()
		if _, err := p.VerifyAccessToken(t.Context(), tokens.Access); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	good := alices["/apps/revoke"]
	token := bob.revokeToken()
	var refused []string
	for _, id := range []string{p.client.ID, "nobody"} {
		res := bob.post("/apps/revoke", url.Values{"csrf": {token}, "choice": {"one"}, "client_id": {id}})
		refused = append(refused, body(t, res))
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", id, res.StatusCode)
		}
	}
	if refused[0] != refused[1] {
		t.Error("an app of somebody else and an unknown one are told apart")
	}
	lives("bob revokes one")
	goesTo(t, bob.post("/apps/revoke", url.Values{"csrf": {token}, "choice": {"every"}}))
	lives("bob revokes all")
	for what, csrf := range map[string]string{
		"bob's token": token, "the token to sign out": alices["/logout"].Get("csrf"), "made up": strings.Repeat("A", 43),
		"bob's to sign out": bobs["/logout"].Get("csrf"),
	} {
		res := alice.post("/apps/revoke", url.Values{"csrf": {csrf}, "choice": {"every"}})
		t.Run(what, func(t *testing.T) { checkPage(t, res, http.StatusForbidden) })
		lives(what)
	}
	checkPage(t, alice.post("/apps/revoke", url.Values{"csrf": {good.Get("csrf")}, "choice": {"one"}}), http.StatusBadRequest)
	checkPage(t, alice.post("/apps/revoke", url.Values{"csrf": {good.Get("csrf")}}), http.StatusBadRequest)
	if to := goesTo(t, p.browser().post("/apps/revoke", url.Values{"csrf": {good.Get("csrf")}, "choice": {"every"}})); to != servertest.Issuer+"/login?request=apps" {
		t.Errorf("without a session it leads to %s", to)
	}
	lives("no session")
	goesTo(t, alice.post("/apps/revoke", url.Values{"csrf": {good.Get("csrf")}, "choice": {"every"}}))
	if _, err := p.VerifyAccessToken(t.Context(), tokens.Access); err == nil {
		t.Error("positive control: the token lives when alice revokes all")
	}
	if reasons := p.Reasons(); !slices.Contains(reasons, "grants_revoked") {
		t.Errorf("events %v", reasons)
	}
}

// revokeToken returns the token of the forms to revoke, which a page without
// apps does not have: another app is allowed for it.
func (b *browser) revokeToken() string {
	b.t.Helper()
	b.allowOnce(b.beginWith(b.Confidential(), nil))
	return forms(b.t, b.get("/apps"))["/apps/revoke"].Get("csrf")
}

// The login page leads to the request or to the connected apps, whatever
// else it is told.
func TestLoginLeadsNowhereElse(t *testing.T) {
	proof.Of(t, "ATK-30")
	p := newPlace(t)
	b := p.browser()
	form := fields(t, b.get("/login?request=apps&return_to=https://evil.example&next=//evil.example"))
	form.Set("username", aliceName)
	form.Set("password", alicePassword)
	for _, name := range []string{"return_to", "next", "redirect_uri", "Location"} {
		form.Set(name, "https://evil.example/")
	}
	for _, handle := range []string{"Apps", "apps2", "logout", "chrq_x"} {
		bad := url.Values{"request": {handle}}
		checkPage(t, b.Get("/login", bad, b.send), http.StatusBadRequest)
		for k, v := range form {
			if k != "request" {
				bad[k] = v
			}
		}
		checkPage(t, b.post("/login", bad), http.StatusBadRequest)
	}
	for _, handle := range []string{"//evil.example", "https://evil.example", `\\evil`, "/apps"} {
		if res := b.Get("/login", url.Values{"request": {handle}}, b.send); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", handle, res.StatusCode)
		}
	}
	if to := goesTo(t, b.post("/login", form)); to != servertest.Issuer+"/apps" {
		t.Errorf("the good form leads to %s", to)
	}
}

// Another site cannot sign a browser in, with or without a
// request.
func TestLoginToAppsIsBoundToTheBrowser(t *testing.T) {
	proof.Of(t, "ATK-42", "ATK-143")
	p := newPlace(t)
	b, attacker := p.browser(), p.browser()
	form := fields(t, attacker.get("/login?request=apps"))
	form.Set("username", aliceName)
	form.Set("password", alicePassword)
	for what, victim := range map[string]*browser{"no cookie": b, "its own cookie": func() *browser { o := p.browser(); o.get("/login?request=apps"); return o }()} {
		res := victim.post("/login", form)
		if len(res.Cookies()) != 0 {
			t.Errorf("%s: sets %v", what, res.Cookies())
		}
		t.Run(what, func(t *testing.T) { checkPage(t, res, http.StatusForbidden) })
	}
	// The token of an authorization request is not good for the other errand.
	other := fields(t, attacker.get(attacker.begin()))
	mixed := url.Values{"request": {"apps"}, "csrf": {other.Get("csrf")}, "username": {aliceName}, "password": {alicePassword}}
	checkPage(t, attacker.post("/login", mixed), http.StatusForbidden)
	if to := goesTo(t, attacker.post("/login", form)); to != servertest.Issuer+"/apps" {
		t.Errorf("positive control: leads to %s", to)
	}
}

// What is allowed at one resource is not shown as allowed at another, and one
// app is one entry however often it was allowed.
func TestAppsAreGrouped(t *testing.T) {
	p := newPlace(t)
	b := p.browser()
	b.allowOnce(b.signIn())
	b.allowOnce(b.beginWith(p.client, url.Values{"resource": {"https://mcp.example.com/mcp"}, "scope": {"tools"}}))
	page := body(t, b.get("/apps"))
	if n := strings.Count(page, "<h2>"); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	_, rest, _ := strings.Cut(page, "<bdi>https://mcp.example.com/mcp</bdi>")
	at, _, _ := strings.Cut(rest, "</ul>")
	if !strings.Contains(at, "<bdi>tools</bdi>") || strings.Contains(at, "<bdi>write</bdi>") {
		t.Errorf("at mcp it may %s", at)
	}
	if !strings.Contains(page, "not yet") {
		t.Error("an app without tokens is shown as used")
	}
}

func TestDescribeApp(t *testing.T) {
	proof.Of(t, "CIMD-6.4-3")
	v := Config{}.describeApp(server.App{
		ClientID: "https://acme.example/client", Name: "\u202eAcme", Verified: false,
		Access: []server.AppAccess{{Resources: []server.AppResource{{URI: "https://a.example", Name: "Notes"}}, Scopes: []string{"offline_access"}}},
	})
	if v.Client.Name != "Acme" || v.Client.Host != "acme.example" || v.Granted != (dayView{}) || v.Access[0].Resources[0] != (resourceView{"Notes", "https://a.example"}) || v.Access[0].Scopes[0].Description == "" {
		t.Errorf("%+v", v)
	}
}

// Signing out ends the session, here alone, and takes the
// cookie away.
func TestLogout(t *testing.T) {
	proof.Of(t, "ATK-140", "ATK-142")
	p := newPlace(t)
	b, elsewhere := p.browser(), p.browser()
	tokens := b.connected()
	elsewhere.enter(aliceName, alicePassword)
	old := b.copy()
	form := forms(t, b.get("/apps"))["/logout"]
	for what, csrf := range map[string]string{"made up": strings.Repeat("A", 43), "another session's": forms(t, elsewhere.get("/apps"))["/logout"].Get("csrf")} {
		res := b.post("/logout", url.Values{"csrf": {csrf}})
		if len(res.Cookies()) != 0 {
			t.Errorf("%s: sets %v", what, res.Cookies())
		}
		t.Run(what, func(t *testing.T) { checkPage(t, res, http.StatusForbidden) })
	}
	// Another site's form comes without the cookie.
	res := p.browser().post("/logout", form)
	if len(res.Cookies()) != 0 {
		t.Errorf("without a session: sets %v", res.Cookies())
	}
	checkPage(t, res, http.StatusOK, "You are signed out")
	if res := old.get("/apps"); res.StatusCode != http.StatusOK {
		t.Fatalf("positive control: status %d before signing out", res.StatusCode)
	}
	res = b.post("/logout", form)
	if c := res.Cookies(); len(c) != 1 || c[0].Name != "__Host-charter-session" || c[0].Value != "" || c[0].MaxAge >= 0 || !c[0].Secure || c[0].Path != "/" {
		t.Errorf("signing out sets %v", c)
	}
	checkPage(t, res, http.StatusOK, "You are signed out")
	if to := goesTo(t, old.get("/apps")); to != servertest.Issuer+"/login?request=apps" {
		t.Errorf("the old cookie leads to %s", to)
	}
	if res := elsewhere.get("/apps"); res.StatusCode != http.StatusOK {
		t.Errorf("the other browser: status %d", res.StatusCode)
	}
	if _, err := p.VerifyAccessToken(t.Context(), tokens.Access); err != nil {
		t.Errorf("the app lost its access: %v", err)
	}
}

// A store that does not answer is no empty list and no success.
func TestAppsWithoutStore(t *testing.T) {
	p := newPlace(t)
	b := p.browser()
	b.connected()
	form := forms(t, b.get("/apps"))["/apps/revoke"]
	form.Set("choice", "every")
	if err := p.Store.Close(); err != nil {
		t.Fatal(err)
	}
	checkPage(t, b.get("/apps"), http.StatusServiceUnavailable)
	checkPage(t, b.post("/apps/revoke", form), http.StatusServiceUnavailable)
	if _, err := p.Apps(t.Context(), "alice"); err == nil || !strings.Contains(err.Error(), store.ErrUnavailable.Error()) {
		t.Errorf("err = %v", err)
	}
}

// An application that an operator registered with a place to begin a sign-in is
// opened from the page, at that place, which hears who we are.
func TestOpenApp(t *testing.T) {
	p := newPlace(t)
	for name, row := range map[string]struct {
		uri      string
		operator bool
		want     string
	}{
		"registered":      {"https://app.example.com/start", true, `<a href="https://app.example.com/start?iss=https%3a%2f%2fauth.example.com" rel="noreferrer">Open <bdi>app.example.com</bdi></a>`},
		"with a query":    {"https://app.example.com/start?tenant=a&iss=https://evil.example", true, `<a href="https://app.example.com/start?iss=https%3a%2f%2fauth.example.com&amp;tenant=a" rel="noreferrer">`},
		"without":         {"", true, ""},
		"by the stranger": {"https://app.example.com/start", false, ""},
	} {
		metadata := `{"client_name":"` + name + `","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"`
		if row.uri != "" {
			metadata += `,"initiate_login_uri":"` + row.uri + `"`
		}
		b := p.browser()
		if p.client = p.Public(); row.operator {
			c, _, err := server.CreateClient(t.Context(), p.Store, p.Clock.Now(), server.OperatorClient{Metadata: []byte(metadata + `}`)})
			if err != nil {
				t.Fatal(err)
			}
			p.client = servertest.Client{ID: c.ID, RedirectURI: "https://app.example.com/cb"}
		} else {
			p.client = p.Register(metadata + `}`)
		}
		b.connected()
		page := body(t, b.get("/apps"))
		_, after, found := strings.Cut(page, "<bdi>"+name+"</bdi></h2>")
		if !found {
			t.Fatalf("%s is not there: %s", name, page)
		}
		entry, _, _ := strings.Cut(after, "</li>\n<li>\n<div>")
		if row.want == "" && strings.Contains(entry, "<a ") || row.want != "" && !strings.Contains(strings.ToLower(entry), strings.ToLower(row.want)) {
			t.Errorf("%s: %s", name, entry)
		}
	}
	// Both ends speak https (OpenID Connect Core §4).
	for uri, issuer := range map[string]string{"http://app.example.com/": "https://auth.example.com", "https://app.example.com/": "http://127.0.0.1:8080", "javascript:alert(1)": "https://auth.example.com", "": "https://auth.example.com"} {
		if link, _ := openApp(server.App{InitiateLoginURI: uri}, issuer); link != "" {
			t.Errorf("%q at %s: %s", uri, issuer, link)
		}
	}
}
