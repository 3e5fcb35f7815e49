package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/charterauth/charter/impl/internal/chromium"
)

// A browser is a fresh profile of Chromium on a phone, with scripts switched off:
// the pages do without.
type browser struct{ *chromium.Tab }

func newBrowser(t *testing.T) *browser {
	t.Helper()
	b := &browser{chromium.Open(t, 390, 844, 2*time.Minute)}
	b.WithoutScripts()
	return b
}

// signIn opens the URL of an authorization request and signs in.
func (b *browser) signIn(url, user, password string) {
	b.Do("open the login page", chromedp.Navigate(url), chromedp.WaitVisible(chromedp.CSS("#password")))
	b.Look("login")
	b.Do("sign in",
		chromedp.SendKeys(chromedp.CSS("#username"), user),
		chromedp.SendKeys(chromedp.CSS("#password"), password),
		chromedp.Click(chromedp.CSS("button[type=submit]")),
		chromedp.WaitVisible(chromedp.CSS("button[value=allow]")))
	b.Look("consent")
}

// decide presses Allow or Deny, and waits for the client's own page.
func (b *browser) decide(decision string) {
	b.Do("press "+decision,
		chromedp.Click(chromedp.CSS("button[value="+decision+"]")),
		chromedp.WaitVisible(chromedp.CSS("#done")))
}
