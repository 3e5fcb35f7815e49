package server_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// An ID Token tells when the person signed in (OpenID Connect Core §2, auth_time):
// who completes a sign-in must say it, and a request for nothing of the kind need
// not.
func TestSignInTimeIsRequired(t *testing.T) {
	f := newFixture(t, servertest.OpenID)
	c := f.Public()
	p := f.Pending(c.Request(url.Values{"scope": {"openid email"}}))
	f.unchanged(t, "without a time", func() {
		if r, err := f.Complete(context.Background(), p, server.Decision{Subject: "alice"}); err == nil {
			t.Errorf("completed: %s", r.Location())
		}
	})
	for name, d := range map[string]server.Decision{
		"with a time":    {Subject: "alice", AuthTime: f.Clock.Now()},
		"without openid": {Subject: "alice", Scopes: []string{"email"}},
	} {
		p := f.Pending(c.Request(url.Values{"scope": {"openid email"}}))
		if r, err := f.Complete(context.Background(), p, d); err != nil || !strings.Contains(r.Location(), "code=") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A claim that is asked for at both places is put before the person once, and one
// that is not theirs to tell not at all.
func TestClaimsAreNamedOnce(t *testing.T) {
	f := newFixture(t, servertest.OpenID)
	p := f.Pending(f.Public().Request(url.Values{"scope": {"openid email"}, "claims": {`{"userinfo":{"department":null,"email":null},"id_token":{"department":null,"a":null,"acr":null,"sub":null}}`}}))
	if got := strings.Join(p.Claims(), " "); got != "a department" {
		t.Errorf("asked for %q", got)
	}
}
