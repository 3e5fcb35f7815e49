package interact

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/store/memory"
)

// nobody recognises everybody, and says of nobody who they are.
type nobody struct{ Accounts }

func (nobody) Authenticate(context.Context, string, string) (Identity, error) {
	return Identity{Name: "somebody"}, nil
}

// A hook that returns an Identity without a subject has a bug: it signs nobody in,
// as whom nobody knows, and what waits goes on waiting.
func TestIdentityWithoutSubject(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		signIn func(*browser) *http.Response
	}{
		"Authenticate": {func(c *Config) { c.Accounts = nobody{c.Accounts} }, func(b *browser) *http.Response {
			form := fields(b.t, b.get(b.begin()))
			form.Set("username", aliceName)
			form.Set("password", alicePassword)
			return b.post("/login", form)
		}},
		"SignUp": {func(c *Config) {
			c.SignUp = func(context.Context, string, string) (Identity, error) { return Identity{Name: "somebody"}, nil }
		}, func(b *browser) *http.Response {
			page := b.get(strings.Replace(b.begin(), "/login?", "/signup?", 1))
			return b.post("/signup", signUp(b.t, page, "somebody", alicePassword))
		}},
		"Upstream.SignIn": {func(c *Config) {
			c.Upstream = &Upstream{
				Name: "Example Accounts",
				Begin: func(_ context.Context, a UpstreamAttempt) (string, error) {
					return elsewhere + "?" + url.Values{"state": {a.State}, "redirect_uri": {a.RedirectURI}}.Encode(), nil
				},
				SignIn: func(context.Context, UpstreamAttempt, UpstreamAnswer) (Identity, error) {
					return Identity{Name: "somebody"}, nil
				},
			}
		}, func(b *browser) *http.Response { return b.back(b.sentAway(nil), as("x")) }},
	} {
		b := newPlaceOver(t, memory.New(), c.change).browser()
		res := c.signIn(b)
		if res.StatusCode != http.StatusInternalServerError || res.Header.Get("Location") != "" || strings.Contains(body(t, res), "Subject") {
			t.Errorf("%s: status %d, to %q", name, res.StatusCode, res.Header.Get("Location"))
		}
		if len(res.Cookies()) != 0 {
			t.Errorf("%s: sets %v", name, res.Cookies())
		}
	}
}

// swapped tells of a session's person that they are somebody else.
type swapped struct {
	Accounts
	on *bool
}

func (s swapped) Account(ctx context.Context, subject string) (Identity, error) {
	id, err := s.Accounts.Account(ctx, subject)
	if *s.on {
		id.Subject = "bob"
	}
	return id, err
}

// An account that is not the session's is nobody's consent.
func TestAccountOfAnotherSubject(t *testing.T) {
	on := false
	b := newPlaceOver(t, memory.New(), func(c *Config) { c.Accounts = swapped{c.Accounts, &on} }).browser()
	page := b.signIn()
	form := fields(t, b.get(page)) // the control: it is alice's page
	form.Set("decision", "allow")
	on = true
	for name, res := range map[string]*http.Response{"page": b.get(page), "decision": b.post("/consent", form), "another request": b.get(b.begin())} {
		if res.StatusCode != http.StatusInternalServerError || res.Header.Get("Location") != "" {
			t.Errorf("%s: status %d, to %q", name, res.StatusCode, res.Header.Get("Location"))
		}
	}
	on = false
	if code(t, b.post("/consent", form)) == "" {
		t.Error("the request does not wait any more")
	}
}
