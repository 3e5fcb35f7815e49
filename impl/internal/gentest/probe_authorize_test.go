package gentest_test

import (
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/gentest/probe"
	"github.com/charterauth/charter/impl/internal/proof"
)

func ask(t *testing.T, query string) *probe.AuthorizeInput {
	t.Helper()
	f := &probeFake{}
	send(t, f.handler(), request{line: "GET /authorize?" + query})
	in, ok := f.got.(*probe.AuthorizeInput)
	if !ok {
		t.Fatalf("%s: the handler was not reached", query)
	}
	return in
}

// GEN-26: an integer has one spelling.
func TestGEN26Integers(t *testing.T) {
	const rest = "client_id=c&response_type=code&max_age="
	for value, want := range map[string]int64{"0": 0, "1": 1, "3600": 3600, "9223372036854775807": 1<<63 - 1} {
		in := ask(t, rest+value)
		if in.Problem != nil || in.Query.MaxAge == nil || *in.Query.MaxAge != want {
			t.Errorf("%q: %v %+v", value, in.Problem, in.Query)
		}
	}
	for _, value := range []string{"-1", "+1", "%2B1", "%201", "1+", "0x10", "010", "00", "1e3", "1.0", "%D9%A1", "9223372036854775808", "99999999999999999999", "18446744073709551617"} {
		in := ask(t, rest+value)
		if in.Problem == nil || in.Problem.Status != 400 || in.Problem.Code != "invalid_request" || in.Problem.Param != "max_age" || in.Query.MaxAge != nil {
			t.Errorf("%q: %v %+v", value, in.Problem, in.Query)
		}
		if s := probeSchema(t, "AuthorizationRequest"); len(value) < 19 && !blames(blame(s, formValue(s, rest+value)), "max_age") { // GEN-50
			t.Errorf("%q: the oracle takes it", value)
		}
	}
	if in := ask(t, rest); in.Problem != nil || in.Query.MaxAge != nil {
		t.Errorf("empty: %v", in.Problem)
	}
}

func TestBooleans(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "false": true, "1": false, "True": false} {
		in := ask(t, "client_id=c&response_type=code&fresh="+value)
		if (in.Problem == nil) != want || in.Query.Fresh != (value == "true") {
			t.Errorf("%q: %v %+v", value, in.Problem, in.Query)
		}
	}
}

// GEN-27 and GEN-28: every problem reaches the handler, with what could be
// read; whether it becomes a page or a redirect is decided in package server,
// whose transcripts cover both.
func TestGEN27And28ProblemsReachTheHandler(t *testing.T) {
	for _, row := range []struct {
		query, problem string
		clientID, uri  string
	}{
		{"client_id=c&redirect_uri=https://a/&response_type=code&state=s", "", "c", "https://a/"},
		{"client_id=c&redirect_uri=https://a/&response_type=token", "unsupported_response_type response_type is not one of the values that are allowed", "c", "https://a/"},
		{"client_id=c&redirect_uri=https://a/", "invalid_request response_type is required", "c", "https://a/"},
		{"redirect_uri=https://a/&response_type=code", "invalid_request client_id is required", "", "https://a/"},
		// What comes twice is read as absent: no handler can redirect to it.
		{"client_id=c&redirect_uri=https://a/&redirect_uri=https://b/&response_type=code", "invalid_request redirect_uri is repeated", "c", ""},
		{"client_id=c&client_id=c&redirect_uri=https://a/&response_type=code", "invalid_request client_id is repeated", "", "https://a/"},
		// Of several problems, the one of the first field in the schema: whoever
		// reads that client_id and redirect_uri have none may redirect.
		{"state=%00&response_type=token&redirect_uri=a&redirect_uri=b&client_id=c", "invalid_request redirect_uri is repeated", "c", ""},
		{"client_id=c&redirect_uri=%ff&response_type=code", "invalid_request redirect_uri is not valid UTF-8 text", "c", ""},
		{"client_id=c&redirect_uri=https://a/&response_type=code&x=%zz", "invalid_request the parameters are not application/x-www-form-urlencoded", "c", "https://a/"},
		{"client_id=c&response_type=code&pets=cats", "", "c", ""},
		{"client_id=c&response_type=code&pets=cow", "invalid_request pets is malformed", "c", ""},
	} {
		in := ask(t, row.query)
		got := ""
		if in.Problem != nil {
			got = in.Problem.Code + " " + in.Problem.Error()
		}
		if got != row.problem || in.Query.ClientID != row.clientID || in.Query.RedirectURI != row.uri {
			t.Errorf("%s: problem %q, client %q, redirect %q", row.query, got, in.Query.ClientID, in.Query.RedirectURI)
		}
	}
}

// The two ways to send an authorization request are read alike (ATK-162).
func TestAuthorizeGetAndPostAgree(t *testing.T) {
	proof.Of(t, "ATK-162")
	for _, parameters := range []string{
		"client_id=c&response_type=code&state=a+b", "client_id=c", "client_id=c&client_id=d", "%zz", "", strings.Repeat("&a", 2000),
	} {
		get := ask(t, parameters)
		f := &probeFake{}
		send(t, f.handler(), form("/authorize", parameters))
		post, ok := f.got.(*probe.AuthorizePostInput)
		if len(parameters) > 1024 { // x-max-body of the POST
			continue
		}
		if !ok || post.Form != get.Query || (post.Problem == nil) != (get.Problem == nil) || post.Problem != nil && *post.Problem != *get.Problem {
			t.Errorf("%.40s: GET %+v %v, POST %+v", parameters, get.Query, get.Problem, post)
		}
	}
}

// Plain query parameters have a struct and a decoder too.
func TestPlainQuery(t *testing.T) {
	for query, want := range map[string]string{
		"request=abc": "", "request=abc&max_age=100": "", "request=abc&x=1": "",
		"": "request is required", "request=ABC": "request is malformed", "request=abc&request=abc": "request is repeated",
		"request=abcdefghi": "request is too long", "request=abc&max_age=101": "max_age is too large",
	} {
		f := &probeFake{}
		h := probe.NewPagesHandler(f, probe.Options{Error: refuse})
		w := send(t, h, request{line: "GET /login?" + query})
		if want == "" && (w.Code != 200 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || f.got.(*probe.LoginPageInput).Query.Request != "abc") {
			t.Errorf("%s: got %d %v", query, w.Code, w.Header())
		}
		if want != "" && (w.Code != 400 || w.Body.String() != "invalid_request "+want) {
			t.Errorf("%s: got %d %s", query, w.Code, w.Body)
		}
	}
}
