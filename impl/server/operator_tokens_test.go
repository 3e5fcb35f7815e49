package server

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// reasons lists the events that operators left in the store.
func (x *tokenTest) reasons() []string {
	x.Helper()
	events, err := x.store.Events(context.Background(), "", 100)
	if err != nil {
		x.Fatal(err)
	}
	var all []string
	for _, e := range events {
		all = append(all, e.Reason)
	}
	return all
}

func (x *tokenTest) inspected(name, token string, want TokenState) {
	x.Helper()
	got, err := InspectToken(context.Background(), x.store, x.now(), token)
	if err != nil || got.State != want {
		x.Errorf("%s: %q, %v; want %q", name, got.State, err, want)
	}
	if (got.Token.ClientID == "") != (want == TokenUnknown) {
		x.Errorf("%s: the token is %+v", name, got.Token)
	}
}

// What an operator is told of a token is what the endpoints do with it.
func TestInspectToken(t *testing.T) {
	x := newTokenTest(t)
	for _, unknown := range []string{"", "x", seal.NewToken(seal.PrefixAccessToken), seal.NewToken(seal.PrefixAuthorizationCode), seal.NewToken(seal.PrefixSession)} {
		x.inspected("no token", unknown, TokenUnknown)
	}
	code, _ := x.code(allowed{})
	x.inspected("code", code, TokenActive)
	first := x.ok(x.post("/token", as("C1"), codeForm(code)))
	x.inspected("redeemed code", code, TokenUsed)
	second := x.ok(x.post("/token", as("C1"), refreshForm(first.text("refresh_token"))))
	x.inspected("rotated refresh token", first.text("refresh_token"), TokenUsed)
	access, refresh := second.text("access_token"), second.text("refresh_token")
	x.inspected("access token", access, TokenActive)
	x.inspected("refresh token", refresh, TokenActive)

	x.change("C1", func(c *store.Client) { c.DisabledAt = x.now() })
	x.inspected("of a disabled client", access, TokenDisabled)
	x.change("C1", func(c *store.Client) { c.DisabledAt, c.ExpiresAt = time.Time{}, x.now() })
	x.inspected("of an expired client", access, TokenDisabled)
	x.change("C1", func(c *store.Client) { c.ExpiresAt = time.Time{} })
	x.inspected("of a client that is back", access, TokenActive)

	x.pass(x.server.cfg.Lifetimes.AccessToken)
	x.inspected("after its time", access, TokenExpired)
	x.inspected("refresh token", refresh, TokenActive)
	x.pass(x.server.cfg.Lifetimes.Grant)
	x.inspected("after its grant's time", refresh, TokenExpired)

	again := x.tokens(allowed{client: "C2"}).text("access_token")
	x.inspected("before its client is deleted", again, TokenActive)
	if err := RemoveClient(t.Context(), x.store, x.now(), "C2"); err != nil {
		t.Fatal(err)
	}
	x.inspected("after its client is deleted", again, TokenRevoked)
	if !slices.Contains(x.reasons(), "client_deleted_by_operator") {
		t.Errorf("recorded %q", x.reasons())
	}

	// The client of a metadata document is in no store, and that of a machine's own
	// token has no grant.
	document := "https://app.example.com/client.json"
	grant := store.Grant{ID: "g1", ClientID: document, Subject: "alice", CreatedAt: x.now(), ExpiresAt: x.now().Add(time.Hour)}
	token := seal.NewToken(seal.PrefixAccessToken)
	row := store.Token{Digest: store.NewDigest(store.AccessToken, token), Kind: store.AccessToken, GrantID: "g1", ClientID: document, CreatedAt: x.now(), ExpiresAt: x.now().Add(time.Minute)}
	if err := x.store.Issue(t.Context(), &grant, row); err != nil {
		t.Fatal(err)
	}
	x.inspected("of a metadata document", token, TokenActive)
	own := x.ok(x.post("/token", as("C1"), map[string][]string{"grant_type": {"client_credentials"}, "scope": {"a.read"}, "resource": {resourceA}})).text("access_token")
	x.inspected("of a machine", own, TokenActive)
	x.pass(time.Minute)
	x.inspected("of a metadata document, after its time", token, TokenExpired)
	initial, err := CreateInitialAccessToken(t.Context(), x.store, x.now(), x.now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := InspectToken(t.Context(), x.store, x.now(), initial); err != nil || got.State != TokenActive {
		t.Errorf("initial access token: %+v, %v", got, err)
	}

	for n, live := range []string{initial, x.tokens(allowed{}).text("access_token")} { // the token, its client
		st := &failing{Store: x.store, n: n + 1}
		if got, err := InspectToken(t.Context(), st, x.now(), live); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("a store that fails at call %d is told as %q, %v", n+1, got.State, err)
		}
	}
}

// An operator ends a leaked token's whole grant by any token of it, and nothing
// else.
func TestEndToken(t *testing.T) {
	x := newTokenTest(t)
	ctx := context.Background()
	code, grantID := x.code(allowed{})
	first := x.ok(x.post("/token", as("C1"), codeForm(code)))
	access := first.text("access_token")
	other := x.tokens(allowed{client: "C2"}).text("access_token")
	for token, want := range map[string]error{"": ErrTokenUnknown, "x": ErrTokenUnknown, seal.NewToken(seal.PrefixRefreshToken): ErrTokenUnknown} {
		if id, err := EndToken(ctx, x.store, x.now(), token); !errors.Is(err, want) || id != "" {
			t.Errorf("%q: %q, %v", token, id, err)
		}
	}
	initial, err := CreateInitialAccessToken(ctx, x.store, x.now(), x.now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := EndToken(ctx, x.store, x.now(), initial); !errors.Is(err, ErrTokenNoGrant) {
		t.Errorf("an initial access token: %v", err)
	}
	if slices.Contains(x.reasons(), "grant_revoked_by_operator") || !x.active("C1", access) || !x.active("C2", other) {
		t.Fatalf("something was ended: %q", x.reasons())
	}
	// The code is spent, and still names the grant.
	id, err := EndToken(ctx, x.store, x.now(), code)
	if err != nil || id != grantID {
		t.Errorf("%q, %v; want %q", id, err, grantID)
	}
	if x.active("C1", access) || x.post("/token", as("C1"), refreshForm(first.text("refresh_token"))).status == 200 {
		t.Error("the grant lives")
	}
	x.inspected("ended", access, TokenRevoked)
	if !x.active("C2", other) {
		t.Error("another grant was ended")
	}
	if id, err := EndToken(ctx, x.store, x.now(), code); err != nil || id != grantID {
		t.Errorf("a second time: %q, %v", id, err)
	}
	n := 0
	for _, reason := range x.reasons() {
		if reason == "grant_revoked_by_operator" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("recorded %d times", n)
	}

	st := &failing{Store: x.store, n: 1}
	if id, err := EndToken(ctx, st, x.now(), other); !errors.Is(err, store.ErrUnavailable) || id != "" {
		t.Errorf("a store that fails: %q, %v", id, err)
	}
}

// An operator ends the grants that are named, and without a name none.
func TestEndGrants(t *testing.T) {
	x := newTokenTest(t)
	ctx := context.Background()
	one, two := x.tokens(allowed{}).text("access_token"), x.tokens(allowed{client: "C2"}).text("access_token")
	if n, err := EndGrants(ctx, x.store, x.now(), store.GrantFilter{}); err == nil || n != 0 {
		t.Errorf("no name: %d, %v", n, err)
	}
	if n, err := EndGrants(ctx, x.store, x.now(), store.GrantFilter{Subject: "alice", ClientID: "P1"}); err != nil || n != 0 {
		t.Errorf("what nobody has: %d, %v", n, err)
	}
	if slices.Contains(x.reasons(), "grant_revoked_by_operator") || !x.active("C1", one) || !x.active("C2", two) {
		t.Fatalf("something was ended: %q", x.reasons())
	}
	if n, err := EndGrants(ctx, x.store, x.now(), store.GrantFilter{Subject: "alice", ClientID: "C1"}); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	if x.active("C1", one) || !x.active("C2", two) {
		t.Error("not exactly what was named was ended")
	}
	if !slices.Contains(x.reasons(), "grant_revoked_by_operator") {
		t.Errorf("recorded %q", x.reasons())
	}
}

// A client is told as unused only if it registered itself, and was never used for
// as long as is asked, or is past its time.
func TestUnused(t *testing.T) {
	at := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	const age = 24 * time.Hour
	old := store.Client{Source: sourceDynamic, CreatedAt: at.Add(-age)}
	for _, c := range []struct {
		name   string
		change func(*store.Client)
		want   bool
	}{
		{"never used", func(*store.Client) {}, true},
		{"young", func(c *store.Client) { c.CreatedAt = c.CreatedAt.Add(time.Second) }, false},
		{"used", func(c *store.Client) { c.LastUsedAt = at.Add(-age + time.Second) }, false},
		{"used, past its time", func(c *store.Client) { c.LastUsedAt, c.ExpiresAt = at, at }, true},
		{"young, past its time", func(c *store.Client) { c.CreatedAt, c.ExpiresAt = at, at }, true},
		{"of an operator", func(c *store.Client) { c.Source = sourceOperator }, false},
		{"of an operator, past its time", func(c *store.Client) { c.Source, c.ExpiresAt = sourceOperator, at }, false},
	} {
		client := old
		c.change(&client)
		if got := Unused(client, at, age); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
