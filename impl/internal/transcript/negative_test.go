package transcript

import (
	"net/http"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/oracle"
)

const refusals = `RFC6749-10.5-3
A code is good once.
-- given --
client app public
grant app
-- request --
GET /authorize
?response_type=code
?client_id={app.id}
?code_challenge={challenge}
?code_challenge_method=S256
?scope=nonsense
-- response --
303
Location: https://app.example.com/cb
?error=invalid_scope
?error_description=*
?iss={issuer}
-- again --
-?scope
-- response --
303
Location: /ask?*
-- request --
POST /token

grant_type=authorization_code
code={app.code}
client_id={app.id}
code_verifier={verifier}
-- response --
400

error: invalid_grant
-- state --
the refusal changed grants
-- request --
POST /revoke

client_id={app.id}
token=never-issued
-- response --
200
`

// What a transcript must say of a refusal, it cannot leave out, nor say wrongly.
func TestRefusalsAreWhole(t *testing.T) {
	if err := playText(t, refusals); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct{ from, to, want string }{
		"Location":      {"Location: /ask?*\n", "", "is not written"},
		"error":         {"\nerror: invalid_grant\n", "", "which error it is, is not written"},
		"which error":   {"error: invalid_grant", "error: *", "which error it is, is not written"},
		"change":        {"the refusal changed grants", "no event nothing", "the refusal changed the grants"},
		"no change":     {"the refusal changed grants", "the refusal changed grants keys", "was to change the keys and did not"},
		"no control":    {"client app public\ngrant app", "client app public\ncode app", "/token is only ever refused"},
		"never allowed": {"token=never-issued\n-- response --\n200", "nothing=\n-- response --\n400\n\nerror: invalid_request", "/revoke is only ever refused"},
	} {
		text := strings.Replace(refusals, row.from, row.to, 1)
		if text == refusals {
			t.Errorf("%s: nothing is broken", name)
		}
		if name == "no control" { // the code is good, so redeem another
			text = strings.Replace(text, "code={app.code}", "code=never-issued", 1)
			text = strings.Replace(text, "the refusal changed grants", "no event nothing", 1)
		}
		if err := playText(t, text); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, row.want)
		}
	}
}

// The server does nothing of this, so the player is told that it did.
func TestOracleIsAsked(t *testing.T) {
	st, snapshot := inMemory()
	written := step{"response", "", []string{"400", "", "error: invalid_grant"}}
	for want, spoil := range map[string]func(*player){
		"":                                func(*player) {},
		"Cache-Control":                   func(p *player) { p.heard.Header.Set("Cache-Control", "private") },
		"status 503":                      func(p *player) { p.heard.Status = 503 },
		"the body has the secret s3cr3t":  func(p *player) { p.heard.Body = "s3cr3t-code" },
		"the header has the secret s3cr3": func(p *player) { p.heard.Header.Set("X-Debug", "s3cr3t-code") },
		"the log has the secret s3cr3t":   func(p *player) { p.server.Log.Write([]byte("s3cr3t-code")) },
		"changed the grants":              func(p *player) { p.before.state["grants"] = []string{"one"} },
	} {
		p, err := newPlayer(t, st, setup{})
		if err != nil {
			t.Fatal(err)
		}
		p.snapshot = snapshot
		state, err := snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p.before = before{[]string{"s3cr3t-code"}, state, len(p.server.Log.String())}
		p.heard = heard{oracle.Answer{Status: 400, Header: http.Header{"Cache-Control": {"no-store"}}, Body: `{"error":"invalid_grant"}`}}
		spoil(p)
		err = p.oracle(written, step{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	p, err := newPlayer(t, st, setup{})
	if err != nil {
		t.Fatal(err)
	}
	p.secrets = []string{"s3cr3t-code"}
	if err := p.end(); err != nil {
		t.Error(err)
	}
	p.server.Log.Write([]byte("s3cr3t-code"))
	if err := p.end(); err == nil {
		t.Error("a secret stays in the log unseen")
	}
}
