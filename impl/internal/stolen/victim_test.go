package stolen

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/internal/person"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// What nobody may find, beside what the server makes itself.
const (
	password      = "canary-Password-7f3a9c"
	wrongPassword = "canary-Wrong-Password-51"
	props         = `{"upstream_token":"canary-props-2b8e41d7"}`
	personName    = "canary-person"
)

// A victim is a server that has been used, and all that its users kept secret.
type victim struct {
	*servertest.Server
	t       *testing.T
	secrets map[string]string // by what they are

	public, confidential, mac servertest.Client
	access, refresh, code     string // good ones
	personal                  string // an access token of who signed in on the pages
	cookies                   map[string]string
	handle                    string // of a request that waits
}

func newVictim(t *testing.T, st store.Store) *victim {
	t.Helper()
	v := &victim{t: t, secrets: map[string]string{"password": password, "wrong password": wrongPassword, "props": "canary-props-2b8e41d7", "verifier": servertest.Verifier}, cookies: make(map[string]string)}
	accounts := interact.NewLocalAccounts(st)
	if err := accounts.Add(context.Background(), personName, password); err != nil {
		t.Fatal(err)
	}
	v.Server = servertest.New(t, st, func(cfg *server.Config) {
		now, log := cfg.Now, cfg.Events
		cfg.Claims = interact.Claims(accounts)
		cfg.Scopes = append(cfg.Scopes, "openid")
		cfg.Resources[1].TokenFormat = server.JWTES256
		cfg.Interaction = interact.Pages(interact.Config{Accounts: accounts, Store: st, Now: now, Logger: cfg.Logger})
		cfg.Events = func(ctx context.Context, e store.Event) {
			log(ctx, e)
			if err := st.Record(ctx, e); err != nil {
				t.Error(err)
			}
		}
	})
	return v
}

// keep notes a secret, which must be one.
func (v *victim) keep(what, value string) string {
	v.t.Helper()
	if len(value) < 16 {
		v.t.Fatalf("%s is %q", what, value)
	}
	v.secrets[what+" "+value[:12]] = value
	return value
}

// live is what a server goes through.
func (v *victim) live() {
	v.public, v.confidential = v.Public(), v.Confidential()
	v.mac = v.Register(`{"client_name":"MAC","redirect_uris":["https://mac.example.com/cb"],"token_endpoint_auth_method":"client_secret_jwt"}`)
	for _, c := range []servertest.Client{v.public, v.confidential, v.mac} {
		v.keep("registration access token", c.RegistrationToken)
	}
	v.keep("client secret", v.confidential.Secret)
	v.keep("client secret", v.mac.Secret)
	initial, err := server.CreateInitialAccessToken(context.Background(), v.Store, v.Clock.Now(), v.Clock.Now().Add(time.Hour))
	if err != nil {
		v.t.Fatal(err)
	}
	v.keep("initial access token", initial)
	for range 4 {
		v.signIn()
		for _, c := range []servertest.Client{v.public, v.confidential} {
			v.flow(c, "https://api.example.com")
			v.flow(c, "https://mcp.example.com/mcp")
		}
		v.mistakes()
	}
	v.code = v.keep("unspent code", v.Allow(v.Pending(v.public.Request(nil)), props).Get("code"))
	waits := v.Pending(v.public.Request(nil))
	v.handle = v.keep("handle", waits.Handle())
	v.Clock.Move(time.Second)
}

// flow is a grant with props, two refreshes, a retry and, for one resource, its
// end.
func (v *victim) flow(c servertest.Client, resource string) {
	p := v.Pending(c.Request(url.Values{"resource": {resource}, "scope": {"openid read"}, "nonce": {"n"}}))
	v.keep("handle", p.Handle())
	code := v.keep("code", v.Allow(p, props).Get("code"))
	form := c.Exchange(code, nil)
	a := v.tokens(c, form)
	old := a.Refresh
	a = v.tokens(c, c.Refresh(old, nil))
	v.tokens(c, c.Refresh(old, nil))
	a = v.tokens(c, c.Refresh(a.Refresh, nil))
	if resource != "https://api.example.com" {
		v.Post("/revoke", url.Values{"token": {a.Access}, "client_id": {c.ID}}, c.Auth())
		return
	}
	v.access, v.refresh = a.Access, a.Refresh
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

func (v *victim) tokens(c servertest.Client, form url.Values) (a tokens) {
	v.t.Helper()
	members := servertest.Decode(v.t, v.Post("/token", form, c.Auth()), http.StatusOK)
	b, _ := json.Marshal(members)
	if err := json.Unmarshal(b, &a); err != nil {
		v.t.Fatal(err)
	}
	v.keep("access token", a.Access)
	v.keep("refresh token", a.Refresh)
	if a.ID != "" {
		v.keep("ID Token", a.ID)
	}
	return a
}

// mistakes are requests that put secrets where they do not belong: nothing of
// them may be kept or logged.
func (v *victim) mistakes() {
	v.Get("/authorize", v.public.Request(url.Values{"access_token": {v.access}, "client_secret": {v.confidential.Secret}}))
	v.Post("/token?code="+v.access, v.public.Exchange(v.refresh, nil))
	v.Post("/token", v.public.Refresh(v.access, nil))
	v.Post("/introspect", url.Values{"token": {v.access}}, servertest.Basic(v.mac.ID, v.confidential.Secret))
	v.JSON(http.MethodPost, "/register", `{"client_secret":"`+v.confidential.Secret+`","redirect_uris":["x:`+v.refresh+`"]}`)
	v.Get("/userinfo", nil, servertest.Bearer(v.refresh))
}

// signIn signs somebody in on the pages, after one wrong password, and keeps the
// cookies.
func (v *victim) signIn() {
	v.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, typed := range []string{wrongPassword, password} {
		p := person.Person{Name: personName, Password: typed, Transport: v, Jar: jar}
		to, err := p.Decide(servertest.Issuer+"/authorize?"+v.public.Request(url.Values{"scope": {"openid read"}}).Encode(), "allow")
		if typed == password {
			if err != nil {
				v.t.Fatal(err)
			}
			code := v.keep("code of the pages", to.Query().Get("code"))
			v.personal = v.tokens(v.public, v.public.Exchange(code, nil)).Access
		}
	}
}

// RoundTrip is the network between the person's browser and the server.
func (v *victim) RoundTrip(sent *http.Request) (*http.Response, error) {
	r := httptest.NewRequest(sent.Method, sent.URL.String(), sent.Body)
	r.Header = sent.Header.Clone()
	if r.Method == http.MethodPost {
		r.Header.Set("Origin", servertest.Issuer)
	}
	res := v.Do(r)
	res.Request = sent
	for _, c := range res.Cookies() {
		if strings.HasPrefix(c.Value, "ch") {
			v.cookies[c.Name] = v.keep("cookie", c.Value)
		}
	}
	return res, nil
}
