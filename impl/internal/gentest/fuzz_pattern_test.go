package gentest_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// FuzzPattern: the byte tables that stand for the usual patterns decide as the
// regular expressions in the document do.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"read write", " a", "a ", "a  b", "\"", "\\", "é", verifier, verifier + " ", "a\n", "", "~-._", "\x7f"} {
		f.Add(seed)
	}
	expressions := map[string]*regexp.Regexp{
		"scope":         regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$`),
		"code_verifier": regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`),
	}
	h := (&probeFake{}).handler()
	f.Fuzz(func(t *testing.T, v string) {
		for name, expression := range expressions {
			w := send(t, h, form("/token", "grant_type=refresh_token&client_id=c&refresh_token=r&"+name+"="+url.QueryEscape(v)))
			if v == "" || strings.Contains(w.Body.String(), " is too ") || strings.Contains(w.Body.String(), "UTF-8") {
				continue
			}
			if got, want := w.Code == 200, expression.MatchString(v); got != want {
				t.Errorf("%s=%q: %v, the expression says %v: %s", name, v, got, want, w.Body)
			}
		}
	})
}
