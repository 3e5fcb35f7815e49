package interact

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
)

var frameElement = regexp.MustCompile(`<iframe src="([^"]*)" title="[^"]*" sandbox="allow-scripts allow-same-origin" hidden></iframe>`)

// framesOf returns the addresses of the frames of a page, sorted.
func framesOf(page string) []string {
	var all []string
	for _, m := range frameElement.FindAllStringSubmatch(page, -1) {
		all = append(all, html.UnescapeString(m[1]))
	}
	slices.Sort(all)
	return all
}

func (b *browser) sidOf(c servertest.Client, idToken string) string {
	b.t.Helper()
	sid, _ := b.IDToken(c, idToken)["sid"].(string)
	return sid
}

// Every application of the session that is over gets its frame, with the session's
// name and ours, and no other; the policy lets these in and nothing else.
func TestFrontchannelLogout(t *testing.T) {
	proof.Of(t, "OIDC-FCLO-2-3", "OIDC-FCLO-2-5", "OIDC-FCLO-2-6", "OIDC-FCLO-2-7", "OIDC-FCLO-2-8", "OIDC-FCLO-2-10", "OIDC-FCLO-2-11", "OIDC-FCLO-3-1", "OIDC-FCLO-3-2")
	p := newLogoutPlace(t)
	b := p.browser()
	one := p.relyingParty("one.example.com", `,"frontchannel_logout_uri":"https://one.example.com/out"`)
	two := p.relyingParty("two.example.com", `,"frontchannel_logout_uri":"https://two.example.com/out?a=b&c=d","frontchannel_logout_session_required":true`)
	bobs := p.relyingParty("bob.example.com", `,"frontchannel_logout_uri":"https://bob.example.com/out"`)
	p.relyingParty("unused.example.com", `,"frontchannel_logout_uri":"https://unused.example.com/out"`)
	b.idToken(bobs, "bob")
	b.idToken(p.client, aliceName) // has no frontchannel_logout_uri
	b.idToken(one, aliceName)
	hint := b.idToken(two, aliceName)
	sid := b.sidOf(two, hint)
	elsewhere := p.browser()
	elsewhere.idToken(one, aliceName)
	p.Clock.Move(2 * time.Hour) // no token is good any more, and the applications are signed in all the same

	res := b.get(b.leave(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://two.example.com/bye"}, "state": {"s'\"<;"}}))
	page := body(t, res)
	issuer := "iss=" + url.QueryEscape(servertest.Issuer)
	want := []string{"https://one.example.com/out?" + issuer + "&sid=" + sid, "https://two.example.com/out?a=b&c=d&" + issuer + "&sid=" + sid}
	if got := framesOf(page); !slices.Equal(got, want) {
		t.Errorf("frames %q, want %q: %s", got, want, page)
	}
	if strings.Count(page, "<iframe") != len(want) {
		t.Errorf("there are other frames: %s", page)
	}
	policy := res.Header.Get("Content-Security-Policy")
	if !strings.HasSuffix(policy, "; frame-ancestors 'none'; base-uri 'none'; frame-src https://two.example.com https://one.example.com") &&
		!strings.HasSuffix(policy, "; frame-ancestors 'none'; base-uri 'none'; frame-src https://one.example.com https://two.example.com") || strings.Contains(policy, "script") || !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("policy %s", policy)
	}
	const next = "https://two.example.com/bye?state=s%27%22%3C%3B"
	if got := res.Header.Get("Refresh"); got != "1; url="+next {
		t.Errorf("Refresh %q", got)
	}
	if !strings.Contains(page, `<a href="`+next+`" class="button">`) || res.Header.Get("Location") != "" || strings.Contains(page, "ZgotmplZ") {
		t.Errorf("no link on: %s", page)
	}
	if got := b.signedIn(); got != "bob" {
		t.Errorf("left are %q", got)
	}
	if elsewhere.signedIn() != aliceName {
		t.Error("the other browser was signed out")
	}
	// Signing out by the pages' own form does the same, and stays.
	res = b.post("/logout", fields(t, b.get(servertest.Issuer+"/logout")))
	if got := framesOf(body(t, res)); len(got) != 1 || !strings.HasPrefix(got[0], "https://bob.example.com/out?"+issuer+"&sid=") || res.Header.Get("Refresh") != "" {
		t.Errorf("frames %q, Refresh %q", got, res.Header.Get("Refresh"))
	}
	// The positive control of the policy: a page without frames has no frame-src.
	res = b.get(servertest.Issuer + "/logout")
	if strings.Contains(res.Header.Get("Content-Security-Policy"), "frame-src") {
		t.Errorf("policy %s", res.Header.Get("Content-Security-Policy"))
	}
	checkPage(t, res, http.StatusOK, "You are signed out")
}

// Sessions have names of their own, in the syntax of a client identifier, which
// nobody guesses.
func TestSessionIDs(t *testing.T) {
	proof.Of(t, "OIDC-FCLO-3-5", "OIDC-FCLO-3-6", "OIDC-FCLO-3-7", "OIDC-FCLO-5-1")
	p := newLogoutPlace(t)
	first, second := p.browser(), p.browser()
	seen := map[string]bool{}
	for what, sid := range map[string]string{
		"alice":           first.sidOf(p.client, first.idToken(p.client, aliceName)),
		"bob beside her":  first.sidOf(p.client, first.idToken(p.client, "bob")),
		"alice elsewhere": second.sidOf(p.client, second.idToken(p.client, aliceName)),
	} {
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`).MatchString(sid) || seen[sid] { // 128 bits
			t.Errorf("%s: sid %q", what, sid)
		}
		seen[sid] = true
	}
}

// However many applications there are, the page and its policy have a size that
// browsers and proxies take.
func TestFrontchannelLogoutIsBounded(t *testing.T) {
	p := newLogoutPlace(t)
	b := p.browser()
	var hint string
	long := strings.Repeat("a", 60)
	for i := range 55 {
		host := long + strconv.Itoa(i) + "." + long + ".example.com"
		hint = b.idToken(p.relyingParty(host, `,"frontchannel_logout_uri":"https://`+host+`/out"`), aliceName)
	}
	res := b.get(b.leave(url.Values{"id_token_hint": {hint}}))
	page, policy := body(t, res), res.Header.Get("Content-Security-Policy")
	if n := len(framesOf(page)); n < 20 || n > 50 || len(policy) > 4096 || strings.Count(policy, long+".example.com") != n {
		t.Errorf("%d frames, a policy of %d bytes", n, len(policy))
	}
}
