package transcript

import (
	"strings"
	"testing"
	"testing/fstest"
)

const good = `RFC7009-2.2-1
An unknown token is no error.
-- given --
client app public
grant app
-- request --
POST /revoke

client_id={app.id}
token=unknown
-- response --
200
Cache-Control: no-store

empty
-- request --
POST /token

grant_type=refresh_token
refresh_token={app.refresh_token}
client_id={app.id}
-- response --
200

access_token: {new}
refresh_token: !{app.refresh_token}
scope: read write
expires_in: 3600
-- state --
token {new} is active
token {app.refresh_token} is used
no event code_replayed
`

func TestPlayGood(t *testing.T) {
	if err := playText(t, good); err != nil {
		t.Error(err)
	}
}

func playText(t *testing.T, text string) error {
	t.Helper()
	all, err := Load(fstest.MapFS{"rfc7009/a.txtar": {Data: []byte(text)}}, known(t))
	if err != nil {
		return err
	}
	st, snapshot := inMemory()
	return Play(t, all[0], st, snapshot)
}

// Every row breaks the good transcript in one place.
func TestPlayFails(t *testing.T) {
	for name, row := range map[string]struct{ from, to, want string }{
		"unknown id":           {"RFC7009-2.2-1", "RFC7009-2.2-99", "there is no requirement RFC7009-2.2-99"},
		"no id":                {"RFC7009-2.2-1\n", "", "names no requirement"},
		"id twice":             {"RFC7009-2.2-1", "RFC7009-2.2-1 RFC7009-2.2-1", "named twice"},
		"no sentence":          {"An unknown token is no error.", "", "no sentence"},
		"no response":          {"-- response --\n200\nCache-Control: no-store\n\nempty\n", "", "not followed by its response"},
		"no step":              {good[strings.Index(good, "-- given"):], "", "no request"},
		"unknown section":      {"-- given --", "-- supposed --", "no known kind"},
		"late server":          {"-- state --", "-- server --\nregistration open\n-- state --", "runs already"},
		"unknown gift":         {"grant app", "grace app", "not among what can be given"},
		"unknown kind":         {"client app public", "client app pubic", "no kind"},
		"unknown name":         {"refresh_token={app.refresh_token}", "refresh_token={nope}", "{nope} is not known yet"},
		"status":               {"200\nCache-Control", "204\nCache-Control", "status 200, want 204"},
		"header":               {"no-store", "private", "Cache-Control"},
		"header absent":        {"Cache-Control: no-store", "Cache-Control: absent", "want none"},
		"header missing":       {"Cache-Control", "Retry-After", "is absent"},
		"body":                 {"access_token: {new}\nrefresh_token: !{app.refresh_token}\nscope: read write\nexpires_in: 3600", "empty", "want none"},
		"member":               {"scope: read write", "scope: read", "want read"},
		"number":               {"3600", "3601", "want 3601"},
		"member absent":        {"scope: read write", "scope: absent", "want none"},
		"member missing":       {"scope: read write", "scopes: *", "is absent"},
		"others":               {"expires_in: 3600", "expires_in: 3600\nnothing else", "token_type"},
		"same as another":      {"access_token: {new}", "refresh_token: {app.refresh_token}", "want {app.refresh_token}"},
		"not the other":        {"refresh_token: !{app.refresh_token}", "token_type: !{type}", "not known"},
		"contains":             {"expires_in: 3600", "expires_in: 3600\nwithout 3600", "the body has 3600"},
		"state of a token":     {"token {new} is active", "token {new} is revoked", "it is active"},
		"inactive":             {"token {new} is active", "token {new} is inactive", "it is active"},
		"event":                {"no event code_replayed", "event code_replayed", "audit trail"},
		"no such state":        {"no event code_replayed", "sun is up", "no state"},
		"clock not understood": {"-- state --", "-- clock --\nlater\n-- state --", "duration"},
		"setting":              {"-- given --", "-- server --\nmood good\n-- given --", "no setting"},
	} {
		text := strings.Replace(good, row.from, row.to, 1)
		if text == good {
			t.Errorf("%s: nothing is broken", name)
		}
		if err := playText(t, text); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, row.want)
		}
	}
}

// A redirect is compared whole.
func TestCheckLocation(t *testing.T) {
	const uri, got = "https://app.example.com/cb", "https://app.example.com/cb?code=c&state=a+b"
	for _, row := range []struct {
		uri, got string
		lines    []string
		fault    string
	}{
		{uri, got, []string{"?code={code}", "?state=a b"}, ""},
		{uri + "/", got, []string{"?code={code}", "?state=a b"}, "Location is"},
		{uri, got, []string{"?code={code}"}, "Location has state"},
		{uri, got, []string{"?code={code}", "?state=a"}, "state is"},
		{uri, got, []string{"?code={code}", "?state=a b", "?iss=*"}, "iss is absent"},
		{uri, got + "&code=d", []string{"?code=c", "?state=a b"}, "code 2 times"},
	} {
		err := checkLocation(row.uri, row.got, row.lines, values{})
		if (err == nil) != (row.fault == "") || err != nil && !strings.Contains(err.Error(), row.fault) {
			t.Errorf("%v: %v, want %q", row, err, row.fault)
		}
	}
}

// A requirement is proven by transcripts that pass on every store they run on.
func TestReport(t *testing.T) {
	r := NewReport()
	one := Transcript{Name: "rfc7009/one", Proves: []string{"RFC7009-2-1", "RFC7009-2-2"}}
	two := Transcript{Name: "rfc7009/two", Proves: []string{"RFC7009-2-2"}}
	r.Add(one, true)
	r.Add(two, true)
	r.Add(one, false)
	if got := strings.Join(r.Proven(), " "); got != "RFC7009-2-2" {
		t.Errorf("proven: %s", got)
	}
	if got := strings.Join(r.Proofs("RFC7009-2-2"), " "); got != "rfc7009/two" {
		t.Errorf("proofs: %s", got)
	}
	if got := r.String(); !strings.HasPrefix(got, "RFC 7009: 1 of 23\n") {
		t.Errorf("report: %s", got)
	}
}
