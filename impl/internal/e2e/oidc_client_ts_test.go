package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/charterauth/charter/impl/internal/chromium"
	"github.com/charterauth/charter/impl/internal/clienttest"
)

// TestSinglePageApplicationWithOIDCClientTS: a single-page application of another
// origin signs a person in with oidc-client-ts in Chromium: a login by redirect,
// with the code redeemed and UserInfo asked by script, and a refresh. Whatever the
// library checks is also given what it must refuse.
func TestSinglePageApplicationWithOIDCClientTS(t *testing.T) {
	c := serve(t, "")
	a := newSPA(t, c, openAt)
	first := a.signIn([]string{"login", "consent"})
	if first.Subject == "" || first.Name != c.user || first.Refresh == "" {
		t.Fatalf("the application knows %+v", first)
	}
	again := a.evaluate("renew()")
	if again.Subject != first.Subject || again.Access == first.Access || again.Refresh == first.Refresh {
		t.Errorf("the refresh gave %+v after %+v", again, first)
	}
	if next := a.signIn(nil); next.Subject != first.Subject { // single sign-on
		t.Errorf("signed in again as %s, want %s", next.Subject, first.Subject)
	}
	a.checkItRefuses()
	a.checkOrigins(again.Access)
	a.checkSignOut()
}

// TestSilentRenewalInAFrame: without a refresh token oidc-client-ts asks with
// prompt=none in a hidden frame. The answer comes back through the frame where it is
// of the same site, and no page of the server is shown in one.
func TestSilentRenewalInAFrame(t *testing.T) {
	c := serve(t, "")
	a := newSPA(t, c, openOnLoopback)
	a.signIn([]string{"login", "consent"})
	// A program on the device is asked each time, so that the answer is an error.
	if got := a.refusal("return renewInFrame()"); got != "consent_required" {
		t.Errorf("in a frame of the same site: %s", got)
	}
	if got := a.refusal("more = { silentRequestTimeoutInSeconds: 2 }; return manager().signinSilent({ prompt: 'consent' })"); !strings.Contains(got, "timed out") {
		t.Errorf("a page in a frame: %s", got)
	}
	elsewhere := newSPA(t, c, openAt) // https, and so another site, whose frame gets no cookie
	elsewhere.signIn([]string{"login", "consent"})
	if got := elsewhere.refusal("return renewInFrame()"); !strings.Contains(got, "timed out") {
		t.Errorf("in a frame of another site: %s", got)
	}
}

// openOnLoopback is openAt for a site at http on loopback, as the server is.
func openOnLoopback(t *testing.T, site http.Handler) (tab *chromium.Tab, origin string) {
	t.Helper()
	server := httptest.NewServer(site)
	t.Cleanup(server.Close)
	return chromium.Open(t, 390, 844, 3*time.Minute), server.URL
}

// A spa is a single-page application in its browser.
type spa struct {
	*chromium.Tab
	origin  string
	charter *charter
	t       *testing.T
}

// A spaUser is what the application knows of who signed in.
type spaUser struct {
	Subject string `json:"sub"`
	Name    string `json:"preferred_username"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func newSPA(t *testing.T, c *charter, open func(*testing.T, http.Handler) (*chromium.Tab, string)) *spa {
	t.Helper()
	page, library := clienttest.File(t, "", "oidc-client-ts.html"), clienttest.File(t, "oidc-client-ts", "dist/browser/oidc-client-ts.min.js")
	a := &spa{charter: c, t: t}
	a.Tab, a.origin = open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/", "/callback", "/silent", "/signed-out":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Write(page)
		case "/oidc-client-ts.min.js":
			w.Header().Set("Content-Type", "text/javascript")
			w.Write(library)
		case "/mallory": // as UserInfo
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`{"sub":"mallory"}`))
		default:
			http.NotFound(w, r)
		}
	}))
	id := registerMetadata(t, c.metadata().Registration, map[string]any{
		"client_name": "oidc-client-ts", "redirect_uris": []string{a.origin + "/callback", a.origin + "/silent"},
		"post_logout_redirect_uris": []string{a.origin + "/signed-out"},
		"grant_types":               []string{"authorization_code", "refresh_token"}, "token_endpoint_auth_method": "none",
	})
	a.Do("open the application", chromedp.Navigate(a.origin+"/"))
	settings, err := json.Marshal(map[string]string{"authority": c.issuer, "client_id": id, "scope": "openid profile"})
	if err != nil {
		t.Fatal(err)
	}
	chromium.Evaluate[any](a.Tab, "open("+string(settings)+")")
	return a
}

// registerMetadata registers a client.
func registerMetadata(t *testing.T, endpoint string, metadata map[string]any) string {
	t.Helper()
	body, err := json.Marshal(metadata)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(endpoint, "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	var registered struct {
		ClientID string `json:"client_id"`
	}
	decode(t, res, http.StatusCreated, &registered)
	return registered.ClientID
}

func (a *spa) evaluate(call string) spaUser {
	a.t.Helper()
	return chromium.Evaluate[spaUser](a.Tab, call)
}

// begin leaves for the server, wants the person to see those pages, and is back
// with an answer that the application has not looked at.
func (a *spa) begin(saw []string) {
	a.t.Helper()
	a.Do("open the application", chromedp.Navigate(a.origin+"/"))
	chromium.Evaluate[any](a.Tab, "void signIn()")
	if got := goBack(a.Tab, a.charter); !slices.Equal(got, saw) {
		a.t.Errorf("the person saw %q, want %q", got, saw)
	}
}

func (a *spa) signIn(saw []string) spaUser {
	a.t.Helper()
	a.begin(saw)
	return a.evaluate("callback()")
}

// refusal is what the library says of a call that it must refuse.
func (a *spa) refusal(call string) string {
	a.t.Helper()
	return chromium.Evaluate[string](a.Tab, "refusal(async () => { "+call+" })")
}

// checkItRefuses: what the library checks, it refuses where it is not right.
func (a *spa) checkItRefuses() {
	a.t.Helper()
	const states = "Object.keys(localStorage).filter((k) => k.startsWith('oidc.'))"
	for want, spoil := range map[string]string{
		"nonce in id_token does not match nonce in client storage": "for (const k of " + states + ") localStorage[k] = JSON.stringify({ ...JSON.parse(localStorage[k]), nonce: 'another' })",
		"No matching state found in storage":                       "for (const k of " + states + ") delete localStorage[k]",
		"subject from UserInfo response does not match":            "more = { metadataSeed: { userinfo_endpoint: location.origin + '/mallory' } }",
		"invalid_grant": "for (const k of " + states + ") localStorage[k] = JSON.stringify({ ...JSON.parse(localStorage[k]), code_verifier: 'x'.repeat(64) })",
	} {
		a.begin(nil)
		if got := a.refusal(spoil + "; return callback()"); !strings.Contains(got, want) {
			a.t.Errorf("want %q, got %q", want, got)
		}
	}
}

// checkOrigins: the answers of the token endpoint are for the client's own origin.
func (a *spa) checkOrigins(access string) {
	a.t.Helper()
	id := chromium.Evaluate[string](a.Tab, "JSON.parse(sessionStorage.settings).client_id")
	token := fmt.Sprintf(`reads("%s/token", { method: "POST", body: new URLSearchParams({ client_id: "%s", grant_type: "refresh_token", refresh_token: "none" }) })`, a.charter.issuer, id)
	userInfo := fmt.Sprintf(`reads("%s/userinfo", { headers: { Authorization: "Bearer %s" } })`, a.charter.issuer, access)
	authorize := fmt.Sprintf(`reads("%s/authorize?client_id=%s")`, a.charter.issuer, id)
	elsewhere := strings.Replace(a.origin, "127.0.0.1", "localhost", 1)
	for origin, want := range map[string]int{a.origin: http.StatusBadRequest, elsewhere: 0} {
		a.Do("open "+origin, chromedp.Navigate(origin+"/"))
		if got := chromium.Evaluate[int](a.Tab, token); got != want {
			a.t.Errorf("a script of %s reads %d of the token endpoint, want %d", origin, got, want)
		}
		if got := chromium.Evaluate[int](a.Tab, userInfo); got != http.StatusOK {
			a.t.Errorf("a script of %s with a token reads %d of userinfo", origin, got)
		}
		if got := chromium.Evaluate[int](a.Tab, authorize); got != 0 {
			a.t.Errorf("a script of %s reads %d of the authorization endpoint", origin, got)
		}
	}
}

// checkSignOut: the application signs the person out here too, is told that it is
// done, and the next login asks who they are.
func (a *spa) checkSignOut() {
	a.t.Helper()
	a.Do("open the application", chromedp.Navigate(a.origin+"/"))
	chromium.Evaluate[any](a.Tab, "void signOut()")
	if saw := goBack(a.Tab, a.charter); saw != nil {
		a.t.Errorf("the person saw %q", saw)
	}
	if got := chromium.Evaluate[string](a.Tab, "signedOut()"); got != "kept, true" {
		a.t.Errorf("signed out: %s", got)
	}
	a.begin([]string{"login", "consent"}) // what was allowed in that session ended with it
}
