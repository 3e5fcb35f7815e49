package interact

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store/memory"
)

// A provider that signs in whoever comes, as the subject that the code says.
const elsewhere = "https://accounts.example.org/authorize"

// upstreamPlace is a place whose people sign in at elsewhere; seen are the
// attempts whose answers came back.
func upstreamPlace(t testing.TB) (p *place, linked *LinkedAccounts, seen *[]UpstreamAttempt) {
	t.Helper()
	st := memory.New()
	linked, seen = NewLinkedAccounts(st), new([]UpstreamAttempt)
	p = newPlaceOver(t, st, func(c *Config) {
		c.Accounts = linked
		c.Upstream = &Upstream{
			Name: "Example Accounts",
			Begin: func(_ context.Context, a UpstreamAttempt) (string, error) {
				return elsewhere + "?" + url.Values{"state": {a.State}, "redirect_uri": {a.RedirectURI}}.Encode(), nil
			},
			SignIn: func(ctx context.Context, a UpstreamAttempt, answer UpstreamAnswer) (Identity, error) {
				*seen = append(*seen, a)
				switch answer.Code {
				case "refused":
					return Identity{}, fmt.Errorf("%w: secret detail", ErrUpstreamRefused)
				case "down":
					return Identity{}, fmt.Errorf("%w: secret detail", ErrUpstreamUnavailable)
				}
				return linked.Link(ctx, "https://accounts.example.org", answer.Code, []byte(`{"email":"`+answer.Code+`@example.org"}`))
			},
		}
	})
	return p, linked, seen
}

// sentAway allows what is ticked and returns the state that goes to the provider.
func (b *browser) sentAway(change func(url.Values)) string {
	b.t.Helper()
	form := fields(b.t, b.get(b.begin()))
	form.Set("decision", "allow")
	if change != nil {
		change(form)
	}
	to, err := url.Parse(goesTo(b.t, b.post("/consent", form)))
	if err != nil || !strings.HasPrefix(to.String(), elsewhere) {
		b.t.Fatalf("allowing goes to %s, %v", to, err)
	}
	if got := to.Query().Get("redirect_uri"); got != servertest.Issuer+"/login/upstream" {
		b.t.Errorf("the provider answers to %s", got)
	}
	return to.Query().Get("state")
}

func (b *browser) back(state string, more url.Values) *http.Response {
	b.t.Helper()
	q := url.Values{"state": {state}}
	for name, values := range more {
		q[name] = values
	}
	return b.keep(b.Get("/login/upstream", q, b.send))
}

func as(who string) url.Values { return url.Values{"code": {who}} }

// Nobody goes to the provider before they allowed the request; who comes back has
// an account of ours, and the code carries what they ticked.
func TestUpstreamAfterConsent(t *testing.T) {
	proof.Of(t, "CFAI-51", "GHSA-c2jp-c369-7pvx")
	p, _, _ := upstreamPlace(t)
	b := p.browser()
	page := b.get(b.begin())
	if len(page.Cookies()) != 0 {
		t.Errorf("the question sets %v", page.Cookies())
	}
	checkPage(t, page, http.StatusOK, "You sign in at <strong><bdi>Example Accounts</bdi></strong> after you allow it", "Not verified")

	state := b.sentAway(func(form url.Values) { form.Set("scope", "read") })
	res := b.back(state, as("alice"))
	tokens := p.Token(p.client, p.client.Exchange(code(t, res), nil))
	if tokens.Scope != "read" {
		t.Errorf("the scope is %q, want what was ticked", tokens.Scope)
	}
	seen, err := p.VerifyAccessToken(t.Context(), tokens.Access)
	if err != nil || !strings.HasPrefix(seen.Subject, "u_") {
		t.Errorf("the subject is %q (%v), want one of ours", seen.Subject, err)
	}
	// The browser is known now; another client's request shows the account.
	checkPage(t, b.get(goesTo(t, b.get(b.begin()))), http.StatusOK, "<bdi>alice@example.org</bdi>")
	// The same person has the same account the next time.
	again := p.browser()
	other := p.Token(p.client, p.client.Exchange(code(t, again.back(again.sentAway(nil), as("alice"))), nil))
	if same, err := p.VerifyAccessToken(t.Context(), other.Access); err != nil || same.Subject != seen.Subject {
		t.Errorf("the second time alice is %q (%v), was %q", same.Subject, err, seen.Subject)
	}
}

// The answer of the provider is good once, within the request's life, in the
// browser that was sent there, and for what was allowed there.
func TestUpstreamStateIsBound(t *testing.T) {
	proof.Of(t, "ATK-43", "CVE-2026-27124", "CVE-2025-46815")
	p, _, seen := upstreamPlace(t)
	refused := func(what string, res *http.Response) {
		t.Helper()
		if res.StatusCode != http.StatusBadRequest || res.Header.Get("Location") != "" || len(res.Cookies()) != 0 {
			t.Errorf("%s: status %d to %q with %v", what, res.StatusCode, res.Header.Get("Location"), res.Cookies())
		}
	}
	b := p.browser()
	state := b.sentAway(func(form url.Values) { form.Set("scope", "read") })
	handle, rest, _ := strings.Cut(state, ".")
	_, mac, _ := strings.Cut(rest, ".")

	stranger := p.browser()
	stranger.sentAway(nil) // it has a cookie and a request of its own
	refused("another browser", stranger.back(state, as("mallory")))
	refused("a browser without cookies", p.browser().back(state, as("mallory")))
	refused("more scopes than were ticked", b.back(handle+".Aw."+mac, as("alice")))
	refused("no mac", b.back(handle+".Aw.", as("alice")))
	refused("the handle alone", b.back(handle, as("alice")))
	refused("another errand", b.back("apps."+rest, as("alice")))
	refused("no code", b.back(state, nil))
	if len(*seen) != 0 {
		t.Errorf("the provider was asked %d times for refused states", len(*seen))
	}
	res := b.back(state, as("alice"))
	if code(t, res) == "" {
		t.Fatalf("positive control: status %d: %s", res.StatusCode, body(t, res))
	}
	refused("the second use", b.back(state, as("alice")))

	late := p.browser()
	state = late.sentAway(nil)
	p.Clock.Move(10 * time.Minute)
	refused("after ten minutes", late.back(state, as("alice")))
}

// Each parameter of the answer twice, with the same value or another, is refused
// and changes nothing.
func TestUpstreamParameters(t *testing.T) {
	p, _, _ := upstreamPlace(t)
	b := p.browser()
	state := b.sentAway(nil)
	good := url.Values{"state": {state}, "code": {"alice"}, "iss": {"https://accounts.example.org"}}
	for name, value := range map[string]string{"state": state, "code": "alice", "iss": "https://accounts.example.org", "error": "access_denied"} {
		for _, again := range []string{value, "y"} {
			twice := maps.Clone(good)
			twice[name] = []string{value, again}
			if res := b.Get("/login/upstream", twice, b.send); res.StatusCode != http.StatusBadRequest || res.Header.Get("Location") != "" {
				t.Errorf("%s twice: status %d to %q", name, res.StatusCode, res.Header.Get("Location"))
			}
		}
	}
	if code(t, b.keep(b.Get("/login/upstream", good, b.send))) == "" {
		t.Error("positive control: the request does not wait any more")
	}
}

// Nonce and verifier differ between browsers, and between what was allowed.
func TestUpstreamSecrets(t *testing.T) {
	p, _, seen := upstreamPlace(t)
	b := p.browser()
	full := b.sentAway(nil)
	less := b.sentAway(func(form url.Values) { form.Set("scope", "read") })
	b.back(less, as("refused"))
	b.back(full, as("refused"))
	other := p.browser()
	other.back(other.sentAway(nil), as("refused"))
	known := map[string]bool{}
	for _, a := range *seen {
		for _, secret := range []string{a.Nonce, a.CodeVerifier} {
			if known[secret] || len(secret) < 43 {
				t.Errorf("%q is there twice, or short", secret)
			}
			known[secret] = true
		}
	}
	if len(*seen) != 3 {
		t.Errorf("%d attempts came back, want 3", len(*seen))
	}
}

// What goes wrong at the provider is told without its text. A refusal ends the
// request; everything else leaves it waiting.
func TestUpstreamFailures(t *testing.T) {
	p, linked, _ := upstreamPlace(t)
	b := p.browser()
	state := b.sentAway(nil)
	for _, row := range []struct {
		answer url.Values
		status int
	}{
		{as("refused"), http.StatusBadRequest},
		{as("down"), http.StatusServiceUnavailable},
		{url.Values{"error": {"invalid_scope"}}, http.StatusBadRequest},
		{url.Values{"error": {"temporarily_unavailable"}}, http.StatusServiceUnavailable},
	} {
		res := b.back(state, row.answer)
		if text := body(t, res); res.StatusCode != row.status || res.Header.Get("Location") != "" || len(res.Cookies()) != 0 || strings.Contains(text, "secret detail") {
			t.Errorf("%v: status %d, want %d: %s", row.answer, res.StatusCode, row.status, text)
		}
	}
	if code(t, b.back(state, as("alice"))) == "" {
		t.Error("positive control: the request does not wait any more")
	}

	to, err := url.Parse(goesTo(t, b.back(b.copyWithoutSession().sentAwayIn(b), url.Values{"error": {"access_denied"}})))
	if err != nil || to.Query().Get("error") != "access_denied" || to.Host != "app.example.com" {
		t.Errorf("a refusal at the provider goes to %s, %v", to, err)
	}

	id, err := linked.Link(t.Context(), "https://accounts.example.org", "bob", nil)
	if err != nil {
		t.Fatal(err)
	}
	account, err := p.Store.Account(t.Context(), id.Subject)
	if err != nil {
		t.Fatal(err)
	}
	account.DisabledAt = p.Clock.Now()
	if err := p.Store.ReplaceAccount(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	c := p.browser()
	res := c.back(c.sentAway(nil), as("bob"))
	if res.StatusCode != http.StatusForbidden || len(res.Cookies()) != 0 {
		t.Errorf("a disabled account: status %d with %v", res.StatusCode, res.Cookies())
	}
}

// copyWithoutSession is the browser signed out.
func (b *browser) copyWithoutSession() *browser {
	other := b.copy()
	delete(other.cookies, "__Host-charter-session")
	return other
}

// sentAwayIn is sentAway; the cookies are in then as well.
func (b *browser) sentAwayIn(then *browser) string {
	state := b.sentAway(nil)
	then.cookies = b.cookies
	return state
}

// Connected apps are behind the same sign-in.
func TestUpstreamApps(t *testing.T) {
	p, _, _ := upstreamPlace(t)
	b := p.browser()
	login := b.get(goesTo(t, b.Get("/apps", nil, b.send)))
	page := body(t, login)
	if !strings.Contains(page, "Continue to <bdi>Example Accounts</bdi>") || strings.Contains(page, `type="password"`) {
		t.Errorf("the page asks for a password: %s", page)
	}
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	to, err := url.Parse(goesTo(t, b.post("/login", form)))
	if err != nil || !strings.HasPrefix(to.String(), elsewhere) {
		t.Fatalf("signing in goes to %s, %v", to, err)
	}
	if res := p.browser().back(to.Query().Get("state"), as("mallory")); res.StatusCode != http.StatusBadRequest || len(res.Cookies()) != 0 {
		t.Errorf("in another browser: status %d with %v", res.StatusCode, res.Cookies())
	}
	if to := goesTo(t, b.back(to.Query().Get("state"), as("alice"))); to != servertest.Issuer+"/apps" {
		t.Errorf("whoever came back goes to %s", to)
	}
	checkPage(t, b.Get("/apps", nil, b.send), http.StatusOK, "alice@example.org")
}

// Where people have a password here, there is no way in from elsewhere.
func TestNoUpstream(t *testing.T) {
	b := newPlace(t).browser()
	b.begin()
	if res := b.back("apps..x", as("alice")); res.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, want 404", res.StatusCode)
	}
}

// What a provider says is kept as far as its type is right.
func TestLinkedClaims(t *testing.T) {
	proof.Of(t, "CVE-2026-55076")
	for _, row := range [][2]string{
		{`{"email":"a@example.org","email_verified":true}`, `{"email":"a@example.org","email_verified":true}`},
		{`{"email":"a@example.org","email_verified":"true"}`, `{"email":"a@example.org"}`},
		{`{"email":"a@example.org","email_verified":1}`, `{"email":"a@example.org"}`},
		{`{"sub":"x","iss":"y","aud":"z","acr":"9","groups":["admin"],"name":7}`, ``},
		{`[]`, ``}, {``, ``},
	} {
		if got := string(keptClaims([]byte(row[0]))); got != row[1] {
			t.Errorf("of %s is kept %s, want %s", row[0], got, row[1])
		}
	}
}
