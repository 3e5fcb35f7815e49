package interact

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
)

func TestDeny(t *testing.T) {
	b := newPlace(t).browser()
	form := b.question()
	form.Set("decision", "deny")
	to, err := url.Parse(goesTo(t, b.post("/consent", form)))
	if err != nil {
		t.Fatal(err)
	}
	if q := to.Query(); q.Get("error") != "access_denied" || q.Has("code") || q.Get("state") != "xyz" {
		t.Errorf("denying goes to %s", to)
	}
	form.Set("decision", "allow")
	checkPage(t, b.post("/consent", form), http.StatusBadRequest, "finished before")
}

// The form sent twice, one after the other and at once.
func TestConsentTwice(t *testing.T) {
	proof.Of(t, "DEX-c03a6874")
	b := newPlace(t).browser()
	form := b.question()
	answers := make(chan *http.Response)
	for range 2 {
		other := b.copy()
		go func() { answers <- other.Post("/consent", form, other.send) }()
	}
	var codes []string
	var statuses []int
	for range 2 {
		res := <-answers
		statuses = append(statuses, res.StatusCode)
		if c := code(t, res); c != "" {
			codes = append(codes, c)
		}
	}
	slices.Sort(statuses)
	if len(codes) != 1 || !slices.Equal(statuses, []int{http.StatusSeeOther, http.StatusBadRequest}) {
		t.Errorf("two answers at once: statuses %v, codes %d; want 303 and 400, one code", statuses, len(codes))
	}
	checkPage(t, b.post("/consent", form), http.StatusBadRequest, "finished before")
}

// A form that was not
// made for this browser, request and person does nothing.
func TestForgedForms(t *testing.T) {
	proof.Of(t, "OIDC-CORE-3.1.2.3-5")
	proof.Of(t, "RFC6749-10.12-1")
	proof.Of(t, "ATK-40", "ATK-42", "ATK-143", "CVE-2022-39222", "CVE-2026-7571")
	p := newPlace(t)
	b := p.browser()
	form := b.question()
	second := fields(t, b.get(goesTo(t, b.get(b.begin())))) // another tab
	stranger := p.browser()
	strangers := stranger.question()
	loginForm := fields(t, p.browser().loginPage())
	with := func(name, value string) url.Values {
		f := url.Values{}
		for k, v := range form {
			f[k] = slices.Clone(v)
		}
		f.Set(name, value)
		return f
	}
	without := func(name string) url.Values { f := with(name, ""); f.Del(name); return f }
	for _, row := range []struct {
		what   string
		by     *browser
		form   url.Values
		status int
	}{
		{"no token", b, without("csrf"), 400},
		{"made-up token", b, with("csrf", strings.Repeat("A", 43)), 403},
		{"token of another tab", b, with("csrf", second.Get("csrf")), 403},
		{"token of another person", b, with("csrf", strangers.Get("csrf")), 403},
		{"token of a login form", b, with("csrf", loginForm.Get("csrf")), 403},
		{"handle of another tab", b, with("request", second.Get("request")), 403},
		{"handle of another browser", b, with("request", strangers.Get("request")), 400},
		{"made-up handle", b, with("request", "chrq_x"), 400},
		{"another browser, signed in", stranger, form, 400},
		{"another browser", p.browser(), form, 400},
		{"unknown decision", b, with("decision", "maybe"), 400},
		{"no decision", b, without("decision"), 400},
	} {
		res := row.by.Post("/consent", row.form, row.by.send)
		if to := res.Header.Get("Location"); to != "" {
			t.Errorf("%s: goes to %s", row.what, to)
		}
		t.Run(row.what, func(t *testing.T) { checkPage(t, res, row.status) })
	}
	plain := b.Post("/consent", form, b.send, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
	if plain.StatusCode != http.StatusBadRequest && plain.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("as text/plain: status %d", plain.StatusCode)
	}
	if res := b.Get("/consent", form, b.send); res.StatusCode != http.StatusOK || code(t, res) != "" {
		t.Errorf("as GET: status %d, want the page", res.StatusCode)
	}
	if code(t, b.post("/consent", form)) == "" {
		t.Error("positive control: the form as it was gives no code")
	}
}

func (b *browser) loginPage() *http.Response { b.t.Helper(); return b.get(b.begin()) }

// Nothing but the decision and the ticks is read, and ticks only narrow.
func TestConsentIgnoresWhatIsNotAsked(t *testing.T) {
	proof.Of(t, "ATK-41")
	p := newPlace(t)
	b := p.browser()
	form := b.question()
	form["scope"] = []string{"write", "offline_access", "tools", "admin"}
	form.Set("redirect_uri", "https://evil.example/cb")
	form.Set("client_id", "somebody")
	form.Set("resource", "https://mcp.example.com/mcp")
	form.Set("state", "other")
	to := goesTo(t, b.post("/consent", form))
	if !strings.HasPrefix(to, "https://app.example.com/cb?") || !strings.Contains(to, "state=xyz") {
		t.Errorf("the answer goes to %s", to)
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	if tokens := p.Token(p.client, p.client.Exchange(u.Query().Get("code"), nil)); tokens.Scope != "write" {
		t.Errorf("the scope is %q, want write alone", tokens.Scope)
	}
}

func TestNothingTicked(t *testing.T) {
	b := newPlace(t).browser()
	form := b.question()
	form.Del("scope")
	res := b.post("/consent", form)
	checkPage(t, res, http.StatusBadRequest, "Nothing is ticked", `role="alert"`)
	form.Set("scope", "read")
	if code(t, b.post("/consent", form)) == "" {
		t.Error("positive control: with a tick there is no code")
	}
}

// What is open in a tab when somebody else signs in at the browser
// cannot be sent in their name; they are shown the page first.
func TestSomebodyElseSignsIn(t *testing.T) {
	proof.Of(t, "ATK-142")
	p := newPlace(t)
	if err := p.accounts.Add(t.Context(), "bob", "bob has one as well"); err != nil {
		t.Fatal(err)
	}
	b := p.browser()
	waiting := b.begin()
	login := fields(t, b.get(waiting))
	alices := b.question()
	login.Set("username", "bob")
	login.Set("password", "bob has one as well")
	goesTo(t, b.post("/login", login))
	checkPage(t, b.post("/consent", alices), http.StatusForbidden)
	page := b.get("/consent?request=" + alices.Get("request"))
	checkPage(t, page, http.StatusOK, "<bdi>bob</bdi>")
	form := fields(t, b.get("/consent?request="+alices.Get("request")))
	form.Set("decision", "allow")
	if code(t, b.post("/consent", form)) == "" {
		t.Error("positive control: bob's own form gives no code")
	}
}

// Without a session in order there is
// never a code, only the login page.
func TestConsentNeedsASession(t *testing.T) {
	proof.Of(t, "RFC6749-3.1-1")
	proof.Of(t, "CVE-2026-32246", "ATK-148", "CVE-2024-21635")
	for what, spoil := range map[string]func(*browser){
		"none":   func(b *browser) { delete(b.cookies, "__Host-charter-session") },
		"forged": func(b *browser) { b.cookies["__Host-charter-session"] = b.cookies["__Host-charter-browser"] },
		"locked": func(b *browser) { disable(t, b.Store, aliceName, b.Clock.Now()) },
		"deleted": func(b *browser) {
			a, err := b.Store.AccountByName(t.Context(), aliceName)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Store.DeleteAccount(t.Context(), a.ID, b.Clock.Now()); err != nil {
				t.Fatal(err)
			}
		},
		"password changed": func(b *browser) {
			b.Clock.Move(1e9)
			if err := b.accounts.SetPassword(t.Context(), aliceName, "a new password"); err != nil {
				t.Fatal(err)
			}
		},
		"expired":                  func(b *browser) { b.Clock.Move(6e10) },
		"in order, as the control": func(*browser) {},
	} {
		t.Run(what, func(t *testing.T) {
			b := newPlace(t, func(c *Config) { c.SessionIdle = 6e10 }).browser() // a minute
			form := b.question()
			spoil(b)
			to := goesTo(t, b.post("/consent", form))
			atLogin := strings.HasPrefix(to, servertest.Issuer+"/login?request=")
			if control := strings.HasPrefix(what, "in order"); atLogin == control {
				t.Fatalf("goes to %s", to)
			} else if !control {
				if page := goesTo(t, b.get("/consent?request="+form.Get("request"))); page != to {
					t.Errorf("the consent page goes to %s, want %s", page, to)
				}
				checkPage(t, b.get(to), http.StatusOK, "Sign in")
			}
		})
	}
}
