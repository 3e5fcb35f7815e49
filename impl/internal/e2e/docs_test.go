package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"go.yaml.in/yaml/v3"

	"github.com/charterauth/charter/impl/internal/chromium"
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
func newReader(t *testing.T, site string) (*chromium.Tab, *traffic) {
	t.Helper()
	b := chromium.Open(t, 1400, 900, 2*time.Minute)
	seen := &traffic{site: site, asked: make(map[network.RequestID]string)}
	if err := chromedp.Listen(b.Context(), seen.hear); err != nil {
		t.Fatal(err)
	}
	return b, seen
}

// writeDocs has charter write the site, and serves it with a server that knows
// nothing of it.
func writeDocs(t *testing.T) (dir, url string) {
	t.Helper()
	dir = t.TempDir()
	if out, err := exec.Command(binary, "docs", "--out", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	site := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(site.Close)
	return dir, site.URL
}

const tokenSection = "[data-section-id='tag/tokens/operation/token']"

// TestDocsSite: what charter docs writes is shown under its own policy, on a
// desktop and on a phone, and asks nobody else for anything. The steps are in one
// page because redoc takes seconds to draw it.
func TestDocsSite(t *testing.T) {
	dir, url := writeDocs(t)
	b, seen := newReader(t, url)
	b.Do("open the site", chromedp.Navigate(url+"/"), chromedp.WaitVisible(chromedp.CSS(tokenSection)))
	checkSections(t, b, operationSpecs(t, dir))
	checkGrants(t, b)
	checkSample(t, b)
	checkSearch(t, b)
	checkPhone(t, b)
	if urls := seen.outbound(); len(urls) > 0 {
		t.Errorf("the site asked elsewhere: %v", urls)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if len(seen.problems) > 0 {
		t.Errorf("scripts failed: %v", seen.problems)
	}
}

// checkSections: every operation is there, with the section of the standard that
// it follows.
func checkSections(t *testing.T, b *chromium.Tab, specs map[string]string) {
	t.Helper()
	texts := chromium.Evaluate[map[string]string](b, `Object.fromEntries([...document.querySelectorAll("[data-section-id*='/operation/']")]
		.map(e => [e.dataset.sectionId.split("/").pop(), e.innerText]))`)
	if len(specs) < 20 {
		t.Errorf("the document has %d operations", len(specs))
	}
	for id, spec := range specs {
		if text, shown := texts[id]; !shown || spec != "Charter" && !strings.Contains(text, spec) {
			t.Errorf("%s: shown %v, without %q", id, shown, spec)
		}
	}
}

// checkGrants: each grant is shown with its own parameters.
func checkGrants(t *testing.T, b *chromium.Tab) {
	t.Helper()
	const parameters = `[...document.querySelector("` + tokenSection + `").querySelector("table").querySelectorAll("td[kind=field]")].map(e => e.innerText.split(/\s/)[0])`
	const choose = `[...document.querySelector("` + tokenSection + `").querySelectorAll("button")].find(e => e.innerText === %q).click()`
	for grant, want := range map[string][]string{
		"authorization_code": {"grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "resource"},
		"refresh_token":      {"grant_type", "client_id", "client_secret", "refresh_token", "scope", "resource"},
		"client_credentials": {"grant_type", "client_id", "client_secret", "scope", "resource"},
	} {
		chromium.Evaluate[any](b, fmt.Sprintf(choose, grant))
		shown := chromium.Evaluate[[]string](b, parameters)
		// A parameter that somebody adds for every grant is no fault here.
		if shown = slices.DeleteFunc(shown, func(p string) bool { return !slices.Contains(tokenParameters, p) }); !slices.Equal(shown, want) {
			t.Errorf("%s: shows %q, want %q", grant, shown, want)
		}
	}
	b.Look("token")
}

// tokenParameters are those whose place checkGrants knows.
var tokenParameters = []string{"grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "resource"}

// checkSample: an example is shown with all that is sent.
func checkSample(t *testing.T, b *chromium.Tab) {
	t.Helper()
	chromium.Evaluate[any](b, `[...document.querySelector("`+tokenSection+`").querySelectorAll("[role=tab]")].find(e => e.innerText === "client credentials").click()`)
	text := chromium.Evaluate[string](b, `document.querySelector("`+tokenSection+`").innerText`)
	for _, want := range []string{"POST /token HTTP/1.1", "Authorization: Basic ", "grant_type=client_credentials&scope=files%3Aread"} {
		if !strings.Contains(text, want) {
			t.Errorf("the sample does not show %q", want)
		}
	}
	b.Look("sample")
}

// checkSearch: the search, which runs in a worker that the policy must allow,
// finds an operation.
func checkSearch(t *testing.T, b *chromium.Tab) {
	t.Helper()
	b.Do("search", chromedp.SendKeys(chromedp.CSS("input[type=text]"), "introspect"),
		chromedp.WaitVisible(chromedp.CSS("[data-role='search:results'] li")))
	b.Look("search")
	if found := chromium.Evaluate[string](b, `document.querySelector("[data-role='search:results']").innerText`); !strings.Contains(found, "Look a token up") {
		t.Errorf("found %q", found)
	}
}

// checkPhone: on a phone nothing is wider than the screen.
func checkPhone(t *testing.T, b *chromium.Tab) {
	t.Helper()
	b.Do("turn to a phone", chromedp.EmulateViewport(390, 844))
	if wide := chromium.Evaluate[int](b, `document.scrollingElement.scrollWidth`); wide > 390 {
		t.Errorf("the page is %d pixels wide", wide)
	}
	chromium.Evaluate[any](b, `document.querySelector("`+tokenSection+`").scrollIntoView()`)
	b.Look("phone")
}

// operationSpecs returns the x-spec of each operation that the site publishes.
func operationSpecs(t *testing.T, dir string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	type operation struct {
		ID   string `yaml:"operationId"`
		Spec string `yaml:"x-spec"`
	}
	var document struct {
		Paths map[string]map[string]operation
	}
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	specs := make(map[string]string)
	for _, methods := range document.Paths {
		for _, o := range methods {
			specs[o.ID] = o.Spec
		}
	}
	return specs
}

// TestDocsWithoutScripts: the document is offered instead.
func TestDocsWithoutScripts(t *testing.T) {
	_, url := writeDocs(t)
	b := newBrowser(t)
	b.Do("open the site", chromedp.Navigate(url+"/"), chromedp.WaitVisible(chromedp.CSS("a[href='openapi.yaml']")))
	b.Look("without-scripts")
}

// TestDocsPolicy: a picture from elsewhere in the site's own page stays unasked
// for, because of the policy that the page carries; without it the same picture
// is fetched, and noticed.
func TestDocsPolicy(t *testing.T) {
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(elsewhere.Close)
	picture := elsewhere.URL + "/logo.png"
	dir, _ := writeDocs(t)
	page, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	leaking := strings.Replace(string(page), "<body>", `<body><img src="`+picture+`" alt="">`, 1)
	start, end := strings.Index(leaking, `<meta http-equiv="Content-Security-Policy"`), 0
	if start >= 0 {
		end = start + strings.Index(leaking[start:], ">") + 1
	}
	for _, c := range []struct {
		name, page string
		left       bool
	}{
		{"as published", leaking, false},
		{"without its policy", leaking[:start] + leaking[end:], true},
	} {
		t.Run(c.name, func(t *testing.T) {
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/" {
					http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
					return
				}
				w.Header().Set("Content-Type", "text/html")
				io.WriteString(w, c.page)
			}))
			t.Cleanup(site.Close)
			b, seen := newReader(t, site.URL)
			b.Do("open the page", chromedp.Navigate(site.URL+"/")) // until it and its pictures have loaded
			if left := slices.Contains(seen.outbound(), picture); left != c.left {
				t.Errorf("the picture was asked for: %v", left)
			}
			seen.mu.Lock()
			defer seen.mu.Unlock()
			if stopped := slices.Contains(seen.blocked, picture); stopped == c.left {
				t.Errorf("the policy stopped it: %v", stopped)
			}
		})
	}
}
