package openapitest

import (
	"net/http"
	"strings"
	"testing"
)

const (
	tokens  = `{"access_token":"t","token_type":"Bearer","expires_in":60}`
	refusal = `{"error":"invalid_request"}`
	policy  = "Content-Security-Policy: default-src 'none'"
	jsonly  = "Content-Type: application/json\nCache-Control: no-store"
	page    = "Content-Type: text/html; charset=utf-8\nCache-Control: no-store\n" + policy
	away    = "Cache-Control: no-store\nLocation: https://app.example/cb?"
)

// Every row with a fault stands beside one that differs in that alone.
func TestFaults(t *testing.T) {
	for _, row := range []struct {
		request string
		status  int
		header  string
		body    string
		fault   string // "" for none
	}{
		{"POST /token", 200, jsonly, tokens, ""},
		{"POST /tenant/a/token", 200, jsonly, tokens, ""},
		{"POST /token", 201, jsonly, tokens, "token does not declare status 201"},
		{"POST /token", 200, "Content-Type: application/json", tokens, "200 has no Cache-Control"},
		{"POST /token", 200, "Content-Type: application/json\nCache-Control: private", tokens, "200 Cache-Control"},
		{"POST /token", 200, jsonly + "\nCache-Control: no-store", tokens, "Cache-Control 2 times"},
		{"POST /token", 200, "Content-Type: text/plain\nCache-Control: no-store", tokens, `Content-Type "text/plain"`},
		{"POST /token", 200, "Cache-Control: no-store", tokens, `Content-Type ""`},
		{"POST /token", 200, jsonly, tokens[1:], "invalid character"},
		{"POST /token", 200, jsonly, `{"token_type":"Bearer","expires_in":60}`, "access_token"},
		{"POST /token", 200, jsonly, strings.Replace(tokens, "60", `"60"`, 1), "expires_in"},
		{"POST /token", 200, jsonly, strings.Replace(tokens, `"t"`, `"`+strings.Repeat("t", 8193)+`"`, 1), "access_token"},
		{"POST /token", 200, jsonly, strings.Replace(tokens, "}", `,"made_up":"t"}`, 1), "200 has made_up"},
		{"POST /introspect", 200, jsonly, `{"active":true,"act":{}}`, ""}, // open, the document says

		{"POST /token", 400, jsonly, `{"error":"invalid_grant"}`, ""},
		{"POST /token", 400, jsonly, `{"error":"invalid_mood"}`, "error"},
		{"POST /token", 400, jsonly, `{"error":"invalid_grant","error_description":"\u00e9"}`, "error_description"},
		{"POST /token", 401, jsonly + "\nWWW-Authenticate: Basic realm=\"a\"", `{"error":"invalid_client"}`, ""},
		{"POST /token", 401, jsonly + "\nWWW-Authenticate: Basic realm=\"a\"\nWWW-Authenticate: Bearer", `{"error":"invalid_client"}`, ""},
		{"POST /token", 401, jsonly, `{"error":"invalid_client"}`, "WWW-Authenticate"},

		{"POST /revoke", 200, "Cache-Control: no-store", "", ""},
		{"POST /revoke", 200, "Cache-Control: no-store", "{}", "200 has a body"},

		{"GET /authorize", 303, away + "code=c", "", ""},
		{"GET /authorize", 303, away + "error=invalid_scope", "", ""},
		{"GET /authorize", 303, away + "error=invalid_grant", "", `error "invalid_grant", which is not listed`},
		{"GET /authorize", 303, "Cache-Control: no-store", "", "303 has no Location"},
		{"GET /authorize", 302, away + "code=c", "", "authorize does not declare status 302"},
		{"GET /authorize", 303, away + "code=c" + strings.Repeat("\nSet-Cookie: a=b", 4), "", ""},
		{"GET /authorize", 303, away + "code=c" + strings.Repeat("\nSet-Cookie: a=b", 5), "", "Set-Cookie"},
		{"GET /authorize", 400, page, "<p>", ""},
		{"GET /authorize", 400, "Content-Type: text/html\nCache-Control: no-store", "<p>", "Content-Security-Policy"},

		{"GET /register/abc", 404, jsonly + "\n" + policy, refusal, ""},
		{"GET /.well-known/oauth-protected-resource/a/b", 404, jsonly, refusal, ""},
		{"GET /.well-known/oauth-authorization-server/tenant", 200, jsonly, `{"issuer":"https://a.example","response_types_supported":[]}`, "Cache-Control"},
		{"GET /nowhere", 404, jsonly + "\n" + policy, refusal, ""},
		{"GET /nowhere", 404, page, "<p>", ""},
		{"POST //token", 404, jsonly + "\n" + policy, refusal, ""},
		{"GET /nowhere", 404, jsonly + "\n" + policy, `{"error":"not_found"}`, "error"},
		{"GET /nowhere", 200, jsonly, "{}", "status 200 where there is no operation"},
		{"GET /token", 405, jsonly + "\n" + policy + "\nAllow: POST", refusal, ""},
		{"GET /token", 405, jsonly + "\n" + policy, refusal, "405 has no Allow"},
		{"GET /token", 200, jsonly, tokens, "status 200 where there is no operation"},
		{"GET /jwks", 421, jsonly, refusal, ""},
		{"GET /healthz", 421, jsonly, refusal, "healthz does not declare status 421"},
		{"OPTIONS /token", 204, "", "", ""},
	} {
		method, path, _ := strings.Cut(row.request, " ")
		header := http.Header{}
		for line := range strings.SplitSeq(row.header, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				header.Add(name, value)
			}
		}
		doc, err := document()
		if err != nil {
			t.Fatal(err)
		}
		found := strings.Join(check(doc, method, path, answer{row.status, header, []byte(row.body)}), "\n")
		if (found == "") != (row.fault == "") || !strings.Contains(found, row.fault) {
			t.Errorf("%s %d %q %.60q: found %q, want %q", row.request, row.status, row.header, row.body, found, row.fault)
		}
	}
}
