package interact

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// newSignUpPlace is a provider where people create accounts.
func newSignUpPlace(t testing.TB) *place {
	t.Helper()
	st := memory.New()
	p := &place{accounts: NewLocalAccounts(st), t: t}
	p.Server = servertest.New(t, st, servertest.OpenID, func(c *server.Config) {
		p.accounts.now = c.Now
		c.Claims = Claims(p.accounts)
		c.Interaction = Pages(Config{Accounts: p.accounts, SignUp: p.accounts.SignUp, Store: st, Now: c.Now})
	})
	if err := p.accounts.Add(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatal(err)
	}
	p.client = p.Public()
	return p
}

// signUp fills in the form of a page.
func signUp(t testing.TB, res *http.Response, name, password string) url.Values {
	t.Helper()
	form := fields(t, res)
	form.Set("username", name)
	form.Set("password", password)
	form.Set("password_again", password)
	return form
}

// A request with prompt=create starts at the account creation page, whoever is
// signed in, and ends with tokens for the account that was made there.
func TestPromptCreate(t *testing.T) {
	proof.Of(t, "PROMPT-CREATE-4-1", "PROMPT-CREATE-4.1-2", "PROMPT-CREATE-4.2-1", "PROMPT-CREATE-4.2-2", "PROMPT-CREATE-4.2-3")
	p := newSignUpPlace(t)
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		m := servertest.Decode(t, p.Get(path, nil), http.StatusOK)
		if got := fmt.Sprint(m["prompt_values_supported"]); got != "[none login consent select_account create]" {
			t.Errorf("%s: prompt_values_supported %s", path, got)
		}
	}
	b := p.browser()
	b.redeem(p.client, answered(t, b.as(aliceName, b.follow(b.ask(p.client, nil))))) // alice is signed in here
	to := b.ask(p.client, url.Values{"prompt": {"create"}, "scope": {"openid profile"}, "login_hint": {"bob"}})
	if !strings.HasPrefix(to, servertest.Issuer+"/login?") {
		t.Fatalf("goes to %s", to)
	}
	page := b.follow(to)
	text := body(t, page)
	for _, want := range []string{"<title>Create an account", `value="bob"`, `autocomplete="new-password"`, `<bdi>Public</bdi>`, `action="/login"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %s: %s", want, text)
		}
	}
	form := signUp(t, b.follow(to), "bob", alicePassword)
	state := b.cookies["__Host-charter-state"]
	answer := b.post("/signup", form)
	if got := b.cookies["__Host-charter-state"]; state == "" || got == state {
		t.Errorf("the user agent state is %q after %q: the clients here do not find out", got, state)
	}
	if to = goesTo(t, answer); !strings.HasPrefix(to, servertest.Issuer+"/consent?") {
		t.Fatalf("after it: %s", to)
	}
	consent := b.get(to)
	checkPage(t, consent, http.StatusOK, "<bdi>bob</bdi>")
	got := answered(t, b.allowing(b.get(to)))
	tokens := p.Token(p.client, p.client.Exchange(got.Get("code"), nil))
	bob, err := p.accounts.Authenticate(t.Context(), "bob", alicePassword)
	if err != nil {
		t.Fatal(err)
	}
	if claims := p.IDToken(p.client, tokens.ID); claims["sub"] != bob.Subject || claims["acr"] != PasswordACR {
		t.Errorf("the ID Token tells %v, bob is %s", claims, bob.Subject)
	}
	if got := p.Reasons(); !slices.Contains(got, "account_created") {
		t.Errorf("the audit trail has %v", got)
	}
}

// create beside other values: what each of them wants is done too, and none cannot
// be.
func TestPromptCreateAndMore(t *testing.T) {
	proof.Of(t, "PROMPT-CREATE-4-2")
	p := newSignUpPlace(t)
	for i, prompt := range []string{"create login", "create consent", "select_account create"} {
		b := p.browser()
		name := fmt.Sprint("person ", i)
		res := b.follow(b.ask(p.client, url.Values{"prompt": {prompt}}))
		next := b.follow(goesTo(t, b.post("/signup", signUp(t, res, name, alicePassword))))
		checkPage(t, next, http.StatusOK, "Allow access?", "<bdi>"+name+"</bdi>")
	}
	b := p.browser()
	to, err := url.Parse(b.ask(p.client, url.Values{"prompt": {"create none"}}))
	if err != nil || to.Query().Get("error") != "invalid_request" {
		t.Errorf("create none: %s, %v", to, err)
	}
}

// Who has an account signs in instead, and the other way round.
func TestSignInInsteadOfSignUp(t *testing.T) {
	p := newSignUpPlace(t)
	b := p.browser()
	page := body(t, b.follow(b.ask(p.client, url.Values{"prompt": {"create"}})))
	handle := hiddenField.FindStringSubmatch(page)[2]
	for _, want := range []string{`<form method="get" action="/login"`, `<input type="hidden" name="account" value="other">`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s: %s", want, page)
		}
	}
	login := func() *http.Response {
		return b.keep(b.Get("/login", url.Values{"request": {handle}, "account": {"other"}}, b.send))
	}
	if text := body(t, login()); !strings.Contains(text, "<title>Sign in") || !strings.Contains(text, `<form method="get" action="/signup"`) {
		t.Fatalf("it leads to %s", text)
	}
	checkPage(t, b.keep(b.Get("/signup", url.Values{"request": {handle}}, b.send)), http.StatusOK, "Create an account")
	if got := answered(t, b.as(aliceName, login())); got.Get("code") == "" {
		t.Errorf("alice gets %v", got)
	}
}

// Where the operator does not allow it, there is no page, no link and no offer.
func TestNoSignUp(t *testing.T) {
	proof.Of(t, "PROMPT-CREATE-4.2-3")
	p := newPlace(t)
	b := p.browser()
	login := b.begin()
	if strings.Contains(body(t, b.get(login)), "signup") {
		t.Error("the login page shows a way to sign up")
	}
	form := fields(t, b.get(login))
	checkPage(t, b.get(strings.Replace(login, "/login?", "/signup?", 1)), http.StatusNotFound)
	for name, value := range map[string]string{"username": "bob", "password": alicePassword, "password_again": alicePassword} {
		form.Set(name, value)
	}
	checkPage(t, b.post("/signup", form), http.StatusNotFound)
	if _, err := p.accounts.Authenticate(t.Context(), "bob", alicePassword); !errors.Is(err, ErrCredentials) {
		t.Errorf("bob: %v", err)
	}
	to, err := url.Parse(b.ask(p.client, url.Values{"prompt": {"create"}}))
	if err != nil || to.Query().Get("error") != "invalid_request" || !strings.Contains(to.Query().Get("error_description"), "create") {
		t.Errorf("prompt=create: %s, %v", to, err)
	}
}

// What makes no account, and what is said.
func TestSignUpRefusals(t *testing.T) {
	proof.Of(t, "ATK-42", "OKTA-2024", "ATK-130")
	p := newSignUpPlace(t)
	b := p.browser()
	page := func() *http.Response { return b.follow(b.ask(p.client, url.Values{"prompt": {"create"}})) }
	good := signUp(t, page(), "carol", alicePassword)
	for _, row := range []struct {
		what   string
		change map[string]string
		status int
		text   string
	}{
		{"taken", map[string]string{"username": aliceName}, 200, "Somebody has this user name already"},
		{"taken, with space around", map[string]string{"username": " " + aliceName + " "}, 200, "Somebody has this user name already"},
		{"no name", map[string]string{"username": ""}, 200, "Enter a user name"},
		{"one password", map[string]string{"password_again": ""}, 200, "your password twice"},
		{"two passwords", map[string]string{"password_again": alicePassword + "x"}, 200, "not the same"},
		{"short password", map[string]string{"password": "1234567", "password_again": "1234567"}, 200, "at least 8 characters"},
		{"long password", map[string]string{"password": strings.Repeat("é", 600), "password_again": strings.Repeat("é", 600)}, 400, "at most 1024 bytes"},
		{"upper case", map[string]string{"username": "Alice"}, 200, "lower-case"},
		{"a Cyrillic letter", map[string]string{"username": "\u0430lice"}, 200, "one script"},
		{"invisible", map[string]string{"username": "alice\u200b"}, 200, "cannot be used"},
		{"markup", map[string]string{"username": `"><script>alert(1)</script>`, "password_again": "x"}, 200, "not the same"},
		{"made-up token", map[string]string{"csrf": strings.Repeat("A", 43)}, 403, ""},
		{"no token", map[string]string{"csrf": ""}, 400, ""},
		{"another request", map[string]string{"request": "chrq_nothing"}, 400, ""},
	} {
		t.Run(row.what, func(t *testing.T) {
			form := url.Values{}
			for name, values := range good {
				form[name] = slices.Clone(values)
			}
			for name, value := range row.change {
				form.Set(name, value)
			}
			res := b.post("/signup", form)
			if len(res.Cookies()) != 0 {
				t.Errorf("sets %v", res.Cookies())
			}
			text := body(t, res)
			if res.StatusCode != row.status || !strings.Contains(text, row.text) || strings.Contains(text, "<script>") || strings.Contains(text, form.Get("password")) {
				t.Errorf("%d, %s", res.StatusCode, text)
			}
			if row.change["username"] == "" {
				if _, err := p.accounts.Authenticate(t.Context(), "carol", alicePassword); !errors.Is(err, ErrCredentials) {
					t.Errorf("carol: %v", err)
				}
			}
		})
	}
	// The form of one browser is of no use in another.
	checkPage(t, p.browser().post("/signup", good), http.StatusBadRequest)
	p.Clock.Move(attemptWindow) // carol was asked for often
	goesTo(t, b.post("/signup", signUp(t, page(), "carol", alicePassword)))
}

// A network cannot try names without end; another one is not held up.
func TestTooManySignUps(t *testing.T) {
	proof.Of(t, "ATK-98")
	p := newSignUpPlace(t)
	b := p.browser()
	form := signUp(t, b.follow(b.ask(p.client, url.Values{"prompt": {"create"}})), aliceName, alicePassword)
	for i := range networkSignUps {
		if res := b.post("/signup", form); res.StatusCode != http.StatusOK {
			t.Fatalf("attempt %d: status %d", i, res.StatusCode)
		}
	}
	form.Set("username", "dora")
	res := b.post("/signup", form)
	if res.Header.Get("Retry-After") != "900" {
		t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
	}
	checkPage(t, res, http.StatusTooManyRequests, "too many attempts to create an account")
	if !slices.Contains(p.Reasons(), "sign_up_throttled") {
		t.Errorf("the audit trail has %v", p.Reasons())
	}
	p.Clock.Move(attemptWindow)
	goesTo(t, b.post("/signup", signUp(t, b.follow(b.ask(p.client, url.Values{"prompt": {"create"}})), "dora", alicePassword)))
}

// Two who choose a name at once do not both get it.
func TestSignUpRace(t *testing.T) {
	l := NewLocalAccounts(memory.New())
	results := make(chan error)
	for i := range 4 {
		go func() {
			_, err := l.SignUp(context.Background(), "eve", fmt.Sprint("password number ", i))
			results <- err
		}()
	}
	made := 0
	for range 4 {
		switch err := <-results; {
		case err == nil:
			made++
		case !errors.Is(err, ErrNameTaken):
			t.Error(err)
		}
	}
	if made != 1 {
		t.Errorf("%d accounts of one name", made)
	}
}

// Names of one script are good, in any script.
func TestChosenNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"alice": true, "alice.b+c@example.com": true, "o'neil 2": true, "müller": true, "иван": true, "γιώργος": true, "山田たろう": true, "김철수": true,
		"محمد": true, "अनुष्का": true, "سارا ۲": true, "42": true,
		"Alice": false, "ALICE": false, "иvan": false, "αlice": false, "ａlice": false, "al\u200dice": false, "a\tb": false, "": false, strings.Repeat("a", 256): false,
	} {
		err := checkChosenName(name)
		if _, unusable := errors.AsType[*UnusableError](err); (err == nil) != ok || err != nil && !unusable {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// SignUp and Upstream exclude each other, and an Identity must be somebody's.
func TestSignUpConfig(t *testing.T) {
	st := memory.New()
	accounts := NewLocalAccounts(st)
	err := Config{Accounts: accounts, Store: st, SignUp: accounts.SignUp, Upstream: &Upstream{}}.check()
	if err == nil || !strings.Contains(err.Error(), "SignUp and Upstream exclude each other") {
		t.Errorf("%v", err)
	}
	p := newPlace(t, func(c *Config) {
		c.SignUp = func(context.Context, string, string) (Identity, error) { return Identity{}, nil }
	})
	b := p.browser()
	res := b.post("/signup", signUp(t, b.follow(b.ask(p.client, url.Values{"prompt": {"create"}})), "bob", alicePassword))
	checkPage(t, res, http.StatusInternalServerError)
}
