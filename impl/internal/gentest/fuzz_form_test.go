package gentest_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charterauth/charter/impl/internal/gentest/probe"
	"github.com/charterauth/charter/impl/internal/proof"
)

// GEN-47: the decoder reads what net/url.ParseQuery reads. What it refuses
// beyond that is repeated, not clean text, or too much.
func FuzzForm(f *testing.F) {
	proof.Of(f, "FUZZ-2")
	for _, seed := range []string{
		exchange(""), exchange("&resource=https%3A%2F%2Fa&resource=b:c"), "a=b;c=d", "%zz", "%", "%4", "&&&=&a", "code=%c3%a9+%2B", "c%6fde=x&code=y", "code=x=y", "+code=x", "code+=x", "grant_type", "scope=%00",
	} {
		f.Add(seed)
	}
	fake := &probeFake{}
	h := fake.handler()
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) > 4096 {
			return
		}
		fake.got = nil
		w := send(t, h, form("/token", body))
		want, err := url.ParseQuery(body)
		malformed := strings.Contains(w.Body.String(), "x-www-form-urlencoded")
		if pairs := strings.Count(body, "&"); malformed != (err != nil) && pairs < 1000 {
			t.Fatalf("%q: answer %s, net/url says %v", body, w.Body, err)
		}
		in, ok := fake.got.(*probe.TokenInput)
		if !ok {
			return
		}
		for name, got := range map[string][]string{
			"grant_type": {string(in.Form.GrantType)}, "client_id": {in.Form.ClientID}, "client_secret": {in.Form.ClientSecret}, "client_assertion": {in.Form.ClientAssertion},
			"client_assertion_type": {string(in.Form.ClientAssertionType)}, "code": {in.Form.Code}, "code_verifier": {in.Form.CodeVerifier},
			"refresh_token": {in.Form.RefreshToken}, "scope": {in.Form.Scope}, "resource": in.Form.Resource,
		} {
			values := slices.DeleteFunc(want[name], func(v string) bool { return v == "" })
			got = slices.DeleteFunc(got, func(v string) bool { return v == "" })
			if !slices.Equal(got, values) {
				t.Fatalf("%q: %s is %q, net/url says %q", body, name, got, values)
			}
			for _, v := range got {
				if !utf8.ValidString(v) || strings.Contains(v, "\x00") {
					t.Fatalf("%q: %s is %q", body, name, got)
				}
			}
		}
	})
}
