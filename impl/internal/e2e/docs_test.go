package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"go.yaml.in/yaml/v3"

	"github.com/charterauth/charter/gen/docs"
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

var _ = slices.Contains[[]string]
var _ = yaml.Unmarshal
var _ = docs.FS

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
	b.do("open the site", chromedp.Navigate(site.URL+"/"), chromedp.WaitVisible(chromedp.CSS("[data-section-id]")))
	time.Sleep(3 * time.Second)
	ids, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`[...document.querySelectorAll('[data-section-id]')].map(e => e.dataset.sectionId + ' ' + [...e.querySelectorAll('a[href^=https]')].slice(0,3).map(a=>a.href+'='+a.textContent)).join('\n')`))
	t.Log(ids, err)
	png, _ := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	writeFile(t, "top.png", png)
	for _, id := range []string{"tag/tokens/operation/token", "tag/authorization/operation/authorize"} {
		_, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool](`(document.getElementById('`+id+`').scrollIntoView(), true)`))
		t.Log(err)
		time.Sleep(time.Second)
		png, _ = chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		writeFile(t, strings.ReplaceAll(id, "/", "_")+".png", png)
	}
	t.Log(seen.outbound(), seen.blocked, seen.problems)
}
