package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/charterauth/charter/impl/internal/person"
	"github.com/charterauth/charter/impl/pkce"
)

// field sets a variable from a member of the JSON object that the last command
// printed: field NAME VARIABLE.
func field(ts *testscript.TestScript, _ bool, args []string) {
	var members map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &members))
	value, ok := members[args[0]].(string)
	if !ok {
		ts.Fatalf("there is no %s", args[0])
	}
	ts.Setenv(args[1], value)
}

// token checks what a client gets that authenticates with a secret and sends a
// code that is none: token CLIENT_ID SECRET STATUS.
func token(ts *testscript.TestScript, _ bool, args []string) {
	r, err := http.NewRequest(http.MethodPost, "http://"+ts.Getenv("ADDR")+"/token", strings.NewReader(url.Values{
		"grant_type": {"authorization_code"}, "code": {"none"}, "code_verifier": {strings.Repeat("v", 43)},
	}.Encode()))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(args[0], args[1])
	res, err := http.DefaultClient.Do(r)
	ts.Check(err)
	res.Body.Close()
	if got := strconv.Itoa(res.StatusCode); got != args[2] {
		ts.Fatalf("the token endpoint answers %s, want %s", got, args[2])
	}
}

// allow lets a person sign in and allow a native client, whose tokens it leaves
// in a directory: allow ISSUER CLIENT_ID NAME PASSWORD_FILE DIRECTORY [HOST...]. It
// may pass through those hosts.
func allow(ts *testscript.TestScript, neg bool, args []string) {
	err := allowed(ts, args[0], args[1], args[4], &person.Person{Name: args[2], Password: strings.TrimSpace(ts.ReadFile(args[3])), Through: args[5:]})
	if (err == nil) == neg {
		ts.Fatalf("allow: %v", err)
	}
}

func allowed(ts *testscript.TestScript, issuer, clientID, directory string, p *person.Person) error {
	const redirect = "http://127.0.0.1:9/cb"
	verifier := strings.Repeat("verifier", 8)
	to, err := p.Decide(issuer+"/authorize?"+url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirect}, "scope": {"read"},
		"code_challenge": {pkce.Challenge(verifier)}, "code_challenge_method": {"S256"},
	}.Encode(), "allow")
	if err != nil {
		return err
	}
	status, body := post(ts, issuer+"/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {clientID}, "redirect_uri": {redirect},
		"code": {to.Query().Get("code")}, "code_verifier": {verifier},
	})
	if status != http.StatusOK {
		ts.Fatalf("the token endpoint answers %d", status)
	}
	ts.Check(os.MkdirAll(ts.MkAbs(directory), 0o700))
	for _, name := range []string{"access_token", "refresh_token"} {
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(directory), name), []byte(body[name].(string)+"\n"), 0o600))
	}
	return nil
}

// refresh checks what the refresh token in a directory is good for: refresh
// ISSUER CLIENT_ID DIRECTORY STATUS.
func refresh(ts *testscript.TestScript, _ bool, args []string) {
	status, _ := post(ts, args[0]+"/token", url.Values{
		"grant_type": {"refresh_token"}, "client_id": {args[1]}, "refresh_token": {strings.TrimSpace(ts.ReadFile(args[2] + "/refresh_token"))},
	})
	if got := strconv.Itoa(status); got != args[3] {
		ts.Fatalf("the token endpoint answers %s, want %s", got, args[3])
	}
}

func post(ts *testscript.TestScript, to string, form url.Values) (status int, body map[string]any) {
	res, err := http.PostForm(to, form)
	ts.Check(err)
	defer res.Body.Close()
	ts.Check(json.NewDecoder(res.Body).Decode(&body))
	return res.StatusCode, body
}
