package interact

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// Whatever is wrong with name or password, the answer is the same.
func TestLoginRefusals(t *testing.T) {
	proof.Of(t, "ATK-97")
	p := newPlace(t)
	if err := p.accounts.Add(t.Context(), "locked", alicePassword); err != nil {
		t.Fatal(err)
	}
	disable(t, p.Store, "locked", p.Clock.Now())
	b := p.browser()
	form := fields(t, b.loginPage())
	var pages, heads []string
	for _, row := range [][2]string{{aliceName, wrongPassword}, {"nobody", alicePassword}, {"locked", alicePassword}, {"locked", wrongPassword}} {
		form.Set("username", row[0])
		form.Set("password", row[1])
		res := b.post("/login", form)
		if res.StatusCode != http.StatusOK || len(res.Cookies()) != 0 {
			t.Errorf("%s: status %d, cookies %v", row[0], res.StatusCode, res.Cookies())
		}
		var head strings.Builder
		res.Header.Write(&head)
		page := body(t, res)
		if !strings.Contains(page, `value="`+row[0]+`"`) || strings.Contains(page, row[1]) {
			t.Errorf("%s: the page does not keep the name, or shows the password", row[0])
		}
		heads = append(heads, head.String())
		pages = append(pages, strings.ReplaceAll(page, row[0], "NAME"))
	}
	for i := range pages {
		if pages[i] != pages[0] || heads[i] != heads[0] {
			t.Errorf("answer %d differs:\n%s%s\nfrom\n%s%s", i, heads[i], pages[i], heads[0], pages[0])
		}
	}
	if !strings.Contains(pages[0], "The user name or the password is wrong.") {
		t.Errorf("the page is %s", pages[0])
	}
}

func TestLoginForms(t *testing.T) {
	proof.Of(t, "OKTA-2024", "ATK-42", "ATK-130")
	b := newPlace(t).browser()
	good := fields(t, b.loginPage())
	good.Set("username", aliceName)
	good.Set("password", alicePassword)
	for _, row := range []struct {
		what, name, value string
		status            int
		text              string
	}{
		{"no name", "username", "", 200, "Enter your user name"},
		{"no password", "password", "", 200, "Enter your user name"},
		{"long password, OKTA-2024", "password", strings.Repeat("é", 600), 400, "at most 1024 bytes"},
		{"longer password", "password", strings.Repeat("x", 1025), 400, ""},
		{"made-up token, ATK-42", "csrf", strings.Repeat("A", 43), 403, ""},
		{"no token", "csrf", "", 400, ""},
		{"name that is markup, ATK-130", "username", `"><script>alert(1)</script>`, 200, "is wrong"},
	} {
		t.Run(row.what, func(t *testing.T) {
			form := url.Values{}
			for k, v := range good {
				form[k] = slices.Clone(v)
			}
			form.Set(row.name, row.value)
			res := b.post("/login", form)
			if len(res.Cookies()) != 0 {
				t.Errorf("sets %v", res.Cookies())
			}
			checkPage(t, res, row.status, row.text)
		})
	}
	if to := goesTo(t, b.post("/login", good)); !strings.Contains(to, "/consent?") {
		t.Errorf("positive control: goes to %s", to)
	}
}

// ATK-98 as people see it.
func TestTooManyLogins(t *testing.T) {
	proof.Of(t, "ATK-98")
	b := newPlace(t).browser()
	form := fields(t, b.loginPage())
	form.Set("username", aliceName)
	form.Set("password", wrongPassword)
	for range accountAttempts {
		if res := b.post("/login", form); res.StatusCode != http.StatusOK {
			t.Fatalf("status %d", res.StatusCode)
		}
	}
	form.Set("password", alicePassword)
	res := b.post("/login", form)
	if got := res.Header.Get("Retry-After"); got != "900" {
		t.Errorf("Retry-After is %q, want 900", got)
	}
	checkPage(t, res, http.StatusTooManyRequests, "Try again in 15 minutes.")
	b.Clock.Move(attemptWindow)
	form = fields(t, b.loginPage())
	form.Set("username", aliceName)
	form.Set("password", alicePassword)
	goesTo(t, b.post("/login", form))
}
