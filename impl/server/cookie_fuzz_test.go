package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/seal"
)

// FuzzBrowserCookie is FUZZ-14: a browser is known by one well-formed cookie of
// the name and nothing else, and its form token is good for that browser and that
// purpose alone.
func FuzzBrowserCookie(f *testing.F) {
	s := &Server{issuer: issuer{secure: true}}
	known := seal.NewToken(seal.PrefixBrowser)
	for _, header := range []string{"", "__Host-charter-browser=" + known, "charter-browser=" + known, "__Host-charter-browser=\"" + known + "\"",
		"a=b; __Host-charter-browser=" + known + "; __Host-charter-browser=x", "__Host-charter-browser=" + strings.ToUpper(known), "__HOST-charter-browser=" + known, "$Version=1; __Host-charter-browser=;"} {
		f.Add(header, "login", "")
	}
	f.Add("__Host-charter-browser="+known, "login", csrfToken(known, formPurpose("login")))
	f.Fuzz(func(t *testing.T, header, purpose, token string) {
		r := &http.Request{Header: http.Header{"Cookie": {header}}}
		value, ok := s.knownBrowser(r)
		if named := browserCookies(header); ok && (len(named) != 1 || named[0] != value) {
			t.Errorf("%q names the browser %q of %q", header, value, named)
		}
		if s.CheckFormToken(r, purpose, token) && (!ok || token != csrfToken(value, formPurpose(purpose))) {
			t.Errorf("%q: %q is taken for %q", header, token, purpose)
		}
		if !ok {
			return
		}
		mine, setCookie := s.FormToken(r, purpose)
		if setCookie != nil || !s.CheckFormToken(r, purpose, mine) || s.CheckFormToken(r, purpose+" ", mine) || s.CheckFormToken(r, purpose, mine+"A") {
			t.Errorf("%q: the form token of %q is good elsewhere, or not here", header, purpose)
		}
	})
}

// browserCookies is a second, simpler reading of a Cookie header: the tokens
// under the name. What is no token names no browser, and does not count.
func browserCookies(header string) []string {
	var tokens []string
	for pair := range strings.SplitSeq(header, ";") {
		if name, value, _ := strings.Cut(strings.Trim(pair, " \t"), "="); name == "__Host-charter-browser" {
			if value = strings.Trim(value, "\" \t"); seal.WellFormed(seal.PrefixBrowser, value) {
				tokens = append(tokens, value)
			}
		}
	}
	return tokens
}
