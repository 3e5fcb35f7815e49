package e2e

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"github.com/charterauth/charter/impl/internal/chromium"
)

// A relyingParty is the place that a client on the web has: an https server that
// takes what the browser brings back, and the browser of one person, who stays
// signed in. What a person allowed is remembered for https redirect URIs alone.
type relyingParty struct {
	*chromium.Tab
	origin  string
	charter *charter
	answers chan answer
}

// An answer is a request that the browser made to the redirect URI.
type answer struct {
	Method string   `json:"method"`
	URL    string   `json:"url"`
	Body   string   `json:"body"`
	Saw    []string `json:"saw"` // the pages that the person was shown before
}

func newRelyingParty(t *testing.T, c *charter) *relyingParty {
	t.Helper()
	rp := &relyingParty{charter: c, answers: make(chan answer, 1)}
	rp.Tab, rp.origin = openAt(t, http.HandlerFunc(rp.answered))
	return rp
}

// openAt opens a tab that takes the certificate of the https server at an origin,
// which is site.
func openAt(t *testing.T, site http.Handler) (tab *chromium.Tab, origin string) {
	t.Helper()
	tab = chromium.Open(t, 390, 844, 3*time.Minute)
	tab.Do("take the relying party's certificate", func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, tab, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
		return chromedp.Void{}, err
	})
	server := httptest.NewUnstartedServer(site)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the first handshake, before the browser may go on
	server.StartTLS()
	t.Cleanup(server.Close)
	return tab, server.URL
}

// callback is the redirect URI.
func (rp *relyingParty) callback() string { return rp.origin + "/callback" }

func (rp *relyingParty) answered(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/callback") { // a browser's favicon
		http.NotFound(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body) // what is missing fails at the client
	rp.answers <- answer{Method: r.Method, URL: "https://" + r.Host + r.URL.String(), Body: string(body)}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, `<title>Done</title><p id="done">You are back.`)
}

// visit opens the URL of an authorization request, does what the pages ask for,
// and returns what came back, with the pages in order: login, consent.
func (rp *relyingParty) visit(url string) answer {
	rp.Do("open "+url, chromedp.Navigate(url))
	saw := goBack(rp.Tab, rp.charter)
	a := <-rp.answers
	a.Saw = saw
	return a
}

// goBack does what the pages ask for until the client's shows that it is back, and
// returns which pages there were.
func goBack(b *chromium.Tab, c *charter) (saw []string) {
	const login, consent, done = "#password", "button[value=allow]", "#done"
	wait := func(selectors ...string) chromedp.Action[chromedp.Void] {
		return chromedp.WaitVisible(chromedp.CSS(strings.Join(selectors, ", ")))
	}
	there := func(selector string) bool {
		return chromium.Evaluate[bool](b, "document.querySelector('"+selector+"') !== null")
	}
	b.Do("see a page", wait(login, consent, done))
	if there(login) {
		saw = append(saw, "login")
		b.Do("sign in",
			chromedp.Evaluate[chromedp.Void]("document.querySelector('#username').value = ''"),
			chromedp.SendKeys(chromedp.CSS("#username"), c.user),
			chromedp.SendKeys(chromedp.CSS(login), c.password),
			chromedp.Click(chromedp.CSS("button[type=submit]")), wait(consent, done))
	}
	if there(consent) {
		saw = append(saw, "consent")
		b.Do("allow", chromedp.Click(chromedp.CSS(consent)), wait(done))
	}
	return saw
}
