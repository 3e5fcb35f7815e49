package server

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/seal"
)

// MAD-23, WOP-188, RFC7009-2-1, -2, RFC7009-2.1-5, -7, -8, -9, RFC7009-2.2-1: any
// token of a grant ends it, for confidential and public clients, whatever the hint.
func TestRevocation(t *testing.T) {
	proof.Of(t, "MAD-23", "WOP-299")
	for _, id := range []string{"C1", "C2", "P1"} {
		for _, kind := range []string{"access_token", "refresh_token"} {
			for _, hint := range []string{"", "access_token", "refresh_token", "unheard_of"} {
				x := newTokenTest(t)
				a := x.tokens(allowed{client: id})
				other := x.tokens(allowed{client: id})
				form := url.Values{"token": {a.text(kind)}, "token_type_hint": {hint}}
				if b := x.ok(x.post("/revoke", as(id), form)); b.raw != "" {
					t.Errorf("body %q", b.raw)
				}
				if x.live(a.text("access_token")) || x.happened("grant_revoked_by_client") != 1 {
					t.Errorf("%s %s %s: lives", id, kind, hint)
				}
				x.refused("refresh", x.post("/token", as(id), refreshForm(a.text("refresh_token"))), 400, "invalid_grant")
				if !x.live(other.text("access_token")) { // WOP-299
					t.Error("another grant of the same client and person was ended")
				}
				x.ok(x.post("/revoke", as(id), form)) // again: 200
			}
		}
	}
}

// MAD-23, RFC7009-2.2-2: 200 and unchanged.
func TestRevocationOfWhatIsNotTheirs(t *testing.T) {
	proof.Of(t, "MAD-23")
	x := newTokenTest(t)
	a := x.tokens(allowed{})
	for _, token := range []string{a.text("access_token"), a.text("refresh_token"), seal.NewToken(seal.PrefixRefreshToken), "x", "a.b.c"} {
		for _, id := range []string{"C2", "P1", "R1"} {
			if b := x.ok(x.post("/revoke", as(id), url.Values{"token": {token}})); b.raw != "" {
				t.Errorf("body %q", b.raw)
			}
		}
	}
	if !x.live(a.text("access_token")) {
		t.Error("a stranger ended the grant")
	}
	if x.happened("revocation_foreign") != 6 {
		t.Errorf("events %+v", x.events)
	}
	x.ok(x.post("/token", as("C1"), refreshForm(a.text("refresh_token"))))
}

// RFC7009-2.2.1-1, ATK-77: what cannot be revoked is said, by its form alone.
func TestUnsupportedTokenTypes(t *testing.T) {
	proof.Of(t, "ATK-77")
	x := newTokenTest(t)
	code, _ := x.code(allowed{})
	for _, token := range []string{code, newCode(), seal.NewToken(seal.PrefixRegistrationAccessToken), seal.NewToken(seal.PrefixClientSecret)} {
		x.refused(token[:5], x.post("/revoke", as("C1"), url.Values{"token": {token}}), 400, "unsupported_token_type", token)
	}
	x.refused("RFC7009-2.1-4", x.post("/revoke", as("C1"), url.Values{}), 400, "invalid_request")
	x.refused("RFC7009-2.1-1", x.post("/revoke", as(""), url.Values{"token": {"x"}}), 401, "invalid_client")
	x.ok(x.post("/token", as("C1"), codeForm(code)))
}

// A used and an expired refresh token still name the grant that its client wants
// to end.
func TestRevocationByAnOldToken(t *testing.T) {
	x := newTokenTest(t)
	old := x.tokens(allowed{client: "P1"})
	next := x.ok(x.post("/token", as("P1"), refreshForm(old.text("refresh_token"))))
	x.ok(x.post("/revoke", as("P1"), url.Values{"token": {old.text("refresh_token")}}))
	if x.live(next.text("access_token")) {
		t.Error("lives")
	}
}

// A hint that misleads costs no look-up, and what is no token of ours costs none
// but the client's.
func TestHintCostsNoLookup(t *testing.T) {
	proof.Of(t, "RFC7009-5-2")
	x := newTokenTest(t)
	calls := func(token, hint string) int {
		counting := &failing{Store: x.store}
		x.server.store = counting
		x.ok(x.post("/revoke", as("C1"), url.Values{"token": {token}, "token_type_hint": {hint}}))
		return counting.calls
	}
	unknown := seal.NewToken(seal.PrefixRefreshToken)
	want := calls(unknown, "refresh_token")
	for _, hint := range []string{"", "access_token", "unheard_of"} {
		if got := calls(unknown, hint); got != want {
			t.Errorf("hint %q makes %d store calls, want %d", hint, got, want)
		}
	}
	if got := calls("never-issued", "access_token"); got >= want {
		t.Errorf("a token that cannot be ours makes %d store calls; a possible one makes %d", got, want)
	}
}

// OAUTH21-3.2-1, RFC7009-2.3-1: the client's own origin may read, nobody else's.
func TestOriginOfTheClient(t *testing.T) {
	x := newTokenTest(t)
	from := func(origin string) func(*http.Request, url.Values) {
		return both(as("P1"), func(r *http.Request, _ url.Values) { r.Header.Set("Origin", origin) })
	}
	for origin, want := range map[string]string{"https://app.example.com": "https://app.example.com", "https://evil.example.com": "", "null": ""} {
		code, _ := x.code(allowed{client: "P1"})
		for name, a := range map[string]answer{
			"error":  x.post("/token", from(origin), with(codeForm(code), "code", newCode())),
			"token":  x.post("/token", from(origin), codeForm(code)),
			"revoke": x.post("/revoke", from(origin), url.Values{"token": {"x"}}),
		} {
			if got := a.header.Get("Access-Control-Allow-Origin"); got != want || a.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s, %s: %q", origin, name, got)
			}
		}
	}
}
