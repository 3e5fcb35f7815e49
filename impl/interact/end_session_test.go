package interact

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// newProvider is newPlace as an OpenID provider, with a client that is told of
// logouts.
func newProvider(t *testing.T) *place {
	t.Helper()
	st := servertest.Quiet(memory.New())
	p := &place{accounts: NewLocalAccounts(st), t: t}
	p.Server = servertest.New(t, st, func(sc *server.Config) {
		p.accounts.now = sc.Now
		sc.Claims = Claims(p.accounts)
		sc.Interaction = Pages(Config{Accounts: p.accounts, Store: st, Now: sc.Now})
	})
	if err := p.accounts.Add(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatal(err)
	}
	p.client = p.Register(`{"client_name":"RP","redirect_uris":["https://rp.example.com/cb"],"grant_types":["authorization_code","refresh_token"],"backchannel_logout_uri":"https://rp.example.com/logout"}`)
	return p
}

// openID signs alice in at the browser and at the client, and returns its tokens
// and the sid that it was told.
func (b *browser) openID(scope string) (servertest.Tokens, string) {
	b.t.Helper()
	res := b.follow(b.ask(b.client, url.Values{"scope": {scope}}))
	if len(b.cookies["__Host-charter-session"]) == 0 {
		res = b.as(aliceName, res)
	} else {
		res = b.allowing(res)
	}
	to, err := res.Location()
	if err != nil {
		b.t.Fatal(err)
	}
	tokens := b.Token(b.client, b.client.Exchange(to.Query().Get("code"), nil))
	sid, _ := b.IDToken(b.client, tokens.ID)["sid"].(string)
	return tokens, sid
}

// told returns how many logout tokens wait.
func (p *place) told() int {
	p.t.Helper()
	at := p.Clock.Now()
	all, err := p.Store.ClaimDeliveries(servertest.Asking(p.t.Context()), at, at.Add(time.Second), 100)
	if err != nil {
		p.t.Fatal(err)
	}
	return len(all)
}

// Every way out ends what was signed in to, and tells the client.
func TestEveryWayOut(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.3-1", "ATK-68")
	for what, leave := range map[string]func(b *browser) error{
		"signing out": func(b *browser) error {
			checkPage(t, b.post("/logout", forms(t, b.get("/apps"))["/logout"]), http.StatusOK, "You are signed out")
			return nil
		},
		"asked by an application": func(b *browser) error {
			checkPage(t, b.post("/logout", fields(t, b.get(b.leave(nil)))), http.StatusOK, "You are signed out")
			return nil
		},
		"disabled": func(b *browser) error { return b.accounts.SetDisabled(t.Context(), aliceName, true) },
		"removed":  func(b *browser) error { return b.accounts.Remove(t.Context(), aliceName) },
		"signed out by an operator": func(b *browser) error {
			old := b.copy()
			if err := b.accounts.SignOut(t.Context(), aliceName); err != nil {
				return err
			}
			if to := goesTo(t, old.get("/apps")); to != servertest.Issuer+"/login?request=apps" {
				return fmt.Errorf("the old cookie leads to %s", to)
			}
			return nil
		},
		"a new password": func(b *browser) error { return b.accounts.SetPassword(t.Context(), aliceName, "another password") },
		"pushed out by others": func(b *browser) error {
			for i := range maxSessions {
				name := fmt.Sprintf("other%d", i)
				if err := b.accounts.Add(t.Context(), name, alicePassword); err != nil {
					return err
				}
				b.as(name, b.follow(b.ask(b.client, url.Values{"prompt": {"login"}})))
			}
			return nil
		},
	} {
		t.Run(what, func(t *testing.T) {
			p := newProvider(t)
			b := p.browser()
			tokens, _ := b.openID("openid")
			if _, err := p.VerifyAccessToken(t.Context(), tokens.Access); err != nil || p.told() != 0 {
				t.Fatalf("before: %v", err)
			}
			p.Clock.Move(time.Second)
			if err := leave(b); err != nil {
				t.Fatal(err)
			}
			if _, err := p.VerifyAccessToken(t.Context(), tokens.Access); err == nil {
				t.Error("the token is good")
			}
			if n := p.told(); n != 1 {
				t.Errorf("%d clients are told", n)
			}
		})
	}
}

// Who proves again who they are stays in their session: the client that knows it
// by its sid is told of its end, whichever sign-in was the last.
func TestSignInAgainIsTheSameSession(t *testing.T) {
	p := newProvider(t)
	b := p.browser()
	_, first := b.openID("openid")
	old := b.copy()
	p.Clock.Move(time.Minute)
	b.as(aliceName, b.follow(b.ask(p.client, url.Values{"scope": {"openid email"}, "prompt": {"login"}})))
	if to := goesTo(t, old.get("/apps")); to != servertest.Issuer+"/login?request=apps" {
		t.Errorf("the cookie of before leads to %s", to)
	}
	if _, second := b.openID("openid email profile"); first == "" || second != first {
		t.Errorf("sid %q, then %q", first, second)
	}
	if _, other := p.browser().openID("openid email profile phone"); other == first {
		t.Error("another browser has the same sid")
	}
}

// A client without a refresh token is told too when its tokens are long over: its
// own session may not be. Nobody who is not told is remembered for it.
func TestClientsAreRememberedForTheSession(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.3-1")
	for _, uri := range []string{`,"backchannel_logout_uri":"https://rp.example.com/logout"`, ``} {
		p := newProvider(t)
		p.client = p.Register(`{"client_name":"RP2","redirect_uris":["https://rp.example.com/cb"],"grant_types":["authorization_code"]` + uri + `}`)
		b := p.browser()
		tokens, _ := b.openID("openid")
		p.Clock.Move(5 * time.Hour)
		if _, err := p.VerifyAccessToken(t.Context(), tokens.Access); err == nil {
			t.Fatal("control: the access token is not over")
		}
		if _, err := p.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.post("/logout", forms(t, b.get("/apps"))["/logout"])
		if n := p.told(); (n == 1) != (uri != "") {
			t.Errorf("%d clients are told of the end, with %q", n, uri)
		}
		p.Clock.Move(8 * 24 * time.Hour)
		if _, err := p.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		grants, err := p.Store.Grants(t.Context(), store.GrantFilter{ClientID: p.client.ID}, time.Time{}, "", 10)
		if err != nil || len(grants) != 0 {
			t.Errorf("%d grants are kept for good (%v)", len(grants), err)
		}
	}
}
