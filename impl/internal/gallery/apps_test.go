package gallery

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/charterauth/charter/impl/internal/chromium"
)

// TestApps: a person sees what each app may do and when it was last used, and
// ends the access of one and of all. Nothing of somebody else's can be ended: it
// looks like nothing.
func TestApps(t *testing.T) {
	p := newPlace(t, nil)
	const web = "https://reports.example.com/callback"
	editor := p.native("Editor")
	before := p.allow("alice", editor, loopback, "notes:write")
	p.Clock.Move(3 * 24 * time.Hour)
	edits := p.refresh(editor, before)
	reports := p.allow("alice", p.verified("Reports"), web, "notes:read profile")
	foreign := p.verified("Foreign")
	hers := p.allow(maria, foreign, web, "notes:delete")

	b := open(t, p, page{who: "alice", seen: "button[value=one]", open: func(p *place) string { return p.url + "/apps" }})
	checkListed(t, b, map[string][]string{
		"Reports": {"read your notes", "see your name and picture", "Allowed\n27 November 2026"},
		"Editor":  {"Not verified", "add and change notes", "Allowed\n24 November 2026", "Last used\n27 November 2026"},
	})

	for _, other := range []string{foreign, "of-nobody"} {
		chromium.Evaluate[any](b, `document.querySelector("[name=client_id]").value = "`+other+`"`)
		press(b, "button[value=one]")
		if text := chromium.Evaluate[string](b, "document.body.innerText"); !strings.Contains(text, "This application has no access to your account.") {
			t.Errorf("for %s the page says %q", other, text)
		}
		b.Do("go back", chromedp.Navigate(p.url+"/apps"), chromedp.WaitVisible(chromedp.CSS("button[value=one]")))
	}
	checkListed(t, b, map[string][]string{"Reports": nil, "Editor": nil})
	if !p.live(hers) || !p.live(reports) || !p.live(edits) {
		t.Error("a form with somebody else's app ended an access")
	}

	press(b, `button[aria-label="Revoke access of Reports"]`)
	checkListed(t, b, map[string][]string{"Editor": nil})
	if p.live(reports) || !p.live(edits) {
		t.Errorf("after revoking Reports its token is live: %v, the other's: %v", p.live(reports), p.live(edits))
	}

	b.Do("open what revokes all", chromedp.Click(chromedp.CSS("summary")))
	press(b, "button[value=every]")
	checkListed(t, b, map[string][]string{})
	if p.live(edits) || !p.live(hers) {
		t.Errorf("after revoking all a token is live: %v, somebody else's: %v", p.live(edits), p.live(hers))
	}
}

// press presses a button that sends a form, and waits for the page that comes.
func press(b *chromium.Tab, button string) {
	chromium.Evaluate[any](b, `document.body.dataset.old = "1"`)
	b.Do("press "+button, chromedp.Click(chromedp.CSS(button)), chromedp.WaitReady(chromedp.CSS("body:not([data-old])")))
}

// checkListed checks which apps are listed, and what each says.
func checkListed(t *testing.T, b *chromium.Tab, want map[string][]string) {
	t.Helper()
	apps := chromium.Evaluate[map[string]string](b, `Object.fromEntries([...document.querySelectorAll(".apps > li")].map(e => [e.querySelector("h2").innerText, e.innerText]))`)
	if len(apps) != len(want) {
		t.Errorf("listed %q", apps)
	}
	for name, texts := range want {
		for _, text := range append(texts, "Revoke access") {
			if !strings.Contains(apps[name], text) {
				t.Errorf("%s: %q is not in %q", name, text, apps[name])
			}
		}
	}
	if _, ok := want["Reports"]; ok && strings.Contains(apps["Reports"], "Not verified") {
		t.Errorf("the operator's app is said to be unverified: %q", apps["Reports"])
	}
}
