package interact

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
)

// beginWith starts a changed authorization request of c and follows the login
// page, of somebody who is signed in, to the consent page's address.
func (b *browser) beginWith(c servertest.Client, changes url.Values) string {
	b.t.Helper()
	return goesTo(b.t, b.get(goesTo(b.t, b.keep(b.Get("/authorize", c.Request(changes), b.send)))))
}

// allowOnce allows the request that consent is the page of.
func (b *browser) allowOnce(consent string) (code string) {
	b.t.Helper()
	form := fields(b.t, b.get(consent))
	form.Set("decision", "allow")
	return goesTo(b.t, b.post("/consent", form))
}

// The same request of the same person goes through; the tokens are those of a
// grant of its own.
func TestConsentIsRemembered(t *testing.T) {
	p := newPlace(t)
	b := p.browser()
	b.allowOnce(b.signIn())
	for _, scope := range []string{"read write", "read"} {
		res := b.get(b.beginWith(b.client, url.Values{"scope": {scope}}))
		to := goesTo(t, res)
		if !strings.HasPrefix(to, "https://app.example.com/cb?") || len(res.Cookies()) != 0 {
			t.Fatalf("goes to %s with %v", to, res.Cookies())
		}
		if tokens := p.Token(p.client, p.client.Exchange(code(t, res), nil)); tokens.Scope != scope {
			t.Errorf("the scope is %q, want %q", tokens.Scope, scope)
		}
	}
	// Who signs in for it goes through as well, and the login form may lead there.
	delete(b.cookies, "__Host-charter-session")
	page := b.get(b.begin())
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' https: ") {
		t.Errorf("the login page's policy is %s", policy)
	}
	form := fields(t, page)
	form.Set("username", aliceName)
	form.Set("password", alicePassword)
	if code(t, b.get(goesTo(t, b.post("/login", form)))) == "" {
		t.Error("no code after a new login")
	}
}

// Whatever is not exactly what
// was allowed, or not by this person, is asked.
func TestConsentIsNotRemembered(t *testing.T) {
	proof.Of(t, "RFC6749-10.2-4", "RFC8252-8.6-1", "RFC8252-8.6-2", "OAUTH21-2.1-1")
	proof.Of(t, "ATK-119", "CFAI-51", "ATK-127")
	const two = `{"client_name":"Two","redirect_uris":["https://a.example.com/cb","https://a.example.com/cc","http://127.0.0.1/cb","com.example.app:/cb"],"token_endpoint_auth_method":"none","application_type":"native"}`
	at := func(uri string) url.Values { return url.Values{"redirect_uri": {uri}} }
	for _, row := range []struct {
		what          string
		first, second url.Values
		between       func(t *testing.T, b *browser, c servertest.Client)
		again         bool // goes through
	}{
		{"the control", nil, nil, nil, true},
		{"fewer scopes", nil, url.Values{"scope": {"write"}}, nil, true},
		{"more scopes", url.Values{"scope": {"read"}}, nil, nil, false},
		{"other scopes", url.Values{"scope": {"read"}}, url.Values{"scope": {"write"}}, nil, false},
		{"another resource", nil, url.Values{"resource": {"https://mcp.example.com/mcp"}}, nil, false},
		{"one more resource", nil, url.Values{"resource": {"https://api.example.com", "https://mcp.example.com/mcp"}}, nil, false},
		{"one resource less", url.Values{"resource": {"https://api.example.com", "https://mcp.example.com/mcp"}}, nil, nil, false},
		{"another redirect URI", nil, at("https://a.example.com/cc"), nil, false},
		{"loopback", at("http://127.0.0.1:5000/cb"), at("http://127.0.0.1:5000/cb"), nil, false},
		{"private-use scheme", at("com.example.app:/cb"), at("com.example.app:/cb"), nil, false},
		{"prompt=consent", nil, url.Values{"prompt": {"consent"}}, nil, false},
		{"revoked", nil, nil, func(t *testing.T, b *browser, c servertest.Client) {
			a, err := b.Store.AccountByName(t.Context(), aliceName)
			if err == nil {
				err = b.RevokeApp(t.Context(), a.ID, c.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
		}, false},
		{"expired", nil, nil, func(_ *testing.T, b *browser, _ servertest.Client) { b.Clock.Move(time.Hour) }, false},
		{"another name", nil, nil, func(t *testing.T, b *browser, c servertest.Client) {
			b.Clock.Move(time.Second)
			changed := strings.Replace(two, `"client_name":"Two"`, `"client_id":"`+c.ID+`","client_name":"Bank"`, 1)
			servertest.Decode(t, b.JSON(http.MethodPut, "/register/"+c.ID, changed, servertest.Bearer(c.RegistrationToken)), 200)
		}, false},
		{"another person", nil, nil, func(t *testing.T, b *browser, _ servertest.Client) {
			if err := b.accounts.Add(t.Context(), "bob", alicePassword); err != nil {
				t.Fatal(err)
			}
			delete(b.cookies, "__Host-charter-session")
			form := fields(t, b.get(b.begin()))
			form.Set("username", "bob")
			form.Set("password", alicePassword)
			goesTo(t, b.post("/login", form))
		}, false},
	} {
		t.Run(row.what, func(t *testing.T) {
			b := newPlace(t).browser()
			b.signIn()
			c := b.Register(two)
			b.allowOnce(b.beginWith(c, row.first))
			if row.between != nil {
				row.between(t, b, c)
			}
			res := b.get(b.beginWith(c, row.second))
			if got := code(t, res) != ""; got != row.again {
				t.Errorf("goes through: %v, want %v (status %d)", got, row.again, res.StatusCode)
			}
			if !row.again {
				checkPage(t, res, http.StatusOK, "Allow")
			}
		})
	}
}

// Another client of the same metadata but another redirect host is another.
func TestConsentIsOfOneClient(t *testing.T) {
	b := newPlace(t).browser()
	b.allowOnce(b.signIn())
	other := b.Register(`{"client_name":"Public","client_uri":"https://x.example","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`)
	if other.ID == b.client.ID {
		t.Fatal("the registration is the same")
	}
	checkPage(t, b.get(b.beginWith(other, nil)), http.StatusOK, "Not verified")
	if code(t, b.get(b.beginWith(b.client, nil))) == "" {
		t.Error("positive control: the client that was allowed is asked for")
	}
}

func TestAlwaysAsk(t *testing.T) {
	b := newPlace(t, func(c *Config) { c.AlwaysAsk = true }).browser()
	page := b.get(b.begin())
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self'; ") {
		t.Errorf("the login page's policy is %s", policy)
	}
	b.allowOnce(b.signIn())
	checkPage(t, b.get(b.beginWith(b.client, nil)), http.StatusOK, "Allow")
}

// What no person navigates to gives no code, and leaves the request
// waiting.
func TestOnlyVisitsAreRemembered(t *testing.T) {
	proof.Of(t, "ATK-34")
	b := newPlace(t).browser()
	b.allowOnce(b.signIn())
	consent, err := url.Parse(b.beginWith(b.client, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range [][2]string{{"Sec-Purpose", "prefetch"}, {"Sec-Purpose", "prefetch;prerender"}, {"Sec-Fetch-Dest", "iframe"}, {"Sec-Fetch-Dest", "image"}, {"Sec-Fetch-Dest", "empty"}} {
		res := b.Get(consent.Path, consent.Query(), b.send, func(r *http.Request) { r.Header.Set(header[0], header[1]) })
		if res.StatusCode != http.StatusOK || code(t, res) != "" {
			t.Errorf("%s: %s: status %d", header[0], header[1], res.StatusCode)
		}
	}
	stranger := b.browser()
	if res := stranger.get(consent.String()); res.StatusCode != http.StatusBadRequest {
		t.Errorf("another browser: status %d", res.StatusCode)
	}
	res := b.Get(consent.Path, consent.Query(), b.send, func(r *http.Request) { r.Header.Set("Sec-Fetch-Dest", "document") })
	if code(t, res) == "" {
		t.Error("positive control: a visit gives no code")
	}
	checkPage(t, b.get(consent.String()), http.StatusBadRequest, "finished before")
}
