package interact

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"testing"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// A disabled account gets nothing more out of an old
// consent, and an enabled one does.
func TestRequireAccount(t *testing.T) {
	proof.Of(t, "GHSA-7qjx-gp9h-65qj")
	st := memory.New()
	accounts := NewLocalAccounts(st)
	s := servertest.New(t, st, func(cfg *server.Config) {
		accounts.now = cfg.Now
		cfg.Policy = RequireAccount(accounts)
	})
	if err := accounts.Add(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatal(err)
	}
	alice, err := st.AccountByName(t.Context(), aliceName)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Public()
	response, err := s.Complete(t.Context(), s.Pending(c.Request(nil)), server.Decision{Subject: alice.ID, AuthTime: s.Clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	back, err := url.Parse(response.Location())
	if err != nil {
		t.Fatal(err)
	}
	tokens := s.Token(c, c.Exchange(back.Query().Get("code"), nil))
	tokens = s.Token(c, c.Refresh(tokens.Refresh, nil)) // the positive control
	disable(t, st, aliceName, s.Clock.Now())
	servertest.Refused(t, s.Post("/token", c.Refresh(tokens.Refresh, nil)), 400, "invalid_grant")
	if _, err := s.VerifyAccessToken(t.Context(), tokens.Access); err == nil {
		t.Error("the access token of the ended grant is still good")
	}
}

// A client's own token has no person behind it, and a store that does not answer
// is nobody's refusal.
func TestRequireAccountAsksForPeople(t *testing.T) {
	down := errors.New("down")
	policy := RequireAccount(AccountFuncs{AccountFunc: func(context.Context, string) (Identity, error) { return Identity{}, down }})
	if err := policy(t.Context(), &server.Issue{GrantType: gen.GrantTypeClientCredentials}); err != nil {
		t.Error(err)
	}
	i := &server.Issue{GrantType: gen.GrantTypeRefreshToken, Grant: store.Grant{ID: "g", Subject: "alice"}}
	if err := policy(t.Context(), i); !errors.Is(err, down) || i.RevokeGrant {
		t.Errorf("%v, revoke %v", err, i.RevokeGrant)
	}
}

// Attempts to sign in are in the audit trail, without the name that was typed.
func TestLoginEvents(t *testing.T) {
	p := newPlace(t)
	b := p.browser()
	form := fields(t, b.loginPage())
	form.Set("username", aliceName)
	form.Set("password", wrongPassword)
	b.post("/login", form)
	form.Set("password", alicePassword)
	b.post("/login", form)
	if got := p.Reasons(); !slices.Equal(got[len(got)-2:], []string{"login_failed", "login_succeeded"}) {
		t.Errorf("events %v", got)
	}
}
