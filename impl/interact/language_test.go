package interact

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// german are our pages with a few words in German.
func german(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{"de/words.json": {Data: []byte(`{"The user name or the password is wrong.":"Name oder Passwort ist falsch."}`)}}
	names, err := fs.Glob(builtIn(), "*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(builtIn(), name)
		if err != nil {
			t.Fatal(err)
		}
		translated := strings.NewReplacer(`<html lang="en">`, `<html lang="de">`, "<h1>Sign in</h1>", "<h1>Anmelden</h1>",
			`<p id="problem">{{.}}</p>`, `<p id="problem">{{say .}}</p>`, "<h1>Allow ", "<h1>Erlauben ").Replace(string(text))
		files["de/"+name] = &fstest.MapFile{Data: []byte(translated)}
	}
	return files
}

// Pages are in the language that the client asks for, or else the browser, where
// there is one, and say which.
func TestLanguages(t *testing.T) {
	st := memory.New()
	accounts := NewLocalAccounts(st)
	p := &place{accounts: accounts, t: t}
	p.Server = servertest.New(t, st, servertest.OpenID, func(c *server.Config) {
		accounts.now = c.Now
		c.Interaction = Pages(Config{Accounts: accounts, Store: st, Now: c.Now, Templates: german(t)})
	})
	if err := accounts.Add(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatal(err)
	}
	p.client = p.Public()
	m := servertest.Decode(t, p.Get("/.well-known/openid-configuration", nil), http.StatusOK)
	if got := fmt.Sprint(m["ui_locales_supported"]); got != "[en de]" {
		t.Errorf("ui_locales_supported %s", got)
	}
	const de, en = `<html lang="de">`, `<html lang="en">`
	for _, row := range []struct{ uiLocales, accept, want string }{
		{"", "", en}, {"de", "", de}, {"DE-at fr", "", de}, {"tlh de en", "", de}, {"en de", "", en}, {"en-GB de", "", en}, {"tlh", "", en},
		{"", "de", de}, {"", "fr, de-CH;q=0.8, en;q=0.5", de}, {"", "en, de;q=0.9", en}, {"", "de;q=0.1, en;q=0.2", en}, {"", "de;q=0", en}, {"", "*", en},
		{"en", "de", en}, {"tlh", "de", de}, {"", "../de, \x00, " + strings.Repeat("x,", 100) + "de", en},
	} {
		b := p.browser()
		q := url.Values{}
		if row.uiLocales != "" {
			q.Set("ui_locales", row.uiLocales)
		}
		u, err := url.Parse(b.ask(p.client, q))
		if err != nil {
			t.Fatal(err)
		}
		page := body(t, b.Get(u.Path, u.Query(), b.send, func(r *http.Request) { r.Header.Set("Accept-Language", row.accept) }))
		if !strings.Contains(page, row.want) || strings.Contains(page, "Anmelden") != (row.want == de) {
			t.Errorf("ui_locales %q, Accept-Language %q: %.200s", row.uiLocales, row.accept, page)
		}
	}
	// The request's language stays from page to page, and is that of what is wrong.
	b := p.browser()
	to := b.ask(p.client, url.Values{"ui_locales": {"de"}})
	form := fields(t, b.get(to))
	form.Set("username", aliceName)
	form.Set("password", wrongPassword)
	checkPage(t, b.post("/login", form), http.StatusOK, de, "Name oder Passwort ist falsch.")
	form.Set("password", alicePassword)
	checkPage(t, b.get(goesTo(t, b.post("/login", form))), http.StatusOK, de, "<h1>Erlauben ")
	checkPage(t, b.Get("/consent", url.Values{"request": {"chrq_x"}}, func(r *http.Request) { r.Header.Set("Accept-Language", "de") }), http.StatusBadRequest, de)
}

// A language that is not whole, or says that it is another, is found at the start.
func TestLanguagesThatAreNotGood(t *testing.T) {
	for name, row := range map[string]struct {
		change func(fstest.MapFS)
		want   string
	}{
		"whole":             {func(fstest.MapFS) {}, ""},
		"no language":       {func(f fstest.MapFS) { f["assets/x.html"] = &fstest.MapFile{} }, ""},
		"a page is missing": {func(f fstest.MapFS) { delete(f, "de/consent.html") }, "de: "},
		"the layout":        {func(f fstest.MapFS) { delete(f, "de/layout.html") }, "de: "},
		"another language":  {func(f fstest.MapFS) { f["fr/layout.html"] = f["de/layout.html"] }, "fr: "},
		"lang of another": {func(f fstest.MapFS) {
			f["de/layout.html"] = &fstest.MapFile{Data: []byte(strings.Replace(string(f["de/layout.html"].Data), `"de"`, `"en"`, 1))}
		}, `lang="en"`},
		"words that are none": {func(f fstest.MapFS) { f["de/words.json"] = &fstest.MapFile{Data: []byte("[]")} }, "words.json"},
	} {
		files := german(t)
		row.change(files)
		_, err := newPainter(builtIn(), files, "x")
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
