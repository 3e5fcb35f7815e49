package server

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
)

// RFC6749-6-7, RFC9700-2.2.2-1: every use rotates; the chain lives.
func TestRefreshRotates(t *testing.T) {
	proof.Of(t, "REL-I6")
	for _, id := range []string{"C1", "C2", "P1"} {
		x := newTokenTest(t)
		a := x.tokens(allowed{client: id, props: `{"tenant":7}`})
		for range 3 {
			x.pass(time.Hour)
			next := x.ok(x.post("/token", as(id), refreshForm(a.text("refresh_token"))))
			if next.text("refresh_token") == a.text("refresh_token") || next.text("access_token") == a.text("access_token") {
				t.Fatal("not rotated")
			}
			got, err := x.server.VerifyAccessToken(context.Background(), next.text("access_token"))
			if err != nil || string(got.Props) != `{"tenant":7}` || next.text("scope") != "profile a.read a.write" {
				t.Errorf("%s: %+v, %v", id, got, err)
			}
			a = next
		}
	}
}

// The retry of a lost answer gets the same tokens, told the time that is
// left; once the successor was used, the same request is theft.
func TestRefreshRetry(t *testing.T) {
	proof.Of(t, "ATK-61", "MAD-20")
	x := newTokenTest(t)
	old := x.tokens(allowed{client: "P1"}).text("refresh_token")
	first := x.ok(x.post("/token", as("P1"), refreshForm(old)))
	x.pass(20 * time.Second)
	again := x.ok(x.post("/token", as("P1"), refreshForm(old)))
	if again.text("access_token") != first.text("access_token") || again.text("refresh_token") != first.text("refresh_token") ||
		again.text("scope") != first.text("scope") || again.body["expires_in"] != 3580.0 {
		t.Fatalf("%s then %s", first.raw, again.raw)
	}
	second := x.ok(x.post("/token", as("P1"), refreshForm(first.text("refresh_token"))))
	x.refused("MAD-20 after the successor was used", x.post("/token", as("P1"), refreshForm(old)), 400, "invalid_grant", old)
	x.allDead(second, first)
	if x.happened("refresh_reuse_detected") != 1 {
		t.Errorf("events %+v", x.events)
	}
}

// allDead sees that no token of the answers is good.
func (x *tokenTest) allDead(answers ...answer) {
	x.Helper()
	for _, a := range answers {
		if x.live(a.text("access_token")) {
			x.Error("an access token lives")
		}
		if b := x.post("/token", as("P1"), refreshForm(a.text("refresh_token"))); b.status != 400 {
			x.Errorf("a refresh token lives: %s", b.raw)
		}
	}
}

func TestRefreshReuseAfterGrace(t *testing.T) {
	proof.Of(t, "MAD-20", "MAD-33")
	for _, c := range []struct {
		after time.Duration
		retry bool
	}{{time.Minute - time.Microsecond, true}, {time.Minute, false}, {24 * time.Hour, false}} {
		x := newTokenTest(t)
		old := x.tokens(allowed{client: "P1"})
		next := x.ok(x.post("/token", as("P1"), refreshForm(old.text("refresh_token"))))
		x.pass(c.after)
		a := x.post("/token", as("P1"), refreshForm(old.text("refresh_token")))
		if c.retry {
			x.ok(a)
			continue
		}
		x.refused(c.after.String(), a, 400, "invalid_grant")
		x.allDead(old, next)
		if x.happened("refresh_reuse_detected") != 1 {
			t.Errorf("events %+v", x.events)
		}
	}
}

// Every ancestor, after a restart too: no decision depends on memory.
func TestEveryAncestorIsReuse(t *testing.T) {
	proof.Of(t, "ATK-63", "REL-I4")
	for ancestor := range 4 {
		x := newTokenTest(t)
		a := x.tokens(allowed{client: "P1"})
		chain := []string{a.text("refresh_token")}
		for range 4 {
			x.pass(31 * 24 * time.Hour / 2)
			a = x.ok(x.post("/token", as("P1"), refreshForm(chain[len(chain)-1])))
			chain = append(chain, a.text("refresh_token"))
		}
		x.pass(2 * time.Minute) // the last one is beyond its grace as well
		x.restart(func(*Config) {})
		if _, err := x.server.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		// No scope hides the reuse of an expired ancestor.
		x.refused("ancestor", x.post("/token", as("P1"), with(refreshForm(chain[ancestor]), "scope", "beyond")), 400, "invalid_grant")
		x.allDead(a)
	}
}

// Strangers get nothing and change nothing.
func TestRefreshTokenOfAnotherClient(t *testing.T) {
	proof.Of(t, "ATK-64")
	x := newTokenTest(t)
	mine := x.tokens(allowed{})
	token := mine.text("refresh_token")
	x.refused("RFC6749-6-5 confidential stranger", x.post("/token", as("C2"), refreshForm(token)), 400, "invalid_grant", token)
	x.refused("public stranger", x.post("/token", as("P1"), refreshForm(token)), 400, "invalid_grant", token)
	x.refused("RFC6749-6-4 no authentication", x.post("/token", as(""), refreshForm(token)), 401, "invalid_client")
	x.refused("RFC6749-2.2-1 client_id alone", x.post("/token", as(""), with(refreshForm(token), "client_id", "C1")), 401, "invalid_client")
	x.refused("as a code", x.post("/token", as("C1"), codeForm(token)), 400, "invalid_grant")
	x.refused("an access token as a refresh token", x.post("/token", as("C1"), refreshForm(mine.text("access_token"))), 400, "invalid_grant")
	if x.happened("refresh_foreign") != 2 {
		t.Errorf("events %+v", x.events)
	}
	next := x.ok(x.post("/token", as("C1"), refreshForm(token)))
	x.pass(time.Hour)
	x.refused("a stranger with a used token", x.post("/token", as("C2"), refreshForm(token)), 400, "invalid_grant")
	x.ok(x.post("/token", as("C1"), refreshForm(next.text("refresh_token"))))
}

// ATK-65, ATK-66, RFC6749-6-3, RFC6749-6-7.
func TestRefreshNarrows(t *testing.T) {
	proof.Of(t, "ATK-65", "ATK-66", "REL-I5")
	x := newTokenTest(t)
	a := x.tokens(allowed{scopes: []string{"profile", "a.read"}})
	token := a.text("refresh_token")
	for name, c := range map[string]struct{ member, value, want string }{
		"scope beyond the grant":    {"scope", "a.read a.write", "invalid_scope"},
		"malformed scope":           {"scope", `a"b`, "invalid_scope"},
		"resource beyond the grant": {"resource", resourceB, "invalid_target"},
		"unknown resource":          {"resource", "https://evil.example.com", "invalid_target"},
		"resource with a fragment":  {"resource", resourceA + "#x", "invalid_target"},
	} {
		x.refused(name, x.post("/token", as("C1"), with(refreshForm(token), c.member, c.value)), 400, c.want)
	}
	narrow := x.ok(x.post("/token", as("C1"), with(refreshForm(token), "scope", "a.read")))
	if narrow.text("scope") != "a.read" {
		t.Errorf("narrowed to %q", narrow.text("scope"))
	}
	x.refused("a retry that asks for something else", x.post("/token", as("C1"), refreshForm(token)), 400, "invalid_grant")
	full := x.ok(x.post("/token", as("C1"), refreshForm(narrow.text("refresh_token"))))
	if full.text("scope") != "profile a.read" {
		t.Errorf("full again is %q", full.text("scope"))
	}
}

// Rotation does not outlive the grant, nor does any token.
func TestAbsoluteLifetime(t *testing.T) {
	proof.Of(t, "ATK-67")
	x := newTokenTest(t, func(c *Config) {
		c.Lifetimes = Lifetimes{AccessToken: time.Hour, RefreshToken: 10 * time.Hour, Grant: 24 * time.Hour}
	})
	end := x.now().Add(24 * time.Hour)
	a := x.tokens(allowed{client: "P1"})
	for x.now().Before(end.Add(-time.Minute)) {
		x.pass(min(7*time.Hour, end.Sub(x.now())-time.Minute))
		a = x.ok(x.post("/token", as("P1"), refreshForm(a.text("refresh_token"))))
		got, err := x.server.VerifyAccessToken(context.Background(), a.text("access_token"))
		if err != nil || got.ExpiresAt.After(end) {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if a.body["expires_in"] != 60.0 {
		t.Errorf("the last token says %v", a.body["expires_in"])
	}
	x.pass(time.Minute)
	x.allDead(a)
}

func TestRefreshTokenExpires(t *testing.T) {
	proof.Of(t, "MAD-33")
	for _, c := range []struct {
		after time.Duration
		good  bool
	}{{30*24*time.Hour - time.Microsecond, true}, {30 * 24 * time.Hour, false}} {
		x := newTokenTest(t)
		a := x.tokens(allowed{})
		x.pass(c.after)
		a = x.post("/token", as("C1"), refreshForm(a.text("refresh_token")))
		if c.good {
			x.ok(a)
		} else {
			x.refused(c.after.String(), a, 400, "invalid_grant")
		}
	}
}

// A refresh token's own time counts, however long its grant lives.
func TestShorterRefreshTokenUnderALongGrant(t *testing.T) {
	x := newTokenTest(t)
	a := x.tokens(allowed{})
	x.restart(func(c *Config) { c.Lifetimes.RefreshToken = 2 * time.Hour })
	a = x.ok(x.post("/token", as("C1"), refreshForm(a.text("refresh_token"))))
	x.pass(time.Hour)
	a = x.ok(x.post("/token", as("C1"), refreshForm(a.text("refresh_token"))))
	x.pass(2 * time.Hour)
	x.refused("expired", x.post("/token", as("C1"), refreshForm(a.text("refresh_token"))), 400, "invalid_grant")
}

// GHSA-895x, GHSA-64w3, OAUTH21-4.3.1-1: what changed since counts.
func TestChangesBeforeRefresh(t *testing.T) {
	proof.Of(t, "GHSA-895x")
	for _, c := range []struct {
		name   string
		change func(*tokenTest)
		status int
		code   string
	}{
		{"grant revoked", func(x *tokenTest) {
			x.store.RevokeGrants(context.Background(), store.GrantFilter{Subject: "alice"}, x.now())
		}, 400, "invalid_grant"},
		{"client disabled", func(x *tokenTest) { x.change("C1", func(c *store.Client) { c.DisabledAt = x.now() }) }, 401, "invalid_client"},
		{"grant type taken away", func(x *tokenTest) {
			x.change("C1", func(c *store.Client) {
				c.Metadata = []byte(strings.Replace(string(c.Metadata), `"refresh_token",`, "", 1))
			})
		}, 400, "unauthorized_client"},
		{"resource taken away", func(x *tokenTest) {
			x.restart(func(c *Config) { c.Resources, c.DefaultResource = []Resource{{URI: resourceB}}, "" })
		}, 400, "invalid_target"},
		{"nothing", func(*tokenTest) {}, 200, ""},
	} {
		asked := 0
		x := newTokenTest(t, func(c *Config) { c.Policy = func(context.Context, *Issue) error { asked++; return nil } })
		a := x.tokens(allowed{})
		c.change(x)
		b := x.post("/token", as("C1"), refreshForm(a.text("refresh_token")))
		if c.status == 200 {
			x.ok(b)
		} else {
			x.refused(c.name, b, c.status, c.code)
		}
		if (asked == 2) != (c.status == 200) { // once for the code
			t.Errorf("%s: the policy was asked %d times", c.name, asked)
		}
	}
}

func TestRefreshTokenPolicies(t *testing.T) {
	proof.Of(t, "RFC9700-4.14.2-1")
	offline := []string{"profile", offlineAccess}
	for _, c := range []struct {
		name     string
		policy   RefreshTokenPolicy
		scopes   []string
		metadata bool // whether the client lists the grant
		want     bool
	}{
		{"metadata lists it", RefreshByClientMetadata, nil, true, true},
		{"metadata does not", RefreshByClientMetadata, offline, false, false},
		{"offline_access granted", RefreshOnOfflineAccess, offline, false, true},
		{"offline_access not granted", RefreshOnOfflineAccess, []string{"profile"}, true, false},
		{"always", RefreshAlways, nil, false, true},
		{"never", RefreshNever, offline, true, false},
	} {
		x := newTokenTest(t, func(cfg *Config) {
			cfg.RefreshTokens = c.policy
			cfg.Scopes = offline
		})
		if !c.metadata {
			x.change("C1", func(client *store.Client) {
				client.Metadata = []byte(strings.Replace(string(client.Metadata), `"refresh_token",`, "", 1))
			})
		}
		a := x.tokens(allowed{scopes: c.scopes})
		if (a.text("refresh_token") != "") != c.want {
			t.Errorf("%s: %s", c.name, a.raw)
		}
		if c.want {
			x.ok(x.post("/token", as("C1"), refreshForm(a.text("refresh_token"))))
		}
	}
}

// A refresh token from before the operator changed the policy is good no more.
func TestPolicyChangedSinceTheGrant(t *testing.T) {
	for policy, status := range map[RefreshTokenPolicy]int{RefreshOnOfflineAccess: 400, RefreshNever: 400, RefreshAlways: 200} {
		x := newTokenTest(t)
		a := x.tokens(allowed{})
		x.restart(func(c *Config) { c.RefreshTokens = policy })
		b := x.post("/token", as("C1"), refreshForm(a.text("refresh_token")))
		if status == 200 {
			x.ok(b)
		} else {
			x.refused("policy", b, 400, "unauthorized_client")
		}
	}
}

// The kept reply is sealed: the row of a used token shows no successor.
func TestKeptReplyIsSealed(t *testing.T) {
	proof.Of(t, "RFC6749-10.4-1")
	proof.Of(t, "REL-I7")
	x := newTokenTest(t)
	old := x.tokens(allowed{}).text("refresh_token")
	next := x.ok(x.post("/token", as("C1"), refreshForm(old)))
	row, grant, err := x.store.Token(context.Background(), store.NewDigest(store.RefreshToken, old))
	if err != nil || len(row.Reply) == 0 {
		t.Fatal(err)
	}
	dump, err := json.Marshal([]any{row, grant, string(row.Reply), string(row.Parameters)})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{old, next.text("refresh_token"), next.text("access_token")} {
		if strings.Contains(string(dump), secret) {
			t.Errorf("the row shows %q", secret)
		}
	}
}
