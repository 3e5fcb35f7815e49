package interact

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// The whole walk: sign in, allow less than was asked, get a token with it; the
// second time the browser is known.
func TestSignInAndConsent(t *testing.T) {
	p := newPlace(t)
	b := p.browser()
	login := b.begin()
	if !strings.HasPrefix(login, servertest.Issuer+"/login?request=chrq_") {
		t.Fatalf("the login page is at %s", login)
	}
	checkPage(t, b.get(login), http.StatusOK, "Sign in", "<bdi>Public</bdi>", "auth.example.com")
	form := fields(t, b.get(login))
	form.Set("username", aliceName)
	form.Set("password", alicePassword)
	answer := b.post("/login", form)
	consent := goesTo(t, answer)
	if !strings.HasPrefix(consent, servertest.Issuer+"/consent?request=") || len(answer.Cookies()) != 1 {
		t.Fatalf("login answers %s with %v", consent, answer.Cookies())
	}
	page := b.get(consent)
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' https: http://127.0.0.1:* http://localhost:*; ") {
		t.Errorf("the policy is %s", policy)
	}
	checkPage(t, page, http.StatusOK, "<bdi>Public</bdi>", "Not verified", "<bdi>alice</bdi>", "read your notes", "<bdi>write</bdi>",
		"<bdi>https://api.example.com</bdi>", "<bdi>app.example.com</bdi>")
	form = fields(t, b.get(consent))
	if got := form["scope"]; !slices.Equal(got, []string{"read", "write"}) {
		t.Errorf("ticked are %v", got)
	}
	form.Set("decision", "allow")
	form.Set("scope", "read")
	back, err := url.Parse(goesTo(t, b.post("/consent", form)))
	if err != nil {
		t.Fatal(err)
	}
	if q := back.Query(); back.Host != "app.example.com" || q.Get("state") != "xyz" || q.Get("iss") != servertest.Issuer {
		t.Errorf("the answer goes to %s", back)
	}
	if tokens := p.Token(p.client, p.client.Exchange(back.Query().Get("code"), nil)); tokens.Scope != "read" {
		t.Errorf("the scope is %q, want what was ticked", tokens.Scope)
	}
	if to := goesTo(t, b.get(b.begin())); !strings.HasPrefix(to, servertest.Issuer+"/consent?") {
		t.Errorf("the second time the login page sends to %s", to)
	}
}

// Reading a page changes nothing, and there is no HEAD.
func TestPagesOnlyRead(t *testing.T) {
	proof.Of(t, "ATK-34")
	b := newPlace(t).browser()
	consent := b.signIn()
	var form url.Values
	for range 3 {
		res := b.get(consent)
		if len(res.Cookies()) != 0 {
			t.Errorf("reading sets %v", res.Cookies())
		}
		form = fields(t, res)
	}
	u, err := url.Parse(consent)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodHead, servertest.Issuer+u.RequestURI(), nil)
	b.send(r)
	if res := b.Do(r); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") == "" {
		t.Errorf("HEAD: status %d, Allow %q", res.StatusCode, res.Header.Get("Allow"))
	}
	form.Set("decision", "allow")
	if code(t, b.post("/consent", form)) == "" {
		t.Error("positive control: no code after reading")
	}
}

// Every page of an issuer with a path is below it.
func TestIssuerWithPath(t *testing.T) {
	st := memory.New()
	accounts := NewLocalAccounts(st)
	s := servertest.New(t, st, func(c *server.Config) {
		c.Issuer = servertest.Issuer + "/tenant"
		c.Interaction = Pages(Config{Accounts: accounts, Store: st, Now: c.Now})
	})
	res := s.Get("/tenant/login", url.Values{"request": {"chrq_x"}})
	checkPage(t, res, http.StatusBadRequest)
	checkPage(t, s.Get("/tenant/nothing", nil), http.StatusNotFound)
	if res := s.Get("/login", url.Values{"request": {"chrq_x"}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("outside of the issuer: status %d", res.StatusCode)
	}
	at, err := locate(servertest.Issuer + "/tenant")
	if err != nil || at.path != "/tenant" || at.page("/login", "h") != servertest.Issuer+"/tenant/login?request=h" {
		t.Errorf("%+v, %v", at, err)
	}
}

// A failing reads no session.
type failing struct {
	store.Store
	session, account bool
}

func (f *failing) Session(ctx context.Context, d store.Digest) (store.Session, error) {
	if f.session {
		return store.Session{}, store.ErrUnavailable
	}
	return f.Store.Session(ctx, d)
}

func (f *failing) Account(ctx context.Context, id string) (store.Account, error) {
	if f.account {
		return store.Account{}, store.ErrUnavailable
	}
	return f.Store.Account(ctx, id)
}

// A storage failure is no refusal and no success, and its text stays inside.
func TestPagesWithoutStore(t *testing.T) {
	st := &failing{Store: memory.New()}
	b := newPlaceOver(t, st).browser()
	form := b.question()
	for _, broken := range []*bool{&st.session, &st.account} {
		*broken = true
		res := b.post("/consent", form)
		if to := res.Header.Get("Location"); to != "" {
			t.Errorf("goes to %s", to)
		}
		page := body(t, res)
		if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(page, "give this reference") || strings.Contains(page, "store: ") {
			t.Errorf("status %d: %s", res.StatusCode, page)
		}
		*broken = false
	}
	if code(t, b.post("/consent", form)) == "" {
		t.Error("positive control: no code with a store that works")
	}
}

func TestConfigProblems(t *testing.T) {
	st := memory.New()
	for want, cfg := range map[string]Config{
		"Accounts is required": {Store: st},
		"Store is required":    {Accounts: NewLocalAccounts(st)},
		"may not be negative":  {Accounts: NewLocalAccounts(st), Store: st, SessionIdle: -1},
	} {
		s, err := server.New(server.Config{Issuer: servertest.Issuer, Store: memory.New(), KeyEncryptionKey: servertest.KEK(t), Interaction: Pages(cfg)})
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %q in it", err, want)
		}
	}
}
