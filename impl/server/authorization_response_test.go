package server_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// The response carries our iss, code and error, not the request's.
func TestResponseParametersOfTheRequestAreIgnored(t *testing.T) {
	proof.Of(t, "ATK-4")
	f := newFixture(t)
	c := f.Public()
	own := url.Values{"iss": {"https://evil.com"}, "code": {"evil"}, "error": {"evil"}, "error_description": {"evil"}}
	got := f.Allow(f.Pending(c.Request(own)), "")
	if got.Get("code") == "evil" || got.Get("code") == "" || got.Has("error") || got.Get("iss") != servertest.Issuer || len(got["iss"]) != 1 {
		t.Errorf("allowed: %v", got)
	}
	own["scope"] = []string{"nonsense"}
	q := redirected(t, "error", f.Get("/authorize", c.Request(own)), appCallback)
	if q.Get("error") != "invalid_scope" || q.Has("code") {
		t.Errorf("error: %v", q)
	}
}

// ATK-1, RFC9207-2-1, -2, RFC9207-2.3-2, RFC6749-4.1.2-1, -7: the whole Location of an answer, to the byte.
func TestAuthorizationResponse(t *testing.T) {
	proof.Of(t, "ATK-1")
	f := newFixture(t)
	c := f.Public()
	complete := func(changes url.Values) string {
		response, err := f.Complete(context.Background(), f.Pending(c.Request(changes)), server.Decision{Subject: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		location := response.Location()
		code, _, _ := strings.Cut(strings.TrimPrefix(location, appCallback+"?code="), "&")
		return strings.Replace(location, code, "CODE", 1)
	}
	if got, want := complete(nil), appCallback+"?code=CODE&state=xyz&iss=https%3A%2F%2Fauth.example.com"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := complete(url.Values{"state": without}), appCallback+"?code=CODE&iss=https%3A%2F%2Fauth.example.com"; got != want {
		t.Errorf("no state: got  %s\nwant %s", got, want)
	}
	denied, err := f.Deny(context.Background(), f.Pending(c.Request(nil)))
	if want := appCallback + "?error=access_denied&error_description=the+request+was+denied&state=xyz&iss=https%3A%2F%2Fauth.example.com"; err != nil || denied.Location() != want {
		t.Errorf("denied: %v\ngot  %s\nwant %s", err, denied.Location(), want)
	}
}

// ATK-174, RFC6749-4.1.2-7: state comes back byte for byte, encoded once, in an
// ASCII Location, from the answer and from an error. What is no text is refused
// and not repeated.
func TestStateRoundTrip(t *testing.T) {
	proof.Of(t, "RFC6749-10.14-1", "RFC6749-B-1")
	proof.Of(t, "ATK-174")
	f := newFixture(t)
	c := f.Public()
	var all strings.Builder
	for b := byte(1); b < 0x80; b++ {
		all.WriteByte(b)
	}
	for name, state := range map[string]string{
		"every ASCII byte": all.String(),
		"4096 characters":  strings.Repeat("~", 4096),
		"Unicode":          "ü 漢字 \U0001f600 e\u0301",
		"space and plus":   " a+b  ",
		"escaped":          "%20%252B&code=evil#x",
		"markup":           `"><script>alert(1)</script>`,
		"CRLF":             "a\r\nSet-Cookie: x=y",
	} {
		got := f.Allow(f.Pending(c.Request(url.Values{"state": {state}})), "")
		if got.Get("state") != state || len(got["code"]) != 1 {
			t.Errorf("%s: %q", name, got)
		}
		res := f.Get("/authorize", c.Request(url.Values{"state": {state}, "scope": {"nonsense"}}))
		if got := redirected(t, name, res, appCallback); got.Get("state") != state {
			t.Errorf("%s: in an error %q", name, got.Get("state"))
		}
		if strings.ContainsFunc(res.Header.Get("Location"), func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%s: Location %q", name, res.Header.Get("Location"))
		}
	}
	for name, state := range map[string][]string{
		"4097":      {strings.Repeat("a", 4097)},
		"60 KiB":    {strings.Repeat("a", 60<<10)},
		"NUL":       {"a\x00b"},
		"not UTF-8": {"\xff"},
		"overlong":  {"\xc0\xaf"},
		"surrogate": {"\xed\xa0\x80"},
		"repeated":  {"a", "a"},
		"different": {"a", "b"},
	} {
		q := redirected(t, name, f.Get("/authorize", c.Request(url.Values{"state": state})), appCallback)
		if q.Get("error") != "invalid_request" || q.Has("state") {
			t.Errorf("%s: error %q, state of %d bytes", name, q.Get("error"), len(q.Get("state")))
		}
	}
}
