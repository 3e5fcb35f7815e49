package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// start starts a request and returns its handle and the browser's cookies.
func (f fixture) start(t *testing.T, q url.Values, change ...func(*http.Request)) (handle string, browser func(*http.Request)) {
	t.Helper()
	res := f.Get("/authorize", q, change...)
	asks(t, "start", res)
	to, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	return to.Query().Get("request"), servertest.Cookies(res)
}

func (f fixture) pending(handle string, browser ...func(*http.Request)) (*server.Pending, error) {
	r := httptest.NewRequest(http.MethodGet, servertest.Issuer+"/ask", nil)
	for _, b := range browser {
		b(r)
	}
	return f.Server.Server.Pending(context.Background(), r, handle)
}

// reason returns the reason of a protocol error, or its text.
func reason(err error) string {
	if e, ok := errors.AsType[*oauth.Error](err); ok {
		return e.Reason
	}
	if err == nil {
		return ""
	}
	return "not of the protocol: " + err.Error()
}

// A handle is good in the browser that made the request, and only as
// it was made.
func TestPendingIsBoundToItsBrowser(t *testing.T) {
	proof.Of(t, "CVE-2022-39222", "CVE-2026-7571", "ATK-41", "ATK-143")
	f := newFixture(t)
	c := f.Public()
	handle, mine := f.start(t, c.Request(nil))
	otherHandle, others := f.start(t, c.Request(nil))

	flipped := []byte(handle)
	flipped[len(flipped)/2] ^= 1
	for _, row := range []struct {
		name, handle, reason string
		browser              []func(*http.Request)
	}{
		{"another browser", handle, "browser_mismatch", []func(*http.Request){others}},
		{"no browser", handle, "browser_mismatch", nil},
		{"two browsers", handle, "browser_mismatch", []func(*http.Request){mine, others}},
		{"one browser twice", handle, "browser_mismatch", []func(*http.Request){mine, mine}},
		{"another request", otherHandle, "browser_mismatch", []func(*http.Request){mine}},
		{"no handle", "", "request_unknown", []func(*http.Request){mine}},
		{"changed", string(flipped), "request_unknown", []func(*http.Request){mine}},
		{"cut", handle[:len(handle)-1], "request_unknown", []func(*http.Request){mine}},
		{"longer", handle + "A", "request_unknown", []func(*http.Request){mine}},
		{"NUL", handle + "\x00", "request_unknown", []func(*http.Request){mine}},
		{"huge", strings.Repeat("a", 1<<20), "request_unknown", []func(*http.Request){mine}},
	} {
		if p, err := f.pending(row.handle, row.browser...); reason(err) != row.reason || p != nil {
			t.Errorf("%s: %v, want %s", row.name, err, row.reason)
		}
	}
	p, err := f.pending(handle, mine)
	if err != nil || p.ClientID() != c.ID || p.Handle() != handle {
		t.Fatalf("control: %v", err)
	}

	// The form token is of this request and this browser.
	other, err := f.pending(otherHandle, others)
	if err != nil {
		t.Fatal(err)
	}
	if !p.CheckCSRF(p.CSRFToken()) {
		t.Error("its own form token is refused")
	}
	second, _ := f.start(t, c.Request(nil), mine)
	tab, err := f.pending(second, mine)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"another browser's": other.CSRFToken(), "another tab's": tab.CSRFToken(), "none": "", "cut": p.CSRFToken()[1:], "handle": handle} {
		if p.CheckCSRF(token) {
			t.Errorf("form token: %s is taken", name)
		}
	}
}

// What waits ends by its time, to the moment, and by its answer.
func TestPendingEnds(t *testing.T) {
	f := newFixture(t, func(c *server.Config) { c.Lifetimes.AuthorizationRequest = 10 * time.Minute })
	c := f.Public()
	handle, mine := f.start(t, c.Request(nil))
	f.Clock.Move(10*time.Minute - time.Microsecond)
	early, err := f.pending(handle, mine)
	if err != nil {
		t.Fatalf("before its time: %v", err)
	}
	f.Clock.Move(time.Microsecond)
	if _, err := f.pending(handle, mine); reason(err) != "request_expired" {
		t.Errorf("expired: %v", err)
	}
	if _, err := f.Complete(context.Background(), early, server.Decision{Subject: "alice"}); reason(err) != "request_expired" {
		t.Errorf("completed after its time: %v", err)
	}
	if _, err := f.Deny(context.Background(), early); reason(err) != "request_expired" {
		t.Errorf("denied after its time: %v", err)
	}

	handle, mine = f.start(t, c.Request(nil))
	p, err := f.pending(handle, mine)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Deny(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	if _, err := f.pending(handle, mine); reason(err) != "request_answered" {
		t.Errorf("answered: %v", err)
	}
}

// The client's registration is asked again: who was disabled or gave up the
// redirect URI gets nothing (ATK-57, ATK-127).
func TestPendingReadsTheClientAgain(t *testing.T) {
	proof.Of(t, "ATK-57", "ATK-127")
	f := newFixture(t)
	for name, row := range map[string]struct {
		change func(*store.Client)
		reason string
	}{
		"disabled":     {func(c *store.Client) { c.DisabledAt = f.Clock.Now() }, "client_disabled"},
		"expired":      {func(c *store.Client) { c.ExpiresAt = f.Clock.Now() }, "client_expired"},
		"URI given up": {func(c *store.Client) { c.Metadata = []byte(strings.ReplaceAll(string(c.Metadata), "/cb", "/new")) }, "redirect_uri_unregistered"},
		"nothing":      {func(*store.Client) {}, ""},
	} {
		c := f.Register(`{"client_name":"` + name + `","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`)
		handle, mine := f.start(t, c.Request(nil))
		f.change(t, c.ID, row.change)
		if _, err := f.pending(handle, mine); reason(err) != row.reason {
			t.Errorf("%s: %v, want %q", name, err, row.reason)
		}
	}
}

// Of any number of answers to one request one
// wins, and only its grant exists.
func TestOneAnswerWins(t *testing.T) {
	proof.Of(t, "DEX-c03a6874", "ATK-50")
	for _, racers := range []int{2, 8} {
		f := newFixture(t)
		c := f.Public()
		for round := range 20 {
			p := f.Pending(c.Request(nil))
			subject := "alice-" + string(rune('a'+round))
			won := make([]server.Response, racers)
			errs := make([]error, racers)
			var ready, done sync.WaitGroup
			ready.Add(1)
			for i := range racers {
				done.Go(func() {
					ready.Wait()
					if i%2 == 0 {
						won[i], errs[i] = f.Complete(context.Background(), p, server.Decision{Subject: subject})
					} else {
						won[i], errs[i] = f.Deny(context.Background(), p)
					}
				})
			}
			ready.Done()
			done.Wait()
			winner := -1
			for i := range racers {
				switch {
				case errs[i] == nil && winner >= 0:
					t.Errorf("%d racers: two answers won", racers)
				case errs[i] == nil:
					winner = i
				case reason(errs[i]) != "request_answered" || won[i].Location() != "":
					t.Errorf("a loser got %v, %v", won[i], errs[i])
				}
			}
			grants, err := f.Grants(context.Background(), subject, "", 10)
			if want := (winner + 1) % 2; winner < 0 || err != nil || len(grants) != want {
				t.Errorf("winner %d, %d grants, %v", winner, len(grants), err)
			}
		}
	}
}

// Nothing that the authorization endpoint did not make
// can be answered, and no decision goes beyond what was asked.
func TestCompleteRefusesWhatWasNotAsked(t *testing.T) {
	proof.Of(t, "MAD-7")
	f := newFixture(t)
	c := f.Public()
	p := f.Pending(c.Request(nil))
	// Of another server, be it over the same store.
	theirs := servertest.New(t, f.writes).Pending(c.Request(nil))
	alice := server.Decision{Subject: "alice"}
	big := json.RawMessage(`"` + strings.Repeat("a", 64<<10) + `"`)
	for name, row := range map[string]struct {
		p *server.Pending
		d server.Decision
	}{
		"nil":                    {nil, alice},
		"zero":                   {new(server.Pending), alice},
		"another server's":       {theirs, alice},
		"no subject":             {p, server.Decision{}},
		"long subject":           {p, server.Decision{Subject: strings.Repeat("a", 256)}},
		"subject not UTF-8":      {p, server.Decision{Subject: "\xff"}},
		"subject with NUL":       {p, server.Decision{Subject: "a\x00"}},
		"scope not asked for":    {p, server.Decision{Subject: "alice", Scopes: []string{"read", "offline_access"}}},
		"scope of no resource":   {p, server.Decision{Subject: "alice", Scopes: []string{"tools"}}},
		"empty scope value":      {p, server.Decision{Subject: "alice", Scopes: []string{""}}},
		"props no JSON":          {p, server.Decision{Subject: "alice", Props: json.RawMessage(`{`)}},
		"props too large":        {p, server.Decision{Subject: "alice", Props: big}},
		"metadata no JSON":       {p, server.Decision{Subject: "alice", Metadata: json.RawMessage(`x`)}},
		"metadata is no object":  {p, server.Decision{Subject: "alice", Metadata: json.RawMessage(`[1]`)}},
		"metadata is null":       {p, server.Decision{Subject: "alice", Metadata: json.RawMessage(`null`)}},
		"metadata too large":     {p, server.Decision{Subject: "alice", Metadata: big}},
		"metadata is empty text": {p, server.Decision{Subject: "alice", Metadata: json.RawMessage{}}},
	} {
		if response, err := f.Complete(context.Background(), row.p, row.d); err == nil || response.Location() != "" {
			t.Errorf("%s: %v", name, response)
		}
		if row.p != p {
			if response, err := f.Deny(context.Background(), row.p); err == nil || response.Location() != "" {
				t.Errorf("denied %s: %v", name, response)
			}
		}
	}
	for _, subject := range []string{"alice", "a\x00"} {
		if grants, err := f.Grants(context.Background(), subject, "", 10); err != nil || len(grants) != 0 {
			t.Errorf("refused decisions left %d grants, %v", len(grants), err)
		}
	}
	// None of them spent the request.
	f.Allow(p, `{"plan":"free"}`)
}

// What a person allows in part is granted in part: each value once, in the order
// of the request.
func TestCompleteNarrowsScope(t *testing.T) {
	f := newFixture(t)
	c := f.Public()
	for _, row := range []struct {
		allowed []string
		want    string
	}{
		{nil, "read write"},
		{[]string{"write"}, "write"},
		{[]string{"write", "read", "write"}, "read write"},
		{[]string{}, ""},
	} {
		p := f.Pending(c.Request(nil))
		subject := "alice " + strings.Join(row.allowed, "+") + row.want
		_, err := f.Complete(context.Background(), p, server.Decision{Subject: subject, Scopes: row.allowed, Metadata: json.RawMessage(`{"device":"tv"}`)})
		if err != nil {
			t.Fatal(err)
		}
		grants, err := f.Grants(context.Background(), subject, "", 10)
		if err != nil || len(grants) != 1 {
			t.Fatalf("%d grants, %v", len(grants), err)
		}
		g := grants[0]
		if got := strings.Join(g.Scopes, " "); got != row.want {
			t.Errorf("allowed %q: granted %q, want %q", row.allowed, got, row.want)
		}
		if g.ClientID != c.ID || g.RedirectURI != appCallback || !slices.Equal(g.Resources, []string{"https://api.example.com"}) || string(g.Metadata) != `{"device":"tv"}` {
			t.Errorf("grant %+v", g)
		}
	}
}

// What a Pending tells is a copy, and says what a person must know.
func TestPendingTells(t *testing.T) {
	proof.Of(t, "RFC6749-2.3-1", "RFC7591-5-5")
	f := newFixture(t)
	c := f.Register(`{"client_name":"Notes","client_uri":"https://notes.example.com/","redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none"}`)
	p := f.Pending(c.Request(url.Values{"redirect_uri": {"http://127.0.0.1:4711/cb"}, "login_hint": {"alice@example.com"}}))
	p.Scopes()[0], p.Resources()[0] = "evil", "evil"
	if p.Scopes()[0] != "read" || p.Resources()[0] != "https://api.example.com" {
		t.Error("the caller's change of a slice changed the request")
	}
	if p.ClientName() != "Notes" || p.ClientURI() != "https://notes.example.com/" || p.LoginHint() != "alice@example.com" {
		t.Errorf("%q %q %q", p.ClientName(), p.ClientURI(), p.LoginHint())
	}
	if p.Verified() || !p.Loopback() || p.RedirectHost() != "127.0.0.1:4711" || p.RedirectURI() != "http://127.0.0.1:4711/cb" {
		t.Errorf("verified %v, loopback %v, host %q, URI %q", p.Verified(), p.Loopback(), p.RedirectHost(), p.RedirectURI())
	}
	stored, _, err := server.CreateClient(context.Background(), f.Store, f.Clock.Now(), server.OperatorClient{Metadata: []byte(`{"redirect_uris":["https://op.example.com/cb"]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if p := f.Pending(servertest.Client{ID: stored.ID, RedirectURI: "https://op.example.com/cb"}.Request(nil)); !p.Verified() || p.Loopback() {
		t.Error("an operator's client is not verified, or taken for local")
	}
}

// A person's grants are theirs alone, and gone from the list when taken back.
func TestGrantsOfAPerson(t *testing.T) {
	f := newFixture(t)
	c := f.Public()
	tokens := f.Grant(c)
	ctx := context.Background()
	grants, err := f.Grants(ctx, "alice", "", 0)
	if err != nil || len(grants) != 1 {
		t.Fatalf("%d grants, %v", len(grants), err)
	}
	id := grants[0].ID
	for name, row := range map[string][2]string{"somebody else": {"bob", id}, "nobody": {"", id}, "no grant": {"alice", ""}, "unknown": {"alice", "x"}} {
		if err := f.RevokeGrant(ctx, row[0], row[1]); reason(err) != "grant_unknown" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.VerifyAccessToken(ctx, tokens.Access); err != nil {
		t.Fatalf("revoked by a stranger: %v", err)
	}
	if err := f.RevokeGrant(ctx, "alice", id); err != nil {
		t.Fatal(err)
	}
	if _, err := f.VerifyAccessToken(ctx, tokens.Access); err == nil {
		t.Error("the token of a revoked grant lives")
	}
	servertest.Refused(t, f.Post("/token", c.Refresh(tokens.Refresh, nil)), http.StatusBadRequest, "invalid_grant")
	if grants, err := f.Grants(ctx, "alice", "", 10); err != nil || len(grants) != 0 {
		t.Errorf("%d grants, %v", len(grants), err)
	}
	if err := f.RevokeGrant(ctx, "alice", id); reason(err) != "grant_unknown" {
		t.Errorf("again: %v", err)
	}
	if got := f.Reasons(); !slices.Contains(got, "grant_created") || !slices.Contains(got, "grant_revoked") {
		t.Errorf("events %v", got)
	}
}
