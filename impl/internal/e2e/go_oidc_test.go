package e2e

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// TestOpenIDConnectWithGoOIDC is a login as github.com/coreos/go-oidc checks it:
// discovery, PKCE, nonce, signature, audience, at_hash, UserInfo, a refresh, single
// sign-on, prompt=none and max_age. Every check is seen to refuse, too.
func TestOpenIDConnectWithGoOIDC(t *testing.T) {
	onEveryStore(t, func(t *testing.T, c *charter) {
		g := newGoOIDC(t, c)
		first, token := g.login([]string{"login", "consent"})
		if first.Subject == "" || first.Nonce == "" || first.AccessTokenHash == "" {
			t.Errorf("the ID Token says %+v", first)
		}
		g.checkUserInfo(first, token)
		g.checkRefresh(first, token)
		g.checkItRefuses(first, token)

		again, _ := g.login(nil, oauth2.SetAuthURLParam("max_age", "3600")) // single sign-on
		if again.Subject != first.Subject || authTime(t, again) != authTime(t, first) {
			t.Errorf("with max_age=3600: %s at %d, want %s at %d", again.Subject, authTime(t, again), first.Subject, authTime(t, first))
		}
		if silent, _ := g.login(nil, oauth2.SetAuthURLParam("prompt", "none")); silent.Subject != first.Subject || authTime(t, silent) != authTime(t, first) {
			t.Errorf("with prompt=none: %s at %d, want %s at %d", silent.Subject, authTime(t, silent), first.Subject, authTime(t, first))
		}
		before := time.Now().Unix()
		fresh, _ := g.login([]string{"login"}, oauth2.SetAuthURLParam("max_age", "0"))
		if fresh.Subject != first.Subject || authTime(t, fresh) < before {
			t.Errorf("with max_age=0: %s at %d, want %s from %d on", fresh.Subject, authTime(t, fresh), first.Subject, before)
		}
	})
}

// A goOIDC is a client on the web made with go-oidc and golang.org/x/oauth2.
type goOIDC struct {
	rp       *relyingParty
	ctx      context.Context
	provider *oidc.Provider
	config   oauth2.Config
	raw      string // the last ID Token

	t *testing.T
}

func newGoOIDC(t *testing.T, c *charter) *goOIDC {
	t.Helper()
	g := &goOIDC{rp: newRelyingParty(t, c), ctx: oidc.ClientContext(t.Context(), &http.Client{Timeout: 10 * time.Second}), t: t}
	var err error
	if g.provider, err = oidc.NewProvider(g.ctx, c.issuer); err != nil {
		t.Fatal(err)
	}
	if _, err := oidc.NewProvider(g.ctx, strings.Replace(c.issuer, "127.0.0.1", "localhost", 1)); err == nil {
		t.Error("go-oidc took the metadata of another issuer")
	}
	g.config = oauth2.Config{
		ClientID: registerMetadata(t, c.metadata().Registration, map[string]any{
			"client_name": "go-oidc", "redirect_uris": []string{g.rp.callback()}, "grant_types": []string{"authorization_code", "refresh_token"}, "token_endpoint_auth_method": "none",
		}),
		Endpoint:    g.provider.Endpoint(),
		RedirectURL: g.rp.callback(),
		Scopes:      []string{oidc.ScopeOpenID, "profile"},
	}
	g.config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	return g
}

// login signs in, wants the person to see those pages, and verifies what comes.
func (g *goOIDC) login(saw []string, options ...oauth2.AuthCodeOption) (*oidc.IDToken, *oauth2.Token) {
	g.t.Helper()
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	options = append(options, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))
	back := g.rp.visit(g.config.AuthCodeURL(state, options...))
	if !slices.Equal(back.Saw, saw) {
		g.t.Errorf("the person saw %q, want %q", back.Saw, saw)
	}
	u, err := url.Parse(back.URL)
	if err != nil || u.Query().Get("state") != state || u.Query().Get("iss") != g.rp.charter.issuer {
		g.t.Fatalf("the client received %s (%v)", back.URL, err)
	}
	if _, err := g.config.Exchange(g.ctx, u.Query().Get("code"), oauth2.VerifierOption(oauth2.GenerateVerifier())); err == nil {
		g.t.Fatal("the code was redeemed with another verifier")
	}
	token, err := g.config.Exchange(g.ctx, u.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		g.t.Fatal(err)
	}
	id := g.verified(token)
	if id.Nonce != nonce { // which go-oidc leaves to its caller
		g.t.Errorf("nonce %q, want %q", id.Nonce, nonce)
	}
	return id, token
}

// verified is the ID Token beside an access token.
func (g *goOIDC) verified(token *oauth2.Token) *oidc.IDToken {
	g.t.Helper()
	g.raw, _ = token.Extra("id_token").(string)
	id, err := g.provider.Verifier(&oidc.Config{ClientID: g.config.ClientID}).Verify(g.ctx, g.raw)
	if err != nil {
		g.t.Fatalf("the ID Token %q: %v", g.raw, err)
	}
	if err := id.VerifyAccessToken(token.AccessToken); err != nil {
		g.t.Errorf("at_hash: %v", err)
	}
	return id
}

func (g *goOIDC) checkUserInfo(id *oidc.IDToken, token *oauth2.Token) {
	g.t.Helper()
	person, err := g.provider.UserInfo(g.ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		g.t.Fatal(err)
	}
	var claims struct {
		Name string `json:"preferred_username"`
	}
	if err := person.Claims(&claims); err != nil || person.Subject != id.Subject || claims.Name != g.rp.charter.user {
		g.t.Errorf("UserInfo says %+v, %+v, %v", person, claims, err)
	}
	if _, err := g.provider.UserInfo(g.ctx, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token.AccessToken + "x"})); err == nil {
		g.t.Error("UserInfo told of a person for another token")
	}
}

func (g *goOIDC) checkRefresh(first *oidc.IDToken, token *oauth2.Token) {
	g.t.Helper()
	expired := &oauth2.Token{RefreshToken: token.RefreshToken, Expiry: time.Now().Add(-time.Hour)}
	second, err := g.config.TokenSource(g.ctx, expired).Token()
	if err != nil {
		g.t.Fatal(err)
	}
	raw := g.raw
	again := g.verified(second)
	if second.AccessToken == token.AccessToken || again.Subject != first.Subject || authTime(g.t, again) != authTime(g.t, first) {
		g.t.Errorf("the refresh gave %+v after %+v", again, first)
	}
	if err := first.VerifyAccessToken(second.AccessToken); err == nil {
		g.t.Error("at_hash of the first ID Token fits the second access token")
	}
	g.raw = raw
}

// checkItRefuses shows that what verified takes is not taken whatever it is.
func (g *goOIDC) checkItRefuses(id *oidc.IDToken, token *oauth2.Token) {
	g.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		g.t.Fatal(err)
	}
	of := func(cfg oidc.Config) *oidc.IDTokenVerifier {
		if cfg.ClientID == "" {
			cfg.ClientID = g.config.ClientID
		}
		return g.provider.Verifier(&cfg)
	}
	issuer := g.rp.charter.issuer
	header, rest, _ := strings.Cut(g.raw, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	for what, row := range map[string]struct {
		verifier *oidc.IDTokenVerifier
		token    string
	}{
		"another key":      {oidc.NewVerifier(issuer, &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{key.Public()}}, &oidc.Config{ClientID: g.config.ClientID}), g.raw},
		"another client":   {of(oidc.Config{ClientID: "another"}), g.raw},
		"another issuer":   {oidc.NewVerifier(issuer+"/", oidc.NewRemoteKeySet(g.ctx, issuer+"/jwks"), &oidc.Config{ClientID: g.config.ClientID}), g.raw},
		"two hours later":  {of(oidc.Config{Now: func() time.Time { return time.Now().Add(2 * time.Hour) }}), g.raw},
		"no signature":     {of(oidc.Config{}), header + "." + payload + "."},
		"a claim changed":  {of(oidc.Config{}), header + "." + payload[:len(payload)-4] + "AAAA" + "." + signature},
		"the access token": {of(oidc.Config{}), token.AccessToken},
	} {
		if _, err := row.verifier.Verify(g.ctx, row.token); err == nil {
			g.t.Errorf("%s: go-oidc took the ID Token", what)
		}
	}
	if _, err := of(oidc.Config{}).Verify(g.ctx, g.raw); err != nil {
		g.t.Errorf("unchanged: %v", err)
	}
	if err := id.VerifyAccessToken(token.AccessToken + "x"); err == nil {
		g.t.Error("at_hash fits another access token")
	}
}

// authTime is when the person signed in, in seconds.
func authTime(t *testing.T, id *oidc.IDToken) int64 {
	t.Helper()
	var claims struct {
		AuthTime int64 `json:"auth_time"`
	}
	if err := id.Claims(&claims); err != nil || claims.AuthTime == 0 {
		t.Fatalf("auth_time: %v", err)
	}
	return claims.AuthTime
}
