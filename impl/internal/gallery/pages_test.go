package gallery

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"context"

	"github.com/charterauth/charter/impl/internal/chromium"
	"github.com/charterauth/charter/impl/internal/proof"
)

var update = flag.Bool("update", false, "make the pictures in .github/screenshots anew")

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	chromium.Close()
	os.Exit(code)
}

// A page is one thing that a person may be shown.
type page struct {
	name string
	who  string                // is signed in; "" nobody
	with string                // is signed in too; "" nobody
	open func(p *place) string // the URL
	then []chromedp.Action[chromedp.Void]
	seen string // a selector of what must be there
}

const (
	loopback = "http://127.0.0.1:49152/callback"
	maria    = "maria.lopez-hernandez@example.com"
)

var pages = []page{
	{name: "login", seen: "#password", open: func(p *place) string {
		return p.request(p.verified("Reports"), "https://reports.example.com/callback", "notes:read") + "&display=page"
	}},
	{name: "login-refused", seen: "[role=alert]", open: func(p *place) string {
		return p.request(p.native("Editor"), loopback, "notes:read")
	}, then: typed("alice", "wrong")},
	{name: "sign-up", seen: "#password_again", open: func(p *place) string {
		return p.request(p.verified("Reports"), "https://reports.example.com/callback", "notes:read") + "&prompt=create"
	}},
	{name: "sign-up-refused", seen: "[role=alert]", open: func(p *place) string {
		return p.request(p.native("Editor"), loopback, "notes:read") + "&prompt=create"
	}, then: append(typed("alice", password)[:2:2], chromedp.SendKeys(chromedp.CSS("#password_again"), password), chromedp.Click(chromedp.CSS("button[type=submit]")))},
	{name: "consent", who: "alice", seen: "button[value=allow]", open: func(p *place) string {
		return p.request(p.verified("Reports"), "https://reports.example.com/callback", "notes:read notes:write profile") + "&display=popup"
	}},
	{name: "consent-unverified-loopback", who: "alice", seen: ".notice", open: func(p *place) string {
		return p.request(p.native("Editor"), loopback, "notes:read notes:write offline_access") + "&display=touch"
	}},
	{name: "consent-without-scopes", who: "alice", seen: "button[value=allow]", open: func(p *place) string {
		return p.request(p.native("Editor"), loopback, "")
	}},
	{name: "consent-private-scheme", who: "alice", seen: ".notice", open: func(p *place) string {
		id := p.register(`{"client_name":"Pocket Notes","application_type":"native","redirect_uris":["com.example.pocket:/callback"],"token_endpoint_auth_method":"none"}`)
		return p.request(id, "com.example.pocket:/callback", "notes:read")
	}},
	{name: "consent-long", who: maria, seen: "button[value=allow]", open: func(p *place) string {
		id := p.native("The Most Thorough Assistant For Everything That Anybody Ever Wrote Down (Enterprise Edition)")
		return p.request(id, loopback, "notes:read notes:write notes:delete notes:share profile calendar offline_access urn:example:params:very-long-scope-value-without-any-place-to-break-it")
	}},
	{name: "consent-right-to-left", who: "alice", seen: "button[value=allow]", open: func(p *place) string {
		return p.request(p.native("محرر الملاحظات"), loopback, "notes:read")
	}},
	{name: "accounts", who: "alice", seen: ".accounts li:nth-child(3)", open: func(p *place) string {
		return p.request(p.verified("Reports"), "https://reports.example.com/callback", "notes:read") + "&prompt=select_account"
	}, then: slices.Concat(
		[]chromedp.Action[chromedp.Void]{chromedp.Click(chromedp.CSS("button.other")), chromedp.WaitVisible(chromedp.CSS("#password"))},
		typed(maria, password),
		[]chromedp.Action[chromedp.Void]{chromedp.WaitVisible(chromedp.CSS("button[value=allow]")), chromedp.Evaluate[chromedp.Void]("history.go(-2)")},
	)},
	{name: "form-post", who: "alice", seen: "form[action$='/callback']", open: func(p *place) string {
		return p.request(p.native("Editor"), p.callback(), "notes:read") + "&response_mode=form_post"
	}, then: []chromedp.Action[chromedp.Void]{chromedp.Click(chromedp.CSS("button[value=allow]"))}},
	{name: "error", seen: "h1", open: func(p *place) string {
		return p.request(p.native("Editor"), "https://elsewhere.example.com/callback", "notes:read")
	}},
	{name: "apps-none", who: "nobody", seen: ".empty", open: func(p *place) string { return p.url + "/apps" }},
	{name: "apps-one", who: "alice", seen: "button[value=one]", open: func(p *place) string {
		p.allow("alice", p.verified("Reports"), "https://reports.example.com/callback", "notes:read profile")
		return p.url + "/apps"
	}},
	{name: "apps-many", who: maria, seen: "details", open: func(p *place) string {
		p.allow(maria, p.verified("Reports"), "https://reports.example.com/callback", "notes:read")
		p.allow(maria, p.native("Editor"), loopback, "notes:read notes:write notes:delete")
		p.allow(maria, p.native("The Most Thorough Assistant For Everything That Anybody Ever Wrote Down"), loopback,
			"notes:share urn:example:params:very-long-scope-value-without-any-place-to-break-it")
		p.allow(maria, p.native("Nothing In Particular"), loopback, "")
		return p.url + "/apps"
	}},
	{name: "logout", who: "alice", seen: "button.primary", open: func(p *place) string {
		return p.url + "/end_session?client_id=" + p.verified("Reports")
	}},
	{name: "logout-several", who: "alice", with: maria, seen: ".accounts", open: func(p *place) string {
		id := p.verified("Reports")
		idToken := p.allow("nobody", id, "https://reports.example.com/callback", "openid").ID
		return p.url + "/end_session?post_logout_redirect_uri=https://reports.example.com/bye&id_token_hint=" + idToken
	}},
	{name: "logout-own", who: maria, seen: "button.primary", open: func(p *place) string { return p.url + "/logout" }},
	{name: "signed-out", who: "nobody", seen: "h1", open: func(p *place) string { return p.url + "/apps" },
		then: []chromedp.Action[chromedp.Void]{
			chromedp.Click(chromedp.CSS("form[action$=logout] button")), chromedp.WaitNotPresent(chromedp.CSS("form[action$=logout]")),
		}},
}

func typed(user, password string) []chromedp.Action[chromedp.Void] {
	return []chromedp.Action[chromedp.Void]{
		chromedp.SendKeys(chromedp.CSS("#username"), user), chromedp.SendKeys(chromedp.CSS("#password"), password),
		chromedp.Click(chromedp.CSS("button[type=submit]")),
	}
}

// A look is a size and a theme.
type look struct {
	name          string
	width, height int64
	theme         string
}

var looks = []look{
	{"phone-light", 390, 844, "light"}, {"phone-dark", 390, 844, "dark"},
	{"desktop-light", 1280, 800, "light"}, {"desktop-dark", 1280, 800, "dark"},
}

// published are the pictures that the README shows.
var published = map[string]bool{
	"consent-unverified-loopback-phone-light": true, "consent-phone-dark": true, "apps-one-phone-light": true,
}

// TestPages: each page in each look has nothing wider than the screen, nothing
// that axe-core objects to, and can be used with the keyboard. It fits a window, a
// popup and a touch screen, whichever display asks for.
func TestPages(t *testing.T) {
	proof.Of(t, "OIDC-CORE-3.1.2.1-9", "OIDC-CORE-3.1.2.1-10", "OIDC-CORE-3.1.2.1-11")
	p := newPlace(t, nil)
	for _, page := range pages {
		t.Run(page.name, func(t *testing.T) {
			b := open(t, p, page)
			for _, l := range looks {
				l.emulate(b)
				if wide := chromium.Evaluate[int64](b, "document.scrollingElement.scrollWidth"); wide > l.width {
					t.Errorf("%s: the page is %d pixels wide", l.name, wide)
				}
				for _, fault := range axe(t, b) {
					t.Errorf("%s: %s", l.name, fault)
				}
				l.keep(t, b, page.name)
			}
			checkKeyboard(t, b)
		})
	}
}

// open shows a page to whom it is for.
func open(t *testing.T, p *place, page page) *chromium.Tab {
	t.Helper()
	b := chromium.Open(t, 390, 844, 2*time.Minute)
	url := page.open(p)
	if page.who != "" {
		b.Do("sign in", append([]chromedp.Action[chromedp.Void]{chromedp.Navigate(p.url + "/apps")}, typed(page.who, password)...)...)
		b.Do("arrive", chromedp.WaitVisible(chromedp.CSS("form[action$=logout]")))
	}
	if page.with != "" {
		b.Do("sign in too", append([]chromedp.Action[chromedp.Void]{
			chromedp.Navigate(p.request(p.native("Editor"), loopback, "") + "&prompt=select_account"), chromedp.Click(chromedp.CSS("button.other")),
		}, typed(page.with, password)...)...)
		b.Do("arrive", chromedp.WaitVisible(chromedp.CSS("button[value=allow]")))
	}
	b.Do("open the page", chromedp.Navigate(url))
	b.Do("go on", page.then...)
	b.Do("see it", chromedp.WaitVisible(chromedp.CSS(page.seen)))
	return b
}

func (l look) emulate(b *chromium.Tab) {
	b.Do("turn to "+l.name, chromedp.EmulateViewport(l.width, l.height, chromedp.EmulateScale(2)),
		func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.theme}},
			})
			return chromedp.Void{}, err
		})
}

// keep keeps a picture with the artifacts, and of those that are published the
// one in the repository.
func (l look) keep(t *testing.T, b *chromium.Tab, name string) {
	t.Helper()
	png, err := chromedp.Run(b.Context(), chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	name += "-" + l.name
	if err := os.WriteFile(t.ArtifactDir()+"/"+name+".png", png, 0o600); err != nil {
		t.Fatal(err)
	}
	if *update && published[name] {
		if err := publish("../../../.github/screenshots/"+name+".png", png); err != nil {
			t.Fatal(err)
		}
	}
}

// checkKeyboard: Tab reaches everything that can be used, each place is seen to
// have the focus, and the page ends.
func checkKeyboard(t *testing.T, b *chromium.Tab) {
	t.Helper()
	const usable = `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), summary")].filter(e => e.checkVisibility())`
	want := chromium.Evaluate[int](b, usable+".length")
	chromium.Evaluate[any](b, `document.activeElement.blur()`)
	seen := make(map[string]bool)
	for range want + 1 { // one may leave the page: Tab goes on from what had the focus
		b.Do("press Tab", chromedp.KeyEvent("\t"))
		at := chromium.Evaluate[string](b, `(() => { const e = document.activeElement, s = getComputedStyle(e);
			return (`+usable+`).indexOf(e) + " " + (e.matches(":focus-visible") && s.outlineStyle === "solid" && parseFloat(s.outlineWidth) >= 2) })()`)
		if strings.HasPrefix(at, "-1 ") {
			continue
		}
		if !strings.HasSuffix(at, " true") {
			t.Errorf("the focus is not seen, at %s of %d", at, want)
		}
		seen[at] = true
	}
	if len(seen) != want {
		t.Errorf("Tab reaches %d of %d", len(seen), want)
	}
}
