package server

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/pkce"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// RFC6749-5.1-1, -2, -3, -5, -6, -7, RFC7636-4.6-1, OAUTH21-3.2.3-1.
func TestCodeIsRedeemed(t *testing.T) {
	for _, id := range []string{"C1", "C2", "P1"} {
		x := newTokenTest(t)
		a := x.tokens(allowed{client: id, props: `{"tenant":7}`})
		if a.text("token_type") != "Bearer" || a.body["expires_in"] != 3600.0 || a.text("scope") != "profile a.read a.write" ||
			!seal.WellFormed(seal.PrefixAccessToken, a.text("access_token")) || !seal.WellFormed(seal.PrefixRefreshToken, a.text("refresh_token")) {
			t.Errorf("%s: %s", id, a.raw)
		}
		got, err := x.server.VerifyAccessToken(context.Background(), a.text("access_token"))
		if err != nil || got.Subject != "alice" || got.ClientID != id || string(got.Props) != `{"tenant":7}` ||
			len(got.Resources) != 1 || got.Resources[0] != resourceA || !got.ExpiresAt.Equal(x.now().Add(time.Hour)) {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
		if x.happened("code_redeemed") != 1 {
			t.Errorf("%s: no event", id)
		}
	}
}

// Every refusal changes nothing: the same code is good afterwards (design §13,
// MAD-34, MAD-24, ATK-25 and ATK-53 as decided there).
func TestRefusedRedemptionBurnsNothing(t *testing.T) {
	proof.Of(t, "MAD-34", "MAD-24", "ATK-25", "ATK-53", "CVE-2026-55672", "ATK-64", "ATK-26", "ATK-23")
	for _, c := range []struct {
		name    string
		as      string
		changes []string
		status  int
		code    string
	}{
		{"RFC6749-4.1.3-8 CVE-2026-55672 another client", "C2", nil, 400, "invalid_grant"},
		{"ATK-64 another public client", "P1", nil, 400, "invalid_grant"},
		{"RFC6749-4.1.3-6 no client authentication", "", nil, 401, "invalid_client"},
		{"RFC6749-4.1.3-10 another redirect_uri", "C1", []string{"redirect_uri", testRedirect + "2"}, 400, "invalid_grant"},
		{"RFC6749-10.6-1 redirect_uri with a slash", "C1", []string{"redirect_uri", testRedirect + "/"}, 400, "invalid_grant"},
		{"RFC7636-4.6-2 ATK-25 wrong verifier", "C1", []string{"code_verifier", strings.Repeat("x", 43)}, 400, "invalid_grant"},
		{"ATK-26 the challenge as verifier", "C1", []string{"code_verifier", pkce.Challenge(testVerifier)}, 400, "invalid_grant"},
		{"GEN-7 RFC7636-4.5-1 verifier missing", "C1", []string{"code_verifier", ""}, 400, "invalid_request"},
		{"ATK-23 verifier of 42", "C1", []string{"code_verifier", testVerifier[:42]}, 400, "invalid_request"},
		{"ATK-23 verifier of 129", "C1", []string{"code_verifier", strings.Repeat("x", 129)}, 400, "invalid_request"},
		{"ATK-23 verifier with a space", "C1", []string{"code_verifier", testVerifier + " "}, 400, "invalid_request"},
		{"ATK-23 verifier with a NUL", "C1", []string{"code_verifier", testVerifier + "\x00"}, 400, "invalid_request"},
		{"RFC8707-2.2-2 resource beyond the grant", "C1", []string{"resource", resourceB}, 400, "invalid_target"},
		{"RFC8707-2.2-1 unknown resource", "C1", []string{"resource", "https://evil.example.com"}, 400, "invalid_target"},
		{"RFC6749-5.2-8 unknown grant type", "C1", []string{"grant_type", "password"}, 400, "unsupported_grant_type"},
		{"RFC6749-4.1.3-1 no grant type", "C1", []string{"grant_type", ""}, 400, "invalid_request"},
	} {
		x := newTokenTest(t)
		code, _ := x.code(allowed{})
		a := x.post("/token", as(c.as), with(codeForm(code), c.changes...))
		x.refused(c.name, a, c.status, c.code, code, testVerifier)
		x.ok(x.post("/token", as("C1"), codeForm(code)))
	}
}

// Nothing but the code is the code.
func TestMutatedCodes(t *testing.T) {
	proof.Of(t, "ATK-58", "CVE-2026-27840", "CVE-2026-16089", "MAD-24")
	x := newTokenTest(t)
	code, _ := x.code(allowed{})
	other, _ := x.code(allowed{client: "C2"})
	for name, c := range map[string]struct{ code, want string }{
		"prefix":        {code[:len(code)-1], "invalid_grant"},
		"suffix":        {code + "x", "invalid_grant"},
		"case flip":     {strings.ToUpper(code), "invalid_grant"},
		"trailing NUL":  {code + "\x00", "invalid_request"},
		"trailing line": {code + "\n", "invalid_request"},
		"space":         {code + " ", "invalid_grant"},
		"one byte":      {"x", "invalid_grant"},
		"percent":       {"%", "invalid_grant"},
		"no UTF-8":      {"\xff\xfe", "invalid_request"},
		"too long":      {strings.Repeat("x", 1<<12), "invalid_request"},
		"spliced":       {code[:20] + other[20:], "invalid_grant"},
		"refresh token": {seal.NewToken(seal.PrefixRefreshToken), "invalid_grant"},
		"unknown":       {newCode(), "invalid_grant"},
	} {
		a := x.post("/token", as("C1"), codeForm(c.code))
		if a.status != 400 || a.text("error") != "invalid_grant" && a.text("error") != "invalid_request" {
			t.Errorf("%s: %d %s; want %s", name, a.status, a.raw, c.want)
		}
	}
	x.ok(x.post("/token", as("C1"), codeForm(code)))
}

// Not by query, JSON or GET, and the code survives.
func TestCodeComesInTheBodyOfAPost(t *testing.T) {
	proof.Of(t, "ATK-56")
	x := newTokenTest(t)
	code, _ := x.code(allowed{})
	form := codeForm(code)
	request := func(method, target, contentType, body string) answer {
		r := httptest.NewRequest(method, testIssuer+target, strings.NewReader(body))
		r.Header.Set("Authorization", basicHeader("C1", secretOf("C1")))
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		return x.do(r)
	}
	const formType = "application/x-www-form-urlencoded"
	for name, a := range map[string]answer{
		"query":         request("POST", "/token?"+form.Encode(), formType, ""),
		"code in query": request("POST", "/token?code="+code, formType, with(form, "code", "").Encode()),
		"JSON":          request("POST", "/token", "application/json", `{"grant_type":"authorization_code","code":"`+code+`"}`),
		"GET":           request("GET", "/token?"+form.Encode(), "", ""),
		"repeated":      request("POST", "/token", formType, form.Encode()+"&code="+code), // RFC6749-3.2-7
	} {
		if a.status != 400 && a.status != 405 && a.status != 415 || strings.Contains(a.raw, code) {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	// RFC6749-3.2-5, -6: empty is absent, unknown is ignored.
	x.ok(request("POST", "/token", formType+"; charset=UTF-8", form.Encode()+"&scope=&unknown=1&unknown=2"))
}

func TestCodeWithoutChallenge(t *testing.T) {
	proof.Of(t, "OAUTH21-3.2.4-1", "OAUTH21-4.1.3-2", "OAUTH21-10.2-2", "RFC9700-2.1.1-5", "RFC9700-4.8.2-1", "RFC9700-4.8.2-2", "RFC9700-4.8.2-3")
	proof.Of(t, "ATK-20", "ATK-21", "ATK-22")
	exempt := func(c *store.Client) { c.InsecureNoPKCE = true }
	without := []string{"code_verifier", ""}
	for _, c := range []struct {
		name    string
		exempt  bool
		code    allowed
		changes []string
		want    string
	}{
		{"OAUTH21-4.1.3-2 ATK-20 any verifier", false, allowed{noChallenge: true}, nil, "invalid_request"},
		{"ATK-20 none", false, allowed{noChallenge: true}, without, "invalid_request"},
		{"RFC9700-2.1.1-5 ATK-21 verifier of an exempt client", true, allowed{noChallenge: true}, nil, "invalid_request"},
		{"exempt client", true, allowed{noChallenge: true}, without, ""},
		{"RFC6749-4.1.3-3 exempt client without redirect_uri", true, allowed{noChallenge: true}, append([]string{"redirect_uri", ""}, without...), "invalid_grant"},
		{"exempt client that never sent one", true, allowed{noChallenge: true, uriOmitted: true}, append([]string{"redirect_uri", ""}, without...), ""},
		{"RFC9700-2.1.1-4 ATK-22 exempt client that did send a challenge", true, allowed{}, without, "invalid_grant"},
		{"exempt client with PKCE all the same", true, allowed{}, nil, ""},
		{"OAUTH21-10.2-3 redirect_uri left out", false, allowed{}, []string{"redirect_uri", ""}, ""},
		{"redirect_uri sent only now, the right one", false, allowed{uriOmitted: true}, nil, ""},
		{"redirect_uri sent only now, a wrong one", false, allowed{uriOmitted: true}, []string{"redirect_uri", "https://app.example.com/"}, "invalid_grant"},
	} {
		x := newTokenTest(t)
		if c.exempt {
			x.change("C1", exempt)
		}
		code, _ := x.code(c.code)
		a := x.post("/token", as("C1"), with(codeForm(code), c.changes...))
		if c.want == "" {
			x.ok(a)
		} else {
			x.refused(c.name, a, 400, c.want)
		}
	}
	// The switch is for clients with a secret: without one PKCE is all there is.
	x := newTokenTest(t)
	x.change("O1", exempt)
	code, _ := x.code(allowed{client: "O1", noChallenge: true})
	x.refused("public client", x.post("/token", as("O1"), with(codeForm(code), without...)), 400, "invalid_request")
}

// ATK-52, WOP-144, RFC6749-4.1.2-5, -6, OAUTH21-4.1.3-1.
func TestReplayEndsTheGrant(t *testing.T) {
	proof.Of(t, "ATK-52")
	x := newTokenTest(t)
	code, _ := x.code(allowed{client: "P1"})
	a := x.ok(x.post("/token", as("P1"), codeForm(code)))
	// OAUTH21-7.5.2-1: a finder of the code without the verifier ends nothing.
	x.refused("finder", x.post("/token", as("P1"), with(codeForm(code), "code_verifier", strings.Repeat("x", 43))), 400, "invalid_grant")
	x.refused("finder", x.post("/token", as("P1"), with(codeForm(code), "redirect_uri", testRedirect+"x")), 400, "invalid_grant")
	x.refused("another client", x.post("/token", as("C1"), codeForm(code)), 400, "invalid_grant")
	if !x.live(a.text("access_token")) || x.happened("code_foreign") != 1 {
		t.Fatal("a refused replay ended the grant, or another client's left no event")
	}
	x.pass(2 * time.Hour) // long after the code expired it still is a replay
	a = x.ok(x.post("/token", as("P1"), refreshForm(a.text("refresh_token"))))
	x.refused("replay", x.post("/token", as("P1"), codeForm(code)), 400, "invalid_grant", code)
	if x.live(a.text("access_token")) {
		t.Error("the access token survived")
	}
	x.refused("refresh", x.post("/token", as("P1"), refreshForm(a.text("refresh_token"))), 400, "invalid_grant")
	if x.happened("code_redeemed") != 1 || x.happened("code_replayed") != 1 {
		t.Errorf("events %+v", x.events)
	}
}

// ATK-54, MAD-33, RFC6749-4.1.2-3: good before T, refused from T on.
func TestCodeExpires(t *testing.T) {
	proof.Of(t, "ATK-54", "MAD-33")
	for _, c := range []struct {
		after time.Duration
		good  bool
	}{
		{0, true}, {59 * time.Second, true}, {time.Minute - time.Microsecond, true},
		{time.Minute, false}, {time.Minute + time.Millisecond, false}, {time.Hour, false},
	} {
		for _, forever := range []bool{false, true} {
			x := newTokenTest(t)
			code, _ := x.code(allowed{forever: forever})
			x.pass(c.after)
			a := x.post("/token", as("C1"), codeForm(code))
			if c.good {
				x.ok(a)
			} else {
				x.refused(c.after.String(), a, 400, "invalid_grant")
			}
		}
	}
}

// What changes between consent and redemption counts.
func TestChangesBeforeRedemption(t *testing.T) {
	proof.Of(t, "ATK-57")
	for _, c := range []struct {
		name   string
		change func(x *tokenTest, grantID string)
		status int
		code   string
	}{
		{"grant revoked", func(x *tokenTest, id string) {
			x.store.RevokeGrants(context.Background(), store.GrantFilter{ID: id}, x.now())
		}, 400, "invalid_grant"},
		{"all grants of the person revoked", func(x *tokenTest, _ string) {
			x.store.RevokeGrants(context.Background(), store.GrantFilter{Subject: "alice"}, x.now())
		}, 400, "invalid_grant"},
		{"client disabled", func(x *tokenTest, _ string) {
			x.change("C1", func(c *store.Client) { c.DisabledAt = x.now() })
		}, 401, "invalid_client"},
		{"client deleted", func(x *tokenTest, _ string) { x.store.DeleteClient(context.Background(), "C1", x.now()) }, 401, "invalid_client"},
		{"grant type taken away", func(x *tokenTest, _ string) {
			x.change("C1", func(c *store.Client) {
				c.Metadata = []byte(strings.Replace(string(c.Metadata), `"authorization_code",`, "", 1))
			})
		}, 400, "unauthorized_client"},
		{"nothing", func(*tokenTest, string) {}, 200, ""},
	} {
		asked := 0
		x := newTokenTest(t, func(c *Config) { c.Policy = func(context.Context, *Issue) error { asked++; return nil } })
		code, grantID := x.code(allowed{})
		c.change(x, grantID)
		a := x.post("/token", as("C1"), codeForm(code))
		if c.status == 200 {
			x.ok(a)
		} else {
			x.refused(c.name, a, c.status, c.code)
		}
		if (asked == 1) != (c.status == 200) {
			t.Errorf("%s: the policy was asked %d times", c.name, asked)
		}
	}
}

// ATK-73, ATK-74, RFC8707-2.2-3, -4, RFC9068-3-1.
func TestAudience(t *testing.T) {
	proof.Of(t, "ATK-73")
	both := allowed{resources: []string{resourceA, resourceB}, scopes: []string{"a.read", "b.read", "profile"}}
	for _, c := range []struct {
		name      string
		resource  []string
		resources string
		scope     string
	}{
		{"one of two", []string{resourceB}, resourceB, "b.read profile"},
		{"a URL below one", []string{resourceA + "/tools?x=1"}, resourceA, "a.read profile"},
		{"none: all", nil, resourceA + " " + resourceB, "a.read b.read profile"},
		{"both", []string{resourceB, resourceA}, resourceB + " " + resourceA, "a.read b.read profile"},
	} {
		x := newTokenTest(t)
		code, _ := x.code(both)
		form := codeForm(code)
		form["resource"] = c.resource
		a := x.ok(x.post("/token", as("C1"), form))
		got, err := x.server.VerifyAccessToken(context.Background(), a.text("access_token"))
		if err != nil || strings.Join(got.Resources, " ") != c.resources || a.text("scope") != c.scope {
			t.Errorf("%s: %v, scope %q, %v", c.name, got.Resources, a.text("scope"), err)
		}
		// RFC8707-2.2-3: the refresh token keeps the whole grant.
		a = x.ok(x.post("/token", as("C1"), url.Values{"grant_type": {"refresh_token"}, "refresh_token": {a.text("refresh_token")}, "resource": {resourceA}}))
		if a.text("scope") != "a.read profile" {
			t.Errorf("%s: refreshed scope %q", c.name, a.text("scope"))
		}
	}
}
