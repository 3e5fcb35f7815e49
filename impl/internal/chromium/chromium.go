package chromium

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
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

// shared is the one Chromium of all tests.
var shared struct {
	start sync.Once
	ctx   context.Context
	err   error
	close []func()
}

// Close ends the Chromium, if there is one. Call it when all tests have run.
func Close() {
	for i := len(shared.close) - 1; i >= 0; i-- {
		shared.close[i]()
	}
}

// A Tab is a tab with a fresh profile, until the test ends.
type Tab struct {
	ctx context.Context
	t   testing.TB
}

// Open opens a tab of the given size in CSS pixels, for at most limit. Without a
// Chromium the test is skipped, or fails where CHARTER_TEST_REQUIRE has chromium.
func Open(t testing.TB, width, height int64, limit time.Duration) *Tab {
	t.Helper()
	return openTab(t, width, height, limit, chromedp.WithNewBrowserContext())
}

// OpenUsual is Open in the profile that all these tabs share. A fresh one is a private
// window to Chromium, and has no cookies for frames of other sites.
func OpenUsual(t testing.TB, width, height int64, limit time.Duration) *Tab {
	t.Helper()
	return openTab(t, width, height, limit)
}

func openTab(t testing.TB, width, height int64, limit time.Duration, options ...chromedp.ContextOption) *Tab {
	t.Helper()
	path := find()
	require.Engine(t, "chromium", path != "", "no Chromium is in PATH")
	shared.start.Do(func() { start(path) })
	if shared.err != nil {
		t.Fatalf("chromium: %v", shared.err)
	}
	ctx, cancel := chromedp.NewContext(shared.ctx, options...)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatalf("browser: a new tab: %v", err)
	}
	ctx, cancel = context.WithTimeout(ctx, limit)
	t.Cleanup(cancel)
	return &Tab{ctx: ctx, t: t}
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func start(path string) {
	profile, err := os.MkdirTemp("", "charter-chromium-")
	if err != nil {
		shared.err = err
		return
	}
	shared.close = append(shared.close, func() { os.RemoveAll(profile) })
	if shared.err = preferences(profile); shared.err != nil {
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], // headless, no first run, no background traffic
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox, // which containers do not allow; only our own pages are opened
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true),
		// Sites of their own, over https, without a name server or an authority: what is
		// said of *.test is for this machine, and httptest's certificate is known by its key.
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"),
		chromedp.Flag("ignore-certificate-errors-spki-list", testKey()),
	)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	shared.close = append(shared.close, cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	shared.close = append(shared.close, cancel)
	shared.ctx, shared.err = ctx, chromedp.Do(ctx)
}

// preferences lets frames of other sites have their cookies, in the profile that
// OpenUsual uses.
func preferences(profile string) error {
	const file = "Default/Preferences"
	if err := os.Mkdir(filepath.Dir(filepath.Join(profile, file)), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(profile, file), []byte(`{"profile":{"cookie_controls_mode":0,"block_third_party_cookies":false}}`), 0o600)
}

// testKey is the SHA-256 of the public key of httptest's TLS servers.
func testKey() string {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	sum := sha256.Sum256(s.Certificate().RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Context carries the tab, for chromedp.
func (b *Tab) Context() context.Context { return b.ctx }

// WithoutScripts switches the scripts of pages off, for good.
func (b *Tab) WithoutScripts() {
	b.t.Helper()
	b.Do("switch scripts off", func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return chromedp.Void{}, err
	})
}

// Do runs actions, which do what is said in words. A failure ends the test and
// leaves a picture.
func (b *Tab) Do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		at, _ := chromedp.Run(b.ctx, chromedp.Location())
		b.Look("failed")
		b.t.Fatalf("browser: %s: %v (at %s)", what, err, at)
	}
}

// Evaluate returns what an expression is in the page of a tab; of a promise, what
// comes of it.
func Evaluate[T any](b *Tab, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("browser: %.200s: %v", expression, err)
	}
	return value
}

// Look keeps a picture of what the screen shows with the artifacts of the test.
// The test goes on without one.
func (b *Tab) Look(name string) {
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(b.t.ArtifactDir(), name+".png"), png, 0o600)
	}
	if err != nil {
		b.t.Logf("screenshot: %v", err)
	}
}
