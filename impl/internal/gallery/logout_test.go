package gallery

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/internal/chromium"
	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// newProvider is an OpenID provider over https, at a site of its own, with the
// people alice and maria.
func newProvider(t *testing.T) *place {
	t.Helper()
	listener := httptest.NewUnstartedServer(nil)
	_, port, _ := strings.Cut(listener.Listener.Addr().String(), ":")
	p := &place{url: "https://provider.test:" + port, t: t}
	st := memory.New()
	accounts := interact.NewLocalAccounts(st)
	p.Server = servertest.New(t, st, func(c *server.Config) {
		c.Issuer = p.url
		c.Claims = interact.Claims(accounts)
		c.Interaction = interact.Pages(interact.Config{Accounts: accounts, Store: st, Service: "Example Cloud", Now: c.Now})
	})
	listener.Config.Handler = openapitest.Handler(t, p.Server)
	listener.StartTLS()
	t.Cleanup(listener.Close)
	for _, name := range []string{"alice", maria} {
		if err := accounts.Add(t.Context(), name, password); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// A relyingParty is an application at a site of its own. It keeps nobody signed in
// but by a cookie, which its frontchannel_logout_uri takes away.
type relyingParty struct {
	url, id string
	place   *place

	mu   sync.Mutex
	told []url.Values  // what came to the frontchannel_logout_uri
	got  url.Values    // the last answer
	hang chan struct{} // not nil: the frame hangs until it is closed
}

func (p *place) relyingParty(name, more string) *relyingParty {
	p.t.Helper()
	rp := &relyingParty{place: p}
	s := httptest.NewUnstartedServer(rp)
	_, port, _ := strings.Cut(s.Listener.Addr().String(), ":")
	rp.url = "https://" + name + ".test:" + port
	s.StartTLS()
	p.t.Cleanup(s.Close)
	res := p.JSON(http.MethodPost, "/register", strings.ReplaceAll(`{"client_name":"Notes `+name+`","redirect_uris":["URL/cb"],"post_logout_redirect_uris":["URL/bye"],"frontchannel_logout_uri":"URL/out?kept=1","token_endpoint_auth_method":"none"`+more+`}`, "URL", rp.url), func(r *http.Request) { r.Host = strings.TrimPrefix(p.url, "https://") })
	var client struct {
		ID string `json:"client_id"`
	}
	if err := json.NewDecoder(res.Body).Decode(&client); err != nil || client.ID == "" {
		p.t.Fatalf("registration: %d %v", res.StatusCode, err)
	}
	rp.id = client.ID
	return rp
}

// ServeHTTP is the application: /cb takes the answer and signs the person in, / says
// whether they are, /out signs them out, and /bye is where they come back to.
func (rp *relyingParty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	cookie := http.Cookie{Name: "signed_in", Value: "yes", Path: "/", Secure: true, SameSite: http.SameSiteNoneMode}
	rp.mu.Lock()
	defer rp.mu.Unlock()
	switch r.URL.Path {
	case "/cb":
		rp.got = r.URL.Query()
		http.SetCookie(w, &cookie)
		io.WriteString(w, "<!doctype html><title>in</title><p id=in>Signed in")
	case "/out":
		if _, err := r.Cookie("signed_in"); err == nil {
			cookie.MaxAge = -1
			http.SetCookie(w, &cookie)
		}
		if hang := rp.hang; hang != nil {
			rp.mu.Unlock()
			<-hang
			rp.mu.Lock()
		}
		rp.told = append(rp.told, r.URL.Query())
		fmt.Fprintf(w, "<!doctype html><title>out</title>%s", r.Header.Get("Sec-Fetch-Dest"))
	case "/bye":
		fmt.Fprint(w, "<!doctype html><title>bye</title><p id=bye>")
	case "/session": // frames the provider's page, and asks it
		fmt.Fprintf(w, `<!doctype html><title>session</title><iframe id=op src="%s/check_session"></iframe>`, rp.place.url)
	case "/foreign": // asks, as a frame of another's page, the frame beside it
		io.WriteString(w, `<!doctype html><title>foreign</title><script>onmessage = () => parent.postMessage("foreign heard", "*"); parent.frames[0].postMessage("x y", "*")</script>`)
	default:
		_, err := r.Cookie("signed_in")
		fmt.Fprintf(w, "<!doctype html><title>app</title><p id=state>%t", err == nil)
	}
}

func (rp *relyingParty) heard() []url.Values {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	return slices.Clone(rp.told)
}

func (rp *relyingParty) answer() url.Values {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	return rp.got
}

// begin is the URL of an authentication request.
func (rp *relyingParty) begin(more string) string {
	return rp.place.url + "/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {rp.id}, "redirect_uri": {rp.url + "/cb"}, "scope": {"openid"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}, "state": {"s"},
	}.Encode() + more
}

// signIn has alice sign in to the application at the browser, and returns the ID
// Token.
func (rp *relyingParty) signIn(b *chromium.Tab, first bool) string {
	rp.place.t.Helper()
	b.Do("begin", chromedp.Navigate(rp.begin("")))
	if first {
		b.Do("sign in", typed("alice", password)...)
	}
	b.Do("allow", chromedp.Click(chromedp.CSS("button[value=allow]")), chromedp.WaitReady(chromedp.CSS("#in")))
	return rp.redeem()
}

func (rp *relyingParty) redeem() string {
	rp.place.t.Helper()
	res := rp.place.Post("/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {rp.id}, "code": {rp.answer().Get("code")}, "redirect_uri": {rp.url + "/cb"}, "code_verifier": {verifier},
	}, func(r *http.Request) { r.Host = strings.TrimPrefix(rp.place.url, "https://") })
	var got tokens
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || got.ID == "" {
		rp.place.t.Fatalf("token: %d %v", res.StatusCode, err)
	}
	return got.ID
}

// signedIn asks the application itself.
func (rp *relyingParty) signedIn(b *chromium.Tab) bool {
	b.Do("ask the application", chromedp.Navigate(rp.url+"/"), chromedp.WaitReady(chromedp.CSS("#state")))
	return chromium.Evaluate[string](b, `document.querySelector("#state").textContent`) == "true"
}

// Two applications are signed out in the browser when a third sends the person here,
// and the browser goes back to that one, without a script of ours.
func TestFrontchannelLogoutInABrowser(t *testing.T) {
	p := newProvider(t)
	one, two, three := p.relyingParty("one", ""), p.relyingParty("two", ""), p.relyingParty("three", "")
	b := chromium.OpenUsual(t, 390, 844, 2*time.Minute)
	proof.Of(t, "OIDC-FCLO-2-3", "OIDC-FCLO-2-5", "OIDC-FCLO-2-8", "OIDC-FCLO-3-2", "OIDC-RPLO-2-12")
	hint := one.signIn(b, true)
	two.signIn(b, false)
	if !one.signedIn(b) || !two.signedIn(b) || len(one.heard()) != 0 {
		t.Fatal("control: not signed in")
	}
	b.Do("sign out", chromedp.Navigate(p.url+"/end_session?state=a+b&post_logout_redirect_uri="+one.url+"/bye&id_token_hint="+hint), chromedp.WaitReady(chromedp.CSS("#bye")))
	if at := chromium.Evaluate[string](b, "location.href"); at != one.url+"/bye?state=a+b" {
		t.Errorf("the browser is at %s", at)
	}
	for _, rp := range []*relyingParty{one, two} {
		told := rp.heard()
		if len(told) != 1 || told[0].Get("iss") != p.url || len(told[0].Get("sid")) != 22 || told[0].Get("kept") != "1" {
			t.Errorf("%s was told %v", rp.url, told)
		}
		if rp.signedIn(b) {
			t.Errorf("%s still knows the person", rp.url)
		}
	}
	if len(three.heard()) != 0 {
		t.Error("an application that nobody signed in to was told")
	}
}

// An application that hangs holds up the refresh, and not the person: the link
// leads on.
func TestHangingApplicationHoldsUpNobody(t *testing.T) {
	p := newProvider(t)
	one, two := p.relyingParty("one", ""), p.relyingParty("two", "")
	two.hang = make(chan struct{})
	defer close(two.hang)
	b := chromium.OpenUsual(t, 390, 844, 2*time.Minute)
	hint := one.signIn(b, true)
	two.signIn(b, false)
	// Navigate would wait for the frames.
	chromium.Evaluate[any](b, `void (location.href = "`+p.url+`/end_session?post_logout_redirect_uri=`+one.url+`/bye&id_token_hint=`+hint+`")`)
	b.Do("go on", chromedp.WaitVisible(chromedp.CSS("a.button")))
	for _, l := range looks {
		l.emulate(b)
		if wide := chromium.Evaluate[int64](b, "document.scrollingElement.scrollWidth"); wide > l.width {
			t.Errorf("%s: the page is %d pixels wide", l.name, wide)
		}
		for _, fault := range axe(t, b) {
			t.Errorf("%s: %s", l.name, fault)
		}
		l.keep(t, b, "signed-out-frames")
	}
	checkKeyboard(t, b)
	b.Do("go on", chromedp.Click(chromedp.CSS("a.button")), chromedp.WaitReady(chromedp.CSS("#bye")))
}

// asks opens the application's page that frames the provider's, and returns what that
// answers to a message.
func (rp *relyingParty) asks(b *chromium.Tab, message string) string {
	b.Do("open the frame", chromedp.Navigate(rp.url+"/session"), chromedp.WaitReady(chromedp.CSS("#op")))
	return chromium.Evaluate[string](b, ask(rp.place.url, message))
}

// ask is a promise of the answer to a message, of the provider alone.
func ask(origin, message string) string {
	return fmt.Sprintf(`new Promise(resolve => {
		addEventListener("message", e => { if (e.origin === %[1]q) resolve(e.data) });
		document.querySelector("#op").contentWindow.postMessage(%[2]s, %[1]q);
	})`, origin, message)
}

// What a client learns from the frame: nothing has changed, until somebody signs in
// or out at the browser; and nothing of another client's.
func TestCheckSessionInABrowser(t *testing.T) {
	p := newProvider(t)
	one, two := p.relyingParty("one", ""), p.relyingParty("two", "")
	b := chromium.OpenUsual(t, 390, 844, 2*time.Minute)
	proof.Of(t, "OIDC-SESSION-3.2-1", "OIDC-SESSION-3.2-2", "OIDC-SESSION-3.2-3", "OIDC-SESSION-3.2-4", "OIDC-SESSION-3.2-5", "OIDC-SESSION-3.2-6", "OIDC-SESSION-3.2-7", "OIDC-SESSION-3.2-8",
		"OIDC-SESSION-3.2-9", "OIDC-SESSION-3.2-13", "OIDC-SESSION-3.3-3", "OIDC-SESSION-4-1", "OIDC-SESSION-5.1-1", "OIDC-SESSION-6-1")
	hint := one.signIn(b, true)
	state := one.answer().Get("session_state")
	mine := fmt.Sprintf("%q", one.id+" "+state)
	expect := func(when, want string, rp *relyingParty, message string) {
		t.Helper()
		if got := rp.asks(b, message); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	expect("signed in", "unchanged", one, mine)
	p.Clock.Move(time.Minute)
	two.signIn(b, false) // with the sign-in that there is
	expect("another application", "unchanged", one, mine)
	expect("the other application", "unchanged", two, fmt.Sprintf("%q", two.id+" "+two.answer().Get("session_state")))
	expect("of another site", "changed", two, mine)
	expect("of another client", "changed", one, fmt.Sprintf("%q", two.id+" "+state))
	for _, malformed := range []string{`"x"`, `""`, `"a b"`, `{}`, `null`, fmt.Sprintf("%q", state), fmt.Sprintf("%q", one.id+" "+state+" "), fmt.Sprintf("%q", one.id+" "+strings.TrimSuffix(state, state[len(state)-1:]))} {
		expect("malformed "+malformed, "error", one, malformed)
	}
	// A frame of another site beside it hears nothing.
	b.Do("open the frame", chromedp.Navigate(one.url+"/session"), chromedp.WaitReady(chromedp.CSS("#op")))
	heard := chromium.Evaluate[bool](b, `new Promise(resolve => {
		window.heard = false;
		addEventListener("message", e => { if (e.data === "foreign heard") window.heard = true });
		const f = document.createElement("iframe");
		f.src = "`+two.url+`/foreign";
		f.onload = async () => { await `+ask(p.url, mine)+`; await `+ask(p.url, mine)+`; resolve(window.heard) };
		document.body.append(f);
	})`)
	if heard {
		t.Error("the frame answered another site than the one that frames it")
	}
	b.Do("sign out", chromedp.Navigate(p.url+"/end_session?post_logout_redirect_uri="+one.url+"/bye&id_token_hint="+hint), chromedp.WaitReady(chromedp.CSS("#bye")))
	expect("signed out", "changed", one, mine)
	one.signIn(b, true)
	expect("signed in again, with the old", "changed", one, mine)
	expect("signed in again", "unchanged", one, fmt.Sprintf("%q", one.id+" "+one.answer().Get("session_state")))

	// Without the cookie, as in a browser that keeps cookies from frames, the answer is
	// "error", after which no client asks the provider again and again.
	b.Do("go to the provider", chromedp.Navigate(p.url+"/check_session"))
	chromium.Evaluate[any](b, `document.cookie = "__Host-charter-state=; Max-Age=0; Path=/; Secure"`)
	expect("without the cookie", "error", one, fmt.Sprintf("%q", one.id+" "+one.answer().Get("session_state")))
}
