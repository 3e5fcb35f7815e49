package e2e

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/charterauth/charter/impl/internal/require"
)

// traffic is what a tab asked for elsewhere than at its site.
type traffic struct {
	site string

	mu       sync.Mutex
	asked    map[network.RequestID]string
	blocked  []string // what the policy stopped: it did not leave the browser
	problems []string // exceptions of scripts
}

// hear records an event of the tab.
func (r *traffic) hear(event any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		url := e.Request.URL
		if !strings.HasPrefix(url, r.site+"/") && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:"+r.site+"/") {
			r.asked[e.RequestID] = url
		}
	case *network.EventWebSocketCreated:
		r.asked[e.RequestID] = e.URL
	case *network.EventLoadingFailed:
		if url, ok := r.asked[e.RequestID]; ok && e.BlockedReason == network.BlockedReasonCsp {
			delete(r.asked, e.RequestID)
			r.blocked = append(r.blocked, url)
		}
	case *runtime.EventExceptionThrown:
		r.problems = append(r.problems, e.ExceptionDetails.Text)
	}
}

// outbound returns what left the browser for elsewhere.
func (r *traffic) outbound() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var urls []string
	for _, url := range r.asked {
		urls = append(urls, url)
	}
	return urls
}

// newReader is a browser that runs scripts, of somebody who reads the site.
func newReader(t *testing.T, site string) (*browser, *traffic) {
	t.Helper()
	path := chromium()
	require.Engine(t, "chromium", path != "", "no Chromium is in PATH")
	shared.start.Do(func() { startBrowser(path) })
	if shared.err != nil {
		t.Fatalf("chromium: %v", shared.err)
	}
	ctx, cancel := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1400, 900)); err != nil {
		t.Fatalf("browser: a new tab: %v", err)
	}
	ctx, cancel = context.WithTimeout(ctx, 60*time.Second)
	t.Cleanup(cancel)
	seen := &traffic{site: site, asked: make(map[network.RequestID]string)}
	if err := chromedp.Listen(ctx, seen.hear); err != nil {
		t.Fatal(err)
	}
	return &browser{ctx: ctx, t: t}, seen
}

// TestDocsSite: what charter docs writes is shown under its own policy, by a
// server that knows nothing of it, and asks nobody else for anything.
func TestDocsSite(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command(binary, "docs", "--out", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	site := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(site.Close)
	b, seen := newReader(t, site.URL)
	b.do("open the site", chromedp.Navigate(site.URL+"/"), chromedp.WaitVisible(chromedp.CSS("[data-section-id='tag/tokens/operation/token']")))
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector("[data-section-id='tag/tokens/operation/token']").innerText`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"RFC 6749 §3.2", "grant_type", "code_verifier"} {
		if !strings.Contains(text, want) {
			t.Errorf("the token operation does not show %q", want)
		}
	}
	b.screenshot("docs")
	if urls := seen.outbound(); len(urls) > 0 {
		t.Errorf("the site asked elsewhere: %v", urls)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if len(seen.problems) > 0 {
		t.Errorf("scripts failed: %v", seen.problems)
	}
}

// TestDocsTraffic is the control: a page that does ask elsewhere is noticed.
func TestDocsTraffic(t *testing.T) {
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(elsewhere.Close)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<!doctype html><title>x</title><p id="here">x</p><img src="`+elsewhere.URL+`/logo.png" alt="">`)
	}))
	t.Cleanup(site.Close)
	b, seen := newReader(t, site.URL)
	b.do("open the page", chromedp.Navigate(site.URL+"/"), chromedp.WaitVisible(chromedp.CSS("#here")))
	if urls := seen.outbound(); len(urls) != 1 || urls[0] != elsewhere.URL+"/logo.png" {
		t.Errorf("noticed %v, want the picture", urls)
	}
}
