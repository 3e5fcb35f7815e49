package gentest_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/gentest/probe"
	"github.com/charterauth/charter/impl/internal/proof"
)

var verifier = strings.Repeat("v", 43)

// exchange is a complete code exchange; rest is appended to it.
func exchange(rest string) string {
	return "grant_type=authorization_code&client_id=c&code=x&code_verifier=" + verifier + rest
}

// Every row that is refused stands beside the same request with the one thing
// put right, which is accepted: the positive control.
func TestForm(t *testing.T) {
	proof.Of(t, "ATK-157")
	long := func(n int) string { return strings.Repeat("a", n) }
	for _, row := range []struct {
		id, name, body string
		status         int
		answer         string // what the answer begins with
	}{
		{"GEN-1", "a valid exchange", exchange(""), 200, `{"access_token":"t"`},
		{"GEN-2", "grant_type missing", "client_id=c&code=x", 400, "invalid_request grant_type is required"},
		{"GEN-3", "grant_type unknown", "client_id=c&grant_type=nope", 400, "unsupported_grant_type grant_type is not"},
		{"GEN-3", "grant_type in another case", "client_id=c&grant_type=Refresh_Token&refresh_token=r", 400, "unsupported_grant_type"},
		{"GEN-4", "twice, same value", exchange("&code=x"), 400, "invalid_request code is repeated"},
		{"GEN-4", "twice, other value", exchange("&client_id=d"), 400, "invalid_request client_id is repeated"},
		{"GEN-4", "twice, escaped name", exchange("&c%6fde=x"), 400, "invalid_request code is repeated"},
		{"GEN-4", "three times", exchange("&scope=a&scope=a&scope=a"), 400, "invalid_request scope is repeated"},
		{"GEN-5", "unknown parameter", exchange("&foo=1"), 200, ""},
		{"GEN-5", "unknown parameter twice", exchange("&foo=1&foo=2"), 200, ""},
		{"GEN-5", "empty key, empty pairs", exchange("&=1&&&=&"), 200, ""},
		{"GEN-5", "a name in another case", exchange("&Scope=%22"), 200, ""},
		{"GEN-5", "unknown parameter that is not UTF-8", exchange("&foo=%ff%00"), 200, ""},
		{"GEN-6", "empty is omitted", "grant_type=authorization_code&client_id=c&code=&code_verifier=" + verifier, 400, "invalid_request code is required"},
		{"GEN-6", "empty and then a value", exchange("&scope=&scope=a"), 200, ""},
		// That an operator can exempt a client from PKCE makes code_verifier
		// optional in openapi.yaml; package server demands it of all others.
		{"GEN-7", "code_verifier missing", "grant_type=authorization_code&client_id=c&code=x", 400, "invalid_request code_verifier is required"},
		{"GEN-7", "of the other branch", "grant_type=refresh_token&client_id=c&code=x", 400, "invalid_request refresh_token is required"},
		{"GEN-7", "the other branch", "grant_type=refresh_token&client_id=c&refresh_token=r", 200, ""},
		{"GEN-8", "assertion without type", exchange("&client_assertion=a"), 400, "invalid_request client_assertion_type is required"},
		{"GEN-8", "assertion with type", exchange("&client_assertion=a&client_assertion_type=jwt"), 200, ""},
		{"GEN-8", "another const", exchange("&client_assertion=a&client_assertion_type=saml"), 400, "invalid_request client_assertion_type is not"},
		{"GEN-9", "scope with a quote", exchange("&scope=a%22"), 400, "invalid_scope scope is malformed"},
		{"GEN-9", "scope with two spaces", exchange("&scope=a++b"), 400, "invalid_scope scope is malformed"},
		{"GEN-9", "scope with a space at the end", exchange("&scope=a+"), 400, "invalid_scope scope is malformed"},
		{"GEN-9", "two scopes", exchange("&scope=a+b"), 200, ""},
		{"GEN-10", "resource is no URI", exchange("&resource=not-a-uri"), 400, "invalid_target resource is not an absolute URI"},
		{"GEN-10", "resource with a space", exchange("&resource=https://a/+b"), 400, "invalid_target resource is not an absolute URI"},
		{"GEN-10", "resource with a bad escape", exchange("&resource=https://a/%25zz"), 400, "invalid_target resource is not an absolute URI"},
		{"GEN-10", "resource is a URI", exchange("&resource=https://a/b"), 200, ""},
		{"GEN-12", "three resources", exchange("&resource=a:1&resource=a:2&resource=a:3"), 200, ""},
		{"GEN-12", "four resources", exchange("&resource=a:1&resource=a:2&resource=a:3&resource=a:4"), 400, "invalid_target resource has too many values"},
		{"GEN-13", "resource[=x", exchange("&resource[=x"), 200, ""},
		{"GEN-14", "resource[30000000]=x", exchange("&resource[30000000]=x"), 200, ""},
		{"GEN-20", "%zz", exchange("&foo=%zz"), 400, "invalid_request the parameters"},
		{"GEN-20", "%zz in a name", exchange("&%zz=1"), 400, "invalid_request the parameters"},
		{"GEN-20", "a lone % at the end", exchange("&foo=%"), 400, "invalid_request the parameters"},
		{"GEN-20", "one digit after %", exchange("&foo=%4"), 400, "invalid_request the parameters"},
		{"GEN-20", "a raw semicolon", exchange("&foo=a;b=c"), 400, "invalid_request the parameters"},
		{"GEN-20", "an escaped semicolon", exchange("&foo=a%3Bb"), 200, ""},
		{"GEN-23", "NUL in a value", exchange("&client_secret=a%00b"), 400, "invalid_request client_secret is not valid UTF-8"},
		{"GEN-23", "a raw NUL", exchange("&client_secret=a\x00b"), 400, "invalid_request client_secret is not valid UTF-8"},
		{"GEN-23", "0xff in a value", exchange("&scope=%ff"), 400, "invalid_scope scope is not valid UTF-8"},
		{"GEN-23", "overlong", exchange("&client_secret=%c0%af"), 400, "invalid_request client_secret is not valid UTF-8"},
		{"GEN-23", "a surrogate", exchange("&client_secret=%ed%a0%80"), 400, "invalid_request client_secret is not valid UTF-8"},
		{"GEN-23", "in one of several", exchange("&resource=a:1&resource=a:%ff"), 400, "invalid_target resource is not valid UTF-8"},
		{"GEN-23", "UTF-8", exchange("&client_secret=%c3%a9"), 200, ""},
		{"GEN-24", "1000 parameters", exchange(strings.Repeat("&a", 996)), 200, ""},
		{"GEN-24", "1001 parameters", exchange(strings.Repeat("&a", 997)), 400, "invalid_request the request has too many parameters"},
		{"GEN-24", "10 001 parameters", strings.Repeat("&a", 10001), 400, "invalid_request the request has too many parameters"},
		{"GEN-25", "verifier of 42", exchange("")[:len(exchange(""))-1], 400, "invalid_request code_verifier is too short"},
		{"GEN-25", "verifier of 128", exchange(strings.Repeat("v", 85)), 200, ""},
		{"GEN-25", "verifier of 129", exchange(strings.Repeat("v", 86)), 400, "invalid_request code_verifier is too long"},
		{"GEN-25", "verifier with a space", exchange("%20"), 400, "invalid_request code_verifier is malformed"},
		{"ATK-157", "at the limit", exchange("&refresh_token=" + long(64)), 200, ""},
		{"ATK-157", "over the limit", exchange("&refresh_token=" + long(65)), 400, "invalid_request refresh_token is too long"},
		{"ATK-157", "a limit counts characters", exchange("&client_secret=" + strings.Repeat("%c3%a9", 64)), 200, ""},
		{"ATK-157", "one character more", exchange("&client_secret=" + strings.Repeat("%c3%a9", 65)), 400, "invalid_request client_secret is too long"},
	} {
		t.Run(row.id+" "+row.name, func(t *testing.T) {
			f := &probeFake{}
			w := send(t, f.handler(), form("/token", row.body))
			if w.Code != row.status || !strings.HasPrefix(w.Body.String(), row.answer) {
				t.Errorf("got %d %q, want %d %q", w.Code, w.Body, row.status, row.answer)
			}
			if reached := f.got != nil; reached != (row.status == 200) {
				t.Errorf("handler reached: %v", reached)
			}
			askOracle(t, row.id, row.body, w)
		})
	}
}

// askOracle is GEN-50 for the rows that the oracle can judge: it sees decoded
// values, so nothing of spelling, repetition and size.
func askOracle(t *testing.T, id, body string, w *httptest.ResponseRecorder) {
	t.Helper()
	if !slices.Contains([]string{"GEN-1", "GEN-2", "GEN-3", "GEN-6", "GEN-7", "GEN-8", "GEN-9", "GEN-10", "GEN-12", "GEN-25", "ATK-157"}, id) {
		return
	}
	v := verdict{accepted: w.Code == 200}
	_, text, _ := strings.Cut(w.Body.String(), " ")
	v.param, v.reason, _ = strings.Cut(text, " ")
	s := probeSchema(t, "TokenRequest")
	compare(t, s, formValue(s, body), v, body)
}

// GEN-46: no problem text repeats a value.
func TestGEN46NoValueInProblems(t *testing.T) {
	for _, body := range []string{
		"client_id=c&grant_type=s3cret", exchange("&code=s3cret"), exchange("&scope=%22s3cret"), exchange("&resource=s3cret"),
		exchange("&client_secret=s3cret%ff"), exchange("&client_assertion=a&client_assertion_type=s3cret"), exchange("&s3cret=%zz"),
		exchange("&refresh_token=" + strings.Repeat("s3cret", 20)),
	} {
		w := send(t, (&probeFake{}).handler(), form("/token", body))
		if w.Code != 400 || strings.Contains(w.Body.String(), "s3cret") {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

func TestGEN11ResourcesInOrder(t *testing.T) {
	f := &probeFake{}
	w := send(t, f.handler(), form("/token", exchange("&resource=https://b/&resource=&resource=https%3A%2F%2Fa%2F")))
	in, ok := f.got.(*probe.TokenInput)
	if !ok || strings.Join(in.Form.Resource, " ") != "https://b/ https://a/" {
		t.Errorf("got %d %s %+v", w.Code, w.Body, f.got)
	}
}

func TestGEN14NothingAllocatedForUnknownNames(t *testing.T) {
	f := &probeFake{}
	h := f.handler()
	cost := func(body string) float64 {
		return testing.AllocsPerRun(20, func() { send(t, h, form("/token", body)) })
	}
	plain := cost(exchange(""))
	for _, rest := range []string{"&resource[30000000]=x", strings.Repeat("&resource[1]=x", 200), strings.Repeat("&%72esource%5B1%5D=x%20y", 200)} {
		if with := cost(exchange(rest)); with > plain {
			t.Errorf("%.20s…: %v allocations, %v without", rest, with, plain)
		}
	}
	// The control: a known name with an escaped value does cost one.
	if with := cost(exchange("&scope=a+b")); with <= plain {
		t.Errorf("a value with an escape: %v allocations, %v without", with, plain)
	}
}

func TestGEN15And16QueryOfAPost(t *testing.T) {
	proof.Of(t, "ATK-104")
	for _, row := range []struct {
		id, query, body string
		status          int
		answer          string
	}{
		{"GEN-15", exchange(""), "", 400, "invalid_request grant_type is required"},
		{"GEN-16", "client_secret=s", exchange(""), 400, "invalid_request client_secret must be in the body"},
		{"GEN-16", "c%6cient_secret=s", exchange(""), 400, "invalid_request client_secret must be in the body"},
		{"GEN-16", "client_secret=", exchange(""), 200, ""},
		{"GEN-16", "tenant=1", exchange(""), 200, ""},
		// Not a parameter of this form, and still a credential.
		{"ATK-104", "access_token=t", exchange(""), 400, "invalid_request access_token must be in the body"},
		{"ATK-104", "tenant=1&%61ccess_token=t", exchange(""), 400, "invalid_request access_token must be in the body"},
		{"ATK-104", "refresh_token=t", exchange(""), 400, "invalid_request refresh_token must be in the body"},
		{"ATK-104", "code=t", exchange(""), 400, "invalid_request code must be in the body"},
		{"ATK-104", "access_token=", exchange(""), 200, ""},
		{"ATK-104", "Access_Token=t", exchange(""), 200, ""},
		{"GEN-16", "%zz", exchange(""), 400, "invalid_request"},
	} {
		f := &probeFake{}
		w := send(t, f.handler(), form("/token?"+row.query, row.body))
		if w.Code != row.status || !strings.HasPrefix(w.Body.String(), row.answer) {
			t.Errorf("%s %s: got %d %q", row.id, row.query, w.Code, w.Body)
		}
	}
}

// ATK-104 where the body is JSON.
func TestATK104QueryOfAJSONPost(t *testing.T) {
	proof.Of(t, "ATK-104")
	const metadata = `{"redirect_uris":["https://a/"]}`
	for query, want := range map[string]int{
		"": 201, "tenant=1": 201, "access_token=": 201,
		"access_token=t": 400, "client_secret=s": 400, "refresh_token=t": 400, "code=c": 400, "%zz": 400,
	} {
		f := &probeFake{}
		w := send(t, f.handler(), request{line: "POST /register?" + query, header: jsonType, body: metadata})
		if w.Code != want || (f.got != nil) != (want == 201) {
			t.Errorf("%s: got %d %q", query, w.Code, w.Body)
		}
	}
}
