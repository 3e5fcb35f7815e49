package e2e

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// TestMainJobWithOAuth2 is the main job with golang.org/x/oauth2: register, a
// person allows it in Chromium, token, refresh, introspect, revoke.
func TestMainJobWithOAuth2(t *testing.T) {
	onEveryStore(t, func(t *testing.T, c *charter) {
		a := newApp(t, c)
		b := newBrowser(t)
		b.signIn(a.authorizationURL(), c.user, c.password)
		b.decide("allow")
		first, err := a.exchange()
		if err != nil {
			t.Fatalf("code: %v", err)
		}
		second, err := a.refresh(first.RefreshToken)
		if err != nil {
			t.Fatalf("refresh: %v", err)
		}
		if second.AccessToken == first.AccessToken || second.RefreshToken == first.RefreshToken {
			t.Error("refresh gave a token that was there before")
		}

		rs := c.resourceServer()
		live := rs.introspect(t, a.metadata.Introspection, second.AccessToken)
		if !live.Active || live.ClientID != a.config.ClientID || live.Scope != "read" || live.Issuer != c.issuer ||
			live.Subject == "" || !slices.Equal(live.Audience, []string{c.issuer}) {
			t.Errorf("introspection says %+v", live)
		}
		if rs.introspect(t, a.metadata.Introspection, second.RefreshToken).Active {
			t.Error("a resource server was told that a refresh token is active")
		}

		revoke(t, a.metadata.Revocation, a.config.ClientID, second.RefreshToken)
		if got := rs.introspect(t, a.metadata.Introspection, second.AccessToken); got.Active {
			t.Errorf("after the revocation introspection says %+v", got)
		}
		var refused *oauth2.RetrieveError
		if _, err := a.refresh(second.RefreshToken); !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" {
			t.Errorf("refresh after the revocation: %v, want invalid_grant", err)
		}
	})
}

// TestPersonDenies: the client hears access_denied, and no code.
func TestPersonDenies(t *testing.T) {
	c := serve(t, "")
	a := newApp(t, c)
	b := newBrowser(t)
	b.signIn(a.authorizationURL(), c.user, c.password)
	b.decide("deny")
	answer := <-a.answers
	if answer.Get("error") != "access_denied" || answer.Get("state") != a.state || answer.Get("iss") != c.issuer || answer.Has("code") {
		t.Errorf("the client received %v", answer)
	}
}

// An app is a native client made with golang.org/x/oauth2. The browser comes
// back to it on loopback (RFC 8252 §7.3).
type app struct {
	metadata metadata
	config   oauth2.Config
	state    string
	verifier string
	answers  chan url.Values // what came back to the redirect URI

	t *testing.T
}

func newApp(t *testing.T, c *charter) *app {
	t.Helper()
	a := &app{metadata: c.metadata(), state: oauth2.GenerateVerifier(), verifier: oauth2.GenerateVerifier(), answers: make(chan url.Values, 1), t: t}
	callback := httptest.NewServer(http.HandlerFunc(a.callback))
	t.Cleanup(callback.Close)
	a.config = oauth2.Config{
		ClientID:    register(t, a.metadata.Registration, "http://127.0.0.1/callback"),
		RedirectURL: callback.URL + "/callback", // another port than was registered
		Scopes:      []string{"read"},
		Endpoint: oauth2.Endpoint{
			AuthURL: a.metadata.Authorization, TokenURL: a.metadata.Token, AuthStyle: oauth2.AuthStyleInParams,
		},
	}
	return a
}

func (a *app) callback(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/callback" {
		http.NotFound(w, r)
		return
	}
	a.answers <- r.URL.Query()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, `<title>Done</title><p id="done">You can close this window.`)
}

func (a *app) authorizationURL() string {
	return a.config.AuthCodeURL(a.state, oauth2.S256ChallengeOption(a.verifier))
}

// exchange checks what came back, as RFC 9207 §2.4 asks, and redeems the code.
func (a *app) exchange() (*oauth2.Token, error) {
	a.t.Helper()
	answer := <-a.answers
	if answer.Get("state") != a.state || answer.Get("iss") != a.metadata.Issuer || answer.Get("code") == "" {
		a.t.Fatalf("the client received %v", answer)
	}
	return a.config.Exchange(a.context(), answer.Get("code"), oauth2.VerifierOption(a.verifier))
}

func (a *app) refresh(token string) (*oauth2.Token, error) {
	expired := &oauth2.Token{RefreshToken: token, Expiry: time.Now().Add(-time.Hour)}
	return a.config.TokenSource(a.context(), expired).Token()
}

func (a *app) context() context.Context {
	return context.WithValue(a.t.Context(), oauth2.HTTPClient, &http.Client{Timeout: 10 * time.Second})
}
