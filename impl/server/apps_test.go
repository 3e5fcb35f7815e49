package server_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// What a person is told: one entry a client, what is allowed apart by resource,
// the newest first.
func TestApps(t *testing.T) {
	s := servertest.New(t, memory.New())
	public, other := s.Public(), s.Confidential()
	s.Code(public, nil)
	s.Clock.Move(time.Second)
	s.Grant(other)
	s.Code(other, url.Values{"scope": {"tools"}, "resource": {"https://mcp.example.com/mcp"}})
	apps, err := s.Apps(t.Context(), "alice")
	if err != nil || len(apps) != 2 {
		t.Fatalf("%+v, %v; want two", apps, err)
	}
	first, second := apps[0], apps[1]
	if first.ClientID != other.ID || first.Name != "Confidential" || first.Verified || len(first.Access) != 2 || first.LastUsedAt.IsZero() || !first.GrantedAt.Equal(s.Clock.Now()) {
		t.Errorf("first %+v", first)
	}
	for _, a := range first.Access {
		want := []string{"read", "write"}
		if a.Resources[0].URI == "https://mcp.example.com/mcp" {
			want = []string{"tools"}
		}
		if !slices.Equal(a.Scopes, want) {
			t.Errorf("at %v: %v, want %v", a.Resources, a.Scopes, want)
		}
	}
	if second.ClientID != public.ID || !second.LastUsedAt.IsZero() {
		t.Errorf("second %+v", second)
	}
	if apps, err := s.Apps(t.Context(), "bob"); err != nil || len(apps) != 0 {
		t.Errorf("bob has %+v, %v", apps, err)
	}
}

// A client that is gone, or that only a document on the web describes, is listed
// without a name: nothing is fetched for the list.
func TestAppsWithoutNames(t *testing.T) {
	s := servertest.New(t, memory.New())
	for _, id := range []string{"gone", "https://app.example.com/client"} {
		now := s.Clock.Now()
		g := store.Grant{ID: "g" + id, Subject: "alice", ClientID: id, Resources: []string{"https://api.example.com"}, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
		if err := s.Store.Issue(t.Context(), &g); err != nil {
			t.Fatal(err)
		}
	}
	apps, err := s.Apps(t.Context(), "alice")
	if err != nil || len(apps) != 2 || apps[0].Name != "" || apps[1].Name != "" || apps[0].Verified || apps[1].Verified {
		t.Errorf("%+v, %v", apps, err)
	}
}

// Revoking an app ends all of its grants and nobody else's; somebody else's app
// looks like none.
func TestRevokeApp(t *testing.T) {
	s := servertest.New(t, memory.New())
	public, other := s.Public(), s.Confidential()
	one, two, kept := s.Grant(public), s.Grant(public), s.Grant(other)
	alive := func(tokens servertest.Tokens) bool {
		_, err := s.VerifyAccessToken(t.Context(), tokens.Access)
		return err == nil
	}
	for _, row := range [][2]string{{"bob", public.ID}, {"alice", "nobody"}, {"alice", ""}, {"", public.ID}, {"", ""}} {
		refused, ok := errors.AsType[*oauth.Error](s.RevokeApp(t.Context(), row[0], row[1]))
		if !ok || refused.Description != "this application has no access to your account" {
			t.Errorf("%q: %v", row, refused)
		}
	}
	if err := s.RevokeApps(t.Context(), "bob"); err != nil {
		t.Error(err)
	}
	if err := s.RevokeApps(t.Context(), ""); err == nil {
		t.Error("nobody's apps are revoked")
	}
	if !alive(one) || !alive(two) || !alive(kept) {
		t.Fatal("positive control: a token is dead before it is revoked")
	}
	if err := s.RevokeApp(t.Context(), "alice", public.ID); err != nil {
		t.Fatal(err)
	}
	if alive(one) || alive(two) || !alive(kept) {
		t.Errorf("alive are %v, %v, %v; want the last alone", alive(one), alive(two), alive(kept))
	}
	if err := s.RevokeApps(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if alive(kept) {
		t.Error("a token outlives revoking all")
	}
}

// The token of a form is good in one browser, for one purpose, and is
// none of a request's.
func TestFormToken(t *testing.T) {
	proof.Of(t, "ATK-143")
	s := servertest.New(t, memory.New())
	fresh := func() *http.Request { return httptest.NewRequest(http.MethodGet, servertest.Issuer+"/login", nil) }
	browser := func() (*http.Request, string) {
		token, cookies := s.FormToken(fresh(), "login")
		if len(cookies) != 1 {
			t.Fatalf("cookies %v", cookies)
		}
		c, err := http.ParseSetCookie(cookies[0])
		if err != nil {
			t.Fatal(err)
		}
		r := fresh()
		r.AddCookie(c)
		return r, token
	}
	mine, token := browser()
	theirs, _ := browser()
	if again, cookies := s.FormToken(mine, "login"); again != token || len(cookies) != 0 {
		t.Errorf("the second time: %q, cookies %v", again, cookies)
	}
	if !s.CheckFormToken(mine, "login", token) {
		t.Error("positive control: the token is refused")
	}
	if s.CheckFormToken(theirs, "login", token) || s.CheckFormToken(fresh(), "login", token) || s.CheckFormToken(mine, "logout", token) || s.CheckFormToken(mine, "login", "") {
		t.Error("a token is good elsewhere")
	}
}

// What the pages decide by, whether a person has to be asked again.
func TestPendingTellsWhatChanged(t *testing.T) {
	s := servertest.New(t, memory.New())
	c := s.Public()
	p := s.Pending(c.Request(url.Values{"prompt": {"consent"}}))
	now := s.Clock.Now()
	if !p.Asks(server.PromptConsent) || p.Silent() || !p.ClientUnchangedSince(now) || p.ClientUnchangedSince(now.Add(-time.Second)) {
		t.Errorf("consent %v, unchanged %v, %v", p.Asks(server.PromptConsent), p.ClientUnchangedSince(now), p.ClientUnchangedSince(now.Add(-time.Second)))
	}
}
