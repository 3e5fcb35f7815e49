package interact

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// newOfflineProvider is a place that is an OpenID provider, with the scope offline_access
// of OpenID Connect.
func newOfflineProvider(t *testing.T) *place {
	t.Helper()
	st := memory.New()
	p := &place{accounts: NewLocalAccounts(st), t: t}
	p.Server = servertest.New(t, st, func(sc *server.Config) {
		p.accounts.now = sc.Now
		sc.Scopes, sc.RefreshTokens = []string{"read"}, server.RefreshOnOfflineAccess
		sc.Claims = Claims(p.accounts)
		sc.Interaction = Pages(Config{Accounts: p.accounts, Store: st, Now: sc.Now})
	})
	if err := p.accounts.Add(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatal(err)
	}
	return p
}

// A refresh token for offline access is asked for in words, and given to whom the
// person allowed it: an application of the web may have been allowed it before, a
// program on the device is asked for each time.
func TestOfflineAccessIsAsked(t *testing.T) {
	proof.Of(t, "OIDC-CORE-11-2", "OIDC-CORE-11-5", "OIDC-CORE-11-6", "OIDC-CORE-2-12", "OIDC-CORE-2-13")
	p := newOfflineProvider(t)
	web := p.Public()
	native := p.Register(`{"application_type":"native","redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]}`)
	for name, row := range map[string]struct {
		client servertest.Client
		again  bool // whether a second request is asked
	}{"web": {web, false}, "native": {native, true}} {
		c, offline := row.client, url.Values{"scope": {"openid offline_access"}}
		b := p.browser()
		got := answered(t, b.as(aliceName, b.follow(b.ask(c, url.Values{"scope": {"openid"}}))))
		tokens := p.Token(c, c.Exchange(got.Get("code"), nil))
		if tokens.Refresh != "" {
			t.Errorf("%s: a refresh token that nobody allowed", name)
		}
		// A password is pwd (RFC 8176 §2), and its class an absolute URI.
		if id := p.IDToken(c, tokens.ID); id["acr"] != PasswordACR || !strings.HasPrefix(PasswordACR, "urn:") || fmt.Sprint(id["amr"]) != "[pwd]" {
			t.Errorf("%s: acr %v, amr %v", name, id["acr"], id["amr"])
		}
		checkPage(t, b.follow(b.ask(c, offline)), http.StatusOK, "Allow access?", "keep this access while you are away")
		form := fields(t, b.follow(b.ask(c, offline)))
		form.Set("decision", "allow")
		form["scope"] = []string{"openid"} // the person unticks it
		tokens = p.Token(c, c.Exchange(answered(t, b.post("/consent", form)).Get("code"), nil))
		if tokens.Refresh != "" || tokens.Scope != "openid" {
			t.Errorf("%s: %q and a refresh token %q though it was unticked", name, tokens.Scope, tokens.Refresh)
		}
		tokens = p.Token(c, c.Exchange(answered(t, b.allowing(b.follow(b.ask(c, offline)))).Get("code"), nil))
		if tokens.Refresh == "" {
			t.Errorf("%s: no refresh token though it was allowed", name)
		}
		if asked := b.follow(b.ask(c, offline)).StatusCode == http.StatusOK; asked != row.again {
			t.Errorf("%s: asked again %v, want %v", name, asked, row.again)
		}
	}
}
