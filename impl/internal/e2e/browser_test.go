package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/charterauth/charter/impl/internal/require"
)

// shared is the one Chromium of all tests; each gets a profile of its own in it.
var shared struct {
	start sync.Once
	ctx   context.Context
	err   error
	close []func()
}

func closeBrowser() {
	for i := len(shared.close) - 1; i >= 0; i-- {
		shared.close[i]()
	}
}

func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func startBrowser(path string) {
	profile, err := os.MkdirTemp("", "charter-chromium-")
	if err != nil {
		shared.err = err
		return
	}
	shared.close = append(shared.close, func() { os.RemoveAll(profile) })
	options := append(chromedp.DefaultExecAllocatorOptions[:], // headless, no first run, no background traffic
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox, // which containers do not allow; only our own pages are opened
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true),
	)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	shared.close = append(shared.close, cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	shared.close = append(shared.close, cancel)
	shared.ctx, shared.err = ctx, chromedp.Do(ctx)
}

// A browser is a fresh profile of Chromium, with scripts switched off: the pages
// do without.
type browser struct {
	ctx context.Context
	t   *testing.T
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := chromium()
	require.Engine(t, "chromium", path != "", "no Chromium is in PATH")
	shared.start.Do(func() { startBrowser(path) })
	if shared.err != nil {
		t.Fatalf("chromium: %v", shared.err)
	}
	ctx, cancel := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, withoutScripts, chromedp.EmulateViewport(390, 844)); err != nil {
		t.Fatalf("browser: a new tab: %v", err)
	}
	ctx, cancel = context.WithTimeout(ctx, 40*time.Second)
	t.Cleanup(cancel)
	return &browser{ctx: ctx, t: t}
}

func withoutScripts(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
	_, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return chromedp.Void{}, err
}

func (b *browser) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		at, _ := chromedp.Run(b.ctx, chromedp.Location())
		b.screenshot("failed")
		b.t.Fatalf("browser: %s: %v (at %s)", what, err, at)
	}
}

// signIn opens the URL of an authorization request and signs in.
func (b *browser) signIn(url, user, password string) {
	b.t.Helper()
	b.do("open the login page", chromedp.Navigate(url), chromedp.WaitVisible(chromedp.CSS("#password")))
	b.screenshot("login")
	b.do("sign in",
		chromedp.SendKeys(chromedp.CSS("#username"), user),
		chromedp.SendKeys(chromedp.CSS("#password"), password),
		chromedp.Click(chromedp.CSS("button[type=submit]")),
		chromedp.WaitVisible(chromedp.CSS("button[value=allow]")))
	b.screenshot("consent")
}

// decide presses Allow or Deny, and waits for the client's own page.
func (b *browser) decide(decision string) {
	b.t.Helper()
	b.do("press "+decision,
		chromedp.Click(chromedp.CSS("button[value="+decision+"]")),
		chromedp.WaitVisible(chromedp.CSS("#done")))
}

// screenshot keeps a picture of the page with the artifacts of the test.
func (b *browser) screenshot(name string) {
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Logf("screenshot: %v", err)
		return
	}
	path := filepath.Join(b.t.ArtifactDir(), name+".png")
	if err := os.WriteFile(path, png, 0o600); err != nil {
		b.t.Logf("screenshot: %v", err)
	}
}
