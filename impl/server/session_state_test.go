package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// stateIn is the value of the state cookie among cookies; "" without.
func stateIn(cookies []*http.Cookie) string {
	for _, c := range cookies {
		if c.Name == "__Host-charter-state" {
			return c.Value
		}
	}
	return ""
}

// setIn is the same among lines of Set-Cookie.
func setIn(lines []string) string {
	return stateIn((&http.Response{Header: http.Header{"Set-Cookie": lines}}).Cookies())
}

// statesOf computes session_state again, as the frame does.
func isSessionState(got, clientID, origin, state string) bool {
	hash, salt, _ := strings.Cut(got, ".")
	sum := sha256.Sum256([]byte(clientID + " " + origin + " " + state + " " + salt))
	return len(salt) == 22 && hash == base64.RawURLEncoding.EncodeToString(sum[:])
}

// Every answer to an authentication request carries session_state, success and error
// alike, computed from the client, its origin and the state of the browser; another
// salt each time.
func TestSessionState(t *testing.T) {
	proof.Of(t, "OIDC-SESSION-2-1", "OIDC-SESSION-2-2", "OIDC-SESSION-2-3", "OIDC-SESSION-2-4", "OIDC-SESSION-2-5", "OIDC-SESSION-2-6",
		"OIDC-SESSION-3.2-5", "OIDC-SESSION-3.2-10", "OIDC-SESSION-3.2-11", "OIDC-SESSION-3.2-12", "OIDC-SESSION-3.2-14")
	f := newFixture(t, servertest.OpenID)
	c, other := f.Public(), f.Confidential()
	const state = "AAAAAAAAAAAAAAAAAAAAAA"
	known := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "__Host-charter-state", Value: state}) }
	seen := map[string]bool{}
	check := func(what string, q url.Values, id, origin, want string) {
		t.Helper()
		got := q.Get("session_state")
		if !isSessionState(got, id, origin, want) || strings.Contains(got, " ") || seen[got] || len(q["session_state"]) != 1 {
			t.Errorf("%s: session_state %q", what, got)
		}
		seen[got] = true
	}
	pending := func(c servertest.Client, scope string, change ...func(*http.Request)) *server.Pending {
		res := f.Get("/authorize", c.Request(url.Values{"scope": {scope}}))
		to, err := res.Location()
		if err != nil {
			t.Fatal(err)
		}
		r, _ := http.NewRequest(http.MethodGet, servertest.Issuer+"/ask", nil)
		servertest.Cookies(res)(r)
		for _, f := range change {
			f(r)
		}
		p, err := f.Server.Server.Pending(t.Context(), r, to.Query().Get("request"))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	answer := func(r server.Response, err error) (url.Values, string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		to, err := url.Parse(r.Location())
		if err != nil {
			t.Fatal(err)
		}
		return to.Query(), setIn(r.SetCookie())
	}
	before := f.Clock.Now()
	f.Clock.Move(time.Minute)
	signedInBefore := server.Decision{Subject: "alice", AuthTime: before}
	for _, row := range []struct {
		c      servertest.Client
		origin string
	}{{c, "https://app.example.com"}, {other, "https://web.example.com"}, {c, "https://app.example.com"}} {
		q, set := answer(f.Complete(t.Context(), pending(row.c, "openid", known), signedInBefore))
		check("signed in before", q, row.c.ID, row.origin, state)
		if set != "" {
			t.Errorf("nothing happened, and the state is %s now", set)
		}
		q, set = answer(f.Fail(t.Context(), pending(row.c, "openid", known), server.LoginRequired))
		check("login_required", q, row.c.ID, row.origin, state)
		if set != "" || q.Get("error") != "login_required" {
			t.Errorf("%v sets %s", q, set)
		}
		q, _ = answer(f.Deny(t.Context(), pending(row.c, "openid", known)))
		check("denied", q, row.c.ID, row.origin, state)
		q, set = answer(f.Complete(t.Context(), pending(row.c, "openid", known), server.Decision{Subject: "alice", AuthTime: f.Clock.Now()}))
		check("a sign-in", q, row.c.ID, row.origin, set)
		if set == state || set == "" {
			t.Error("the sign-in left the state as it is")
		}
	}
	// A browser without a state, or with none of ours, gets one.
	for what, change := range map[string]func(*http.Request){
		"none":    func(*http.Request) {},
		"foreign": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "__Host-charter-state", Value: "x"}) },
		"two":     func(r *http.Request) { known(r); known(r) },
	} {
		q, set := answer(f.Complete(t.Context(), pending(c, "openid", change), signedInBefore))
		check(what, q, c.ID, "https://app.example.com", set)
	}
	// The endpoint's own errors.
	res := f.Get("/authorize", c.Request(url.Values{"scope": {"openid"}, "prompt": {"none login"}}), known)
	to, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	check("invalid_request", to.Query(), c.ID, "https://app.example.com", state)
	// What is no authentication request has none.
	if q, set := answer(f.Complete(t.Context(), pending(c, "read", known), signedInBefore)); q.Has("session_state") || set != "" {
		t.Errorf("without openid: %v, %q", q, set)
	}
	plain := newFixture(t)
	if got := plain.Allow(plain.Pending(plain.Public().Request(nil)), ""); got.Has("session_state") {
		t.Errorf("no provider: %v", got)
	}
}

// The state cookie is the exception among the cookies (ATK-140), by name: a script
// reads it in a frame of another site. It is a random value and nothing else, and
// goes no further than the host.
func TestStateCookie(t *testing.T) {
	proof.Of(t, "ATK-140", "OIDC-SESSION-3.2-9", "OIDC-SESSION-3.2-13", "OIDC-SESSION-3.2-15")
	f := newFixture(t, servertest.OpenID)
	seen := map[string]bool{}
	for range 3 {
		lines := f.ChangeUserAgentState()
		cookies := (&http.Response{Header: http.Header{"Set-Cookie": lines}}).Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%q", lines)
		}
		c := cookies[0]
		if c.Name != "__Host-charter-state" || !c.Secure || c.HttpOnly || c.SameSite != http.SameSiteNoneMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 22 || c.MaxAge != 0 || seen[c.Value] {
			t.Errorf("%s", lines[0])
		}
		seen[c.Value] = true
	}
	done, err := f.CompleteLogout(t.Context(), nil, server.SessionEnd{Subject: "alice", SessionID: "x"})
	if err != nil || seen[setIn(done.SetCookie())] || setIn(done.SetCookie()) == "" {
		t.Errorf("a logout sets %q, %v", done.SetCookie(), err)
	}
	if done, err := f.CompleteLogout(context.Background(), nil); err != nil || done.SetCookie() != nil {
		t.Errorf("the logout of nobody sets %q, %v", done.SetCookie(), err)
	}
	if got := newFixture(t).ChangeUserAgentState(); got != nil {
		t.Errorf("no provider: %q", got)
	}
	local := newFixture(t, servertest.OpenID, func(c *server.Config) { c.Issuer = "http://127.0.0.1:8080" })
	if got := local.ChangeUserAgentState(); len(got) != 1 || !strings.HasPrefix(got[0], "charter-state=") || !strings.HasSuffix(got[0], "; Path=/; SameSite=Lax") {
		t.Errorf("without https: %q", got)
	}
}

// One page may be framed, and no other; its policy has its own script and nothing
// else.
func TestCheckSessionPage(t *testing.T) {
	proof.Of(t, "OIDC-SESSION-3.3-1", "OIDC-SESSION-3.3-2", "OIDC-SESSION-3.3-3")
	f := newFixture(t, servertest.OpenID)
	metadata := servertest.Decode(t, f.Get("/.well-known/openid-configuration", nil), http.StatusOK)
	if metadata["check_session_iframe"] != servertest.Issuer+gen.PathCheckSession {
		t.Errorf("check_session_iframe %v", metadata["check_session_iframe"])
	}
	res := f.Get(gen.PathCheckSession, nil)
	page, _ := io.ReadAll(res.Body)
	_, script, _ := strings.Cut(string(page), "<script>")
	script, _, _ = strings.Cut(script, "</script>")
	sum := sha256.Sum256([]byte(script))
	want := "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'none'; base-uri 'none'; frame-ancestors https: http://127.0.0.1:* http://localhost:*"
	h := res.Header
	if res.StatusCode != http.StatusOK || len(script) < 500 || h.Get("Content-Security-Policy") != want || h["X-Frame-Options"] != nil ||
		h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("Access-Control-Allow-Origin") != "" || len(res.Cookies()) != 0 {
		t.Errorf("%d %v", res.StatusCode, h)
	}
	for _, op := range gen.Operations {
		res := f.Get(strings.NewReplacer("{client_id}", "abc", "{path}", "mcp").Replace(op.Path), nil)
		framed := res.Header.Get("X-Frame-Options") != "DENY" || !strings.Contains(res.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") && strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && op.CORS == gen.CORSNone && len(op.Tags) > 0 && op.Tags[0] == "identity"
		if framed != (op.Path == gen.PathCheckSession) {
			t.Errorf("%s: may be framed: %t", op.ID, framed)
		}
	}
	if res := newFixture(t).Get(gen.PathCheckSession, nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("no provider: status %d", res.StatusCode)
	}
}
