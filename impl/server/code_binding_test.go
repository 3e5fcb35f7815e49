package server_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/pkce"
)

// redeem sends a redemption and returns the error, "" for success.
func (f fixture) redeem(t *testing.T, c servertest.Client, form url.Values) string {
	t.Helper()
	res := f.Post("/token", form, c.Auth())
	if res.StatusCode >= http.StatusInternalServerError {
		t.Errorf("status %d", res.StatusCode)
	}
	code, _ := servertest.Decode(t, res, res.StatusCode)["error"].(string)
	return code
}

// The redirect URI of the redemption is that of the authorization request, byte
// for byte: not another registered one, not another port of a loopback address.
func TestRedirectURIOfTheRedemption(t *testing.T) {
	proof.Of(t, "ATK-15")
	f := newFixture(t)
	two := f.Register(`{"redirect_uris":["https://app.example.com/cb","https://app.example.com/other"],"token_endpoint_auth_method":"none"}`)
	loop := f.Register(`{"redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none"}`)
	for _, row := range []struct {
		c       servertest.Client
		asked   string
		refused []string
	}{
		{two, appCallback, append([]string{"https://app.example.com/other"}, nearMisses...)},
		{two, "https://app.example.com/other", []string{appCallback, "https://app.example.com/othe", "https://app.example.com/otherx"}},
		{loop, "http://127.0.0.1:51004/cb", []string{"http://127.0.0.1/cb", "http://127.0.0.1:51005/cb", "http://127.0.0.1:051004/cb", "http://localhost:51004/cb", "http://[::1]:51004/cb", "https://127.0.0.1:51004/cb"}},
	} {
		code := f.Code(row.c, url.Values{"redirect_uri": {row.asked}})
		for i := range len(row.asked) { // any one byte
			row.refused = append(row.refused, row.asked[:i]+string(row.asked[i]^1)+row.asked[i+1:], row.asked[:i]+row.asked[i+1:])
		}
		for _, uri := range row.refused {
			if uri == row.asked {
				continue
			}
			if got := f.redeem(t, row.c, row.c.Exchange(code, url.Values{"redirect_uri": {uri}})); got != "invalid_grant" && got != "invalid_request" {
				t.Errorf("%s redeemed with %s: %q", row.asked, strconv.QuoteToASCII(uri), got)
			}
		}
		if got := f.redeem(t, row.c, row.c.Exchange(code, url.Values{"redirect_uri": {row.asked}})); got != "" {
			t.Errorf("control %s: %s", row.asked, got)
		}
	}
}

// A code is good with what its own request brought: not with another request's
// verifier, not in another client's hands, whoever the person is.
func TestCodeOfAnotherRequest(t *testing.T) {
	proof.Of(t, "ATK-28", "ATK-29")
	f := newFixture(t)
	app, other := f.Public(), f.Register(`{"client_name":"Other","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`)
	verifiers := []string{strings.Repeat("a", 43), strings.Repeat("b", 43)}
	code := func(c servertest.Client, verifier string) string {
		return f.Code(c, url.Values{"code_challenge": {pkce.Challenge(verifier)}})
	}
	mine, theirs, others := code(app, verifiers[0]), code(app, verifiers[1]), code(other, verifiers[0])
	exchange := func(c servertest.Client, code, verifier string) string {
		return f.redeem(t, c, c.Exchange(code, url.Values{"code_verifier": {verifier}}))
	}
	for name, got := range map[string]string{
		"their code with my verifier":     exchange(app, theirs, verifiers[0]),
		"my code with their verifier":     exchange(app, mine, verifiers[1]),
		"my code at another client":       exchange(other, mine, verifiers[0]),
		"another client's code at mine":   exchange(app, others, verifiers[0]),
		"my code with a verifier of none": exchange(app, mine, servertest.Verifier),
	} {
		if got != "invalid_grant" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name, got := range map[string]string{"mine": exchange(app, mine, verifiers[0]), "theirs": exchange(app, theirs, verifiers[1]), "others": exchange(other, others, verifiers[0])} {
		if got != "" {
			t.Errorf("control, %s: %s", name, got)
		}
	}
}

// A client that sends its code again, at once and with everything right, has
// replayed it: there is no second chance for codes.
func TestCodeSentAgain(t *testing.T) {
	proof.Of(t, "ATK-59")
	f := newFixture(t)
	c := f.Public()
	form := c.Exchange(f.Code(c, nil), nil)
	tokens := f.Token(c, form)
	if _, err := f.VerifyAccessToken(t.Context(), tokens.Access); err != nil {
		t.Fatalf("control: %v", err)
	}
	if got := f.redeem(t, c, form); got != "invalid_grant" {
		t.Errorf("again: %q", got)
	}
	if _, err := f.VerifyAccessToken(t.Context(), tokens.Access); err == nil {
		t.Error("the access token lives")
	}
	if got := f.redeem(t, c, c.Refresh(tokens.Refresh, nil)); got != "invalid_grant" {
		t.Errorf("the refresh token: %q", got)
	}
}

// A fault of a redemption: what is wrong with it, or has happened to its code.
type fault struct {
	name  string
	apply func(f fixture, form url.Values)
	final bool // the code is not good afterwards either
}

// Every combination of faults is refused; only the request without any succeeds.
// What was refused for the request alone leaves the code good.
func TestEveryCombinationOfFaults(t *testing.T) {
	proof.Of(t, "CVE-2026-28513", "MAD-34")
	faults := []fault{
		{"another client", func(f fixture, form url.Values) {
			form.Set("client_id", f.Register(`{"client_name":"x","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`).ID)
		}, false},
		{"another redirect_uri", func(_ fixture, form url.Values) { form.Set("redirect_uri", appCallback+"/") }, false},
		{"another verifier", func(_ fixture, form url.Values) { form.Set("code_verifier", strings.Repeat("x", 43)) }, false},
		{"another resource", func(_ fixture, form url.Values) { form.Set("resource", "https://mcp.example.com/mcp") }, false},
		{"expired", func(f fixture, _ url.Values) { f.Clock.Move(time.Minute) }, true},
		{"revoked", func(f fixture, _ url.Values) { f.RevokeApps(t.Context(), "alice") }, true},
	}
	for set := range 1 << len(faults) {
		f := newFixture(t)
		c := f.Public()
		code := f.Code(c, nil)
		form, final, names := c.Exchange(code, nil), false, ""
		for i, one := range faults {
			if set&(1<<i) != 0 {
				one.apply(f, form)
				final, names = final || one.final, names+", "+one.name
			}
		}
		got := f.redeem(t, c, form)
		if (got == "") != (set == 0) {
			t.Errorf("with%s: %q", names, got)
		}
		if set == 0 {
			continue
		}
		if again := f.redeem(t, c, c.Exchange(code, nil)); (again == "") != !final {
			t.Errorf("after%s, without: %q", names, again)
		}
	}
}
