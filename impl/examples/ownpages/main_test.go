package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/oauth2"
)

// TestMainJob: each row is the same form with one thing changed.
func TestMainJob(t *testing.T) {
	listener := httptest.NewUnstartedServer(nil)
	issuer := "http://" + listener.Listener.Addr().String()
	srv, err := newServer(issuer, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	listener.Config.Handler = srv
	listener.Start()
	defer listener.Close()
	config := oauth2.Config{
		ClientID: register(t, issuer), RedirectURL: "https://app.example.com/cb", Scopes: []string{"notes"},
		Endpoint: oauth2.Endpoint{AuthURL: issuer + "/authorize", TokenURL: issuer + "/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	for _, row := range []struct{ name, field, value, want string }{
		{"as shown", "", "", "code"},
		{"a scope that was not asked for", "scope", "notes:write", "code"},
		{"no", "decision", "deny", "access_denied"},
		{"another password", "password", "wrong", ""},
		{"nobody", "name", "mallory", ""},
		{"another form token", "csrf", "forged", ""},
		{"another request", "request", "forged", ""},
	} {
		verifier := oauth2.GenerateVerifier()
		answer := decide(t, issuer, config.AuthCodeURL("xyz", oauth2.S256ChallengeOption(verifier)), row.field, row.value)
		got := answer.Get("error")
		if answer.Has("code") {
			got = "code"
		}
		if got != row.want {
			t.Errorf("%s: the client received %v, want %q", row.name, answer, row.want)
		}
		if got != "code" {
			continue
		}
		token, err := config.Exchange(t.Context(), answer.Get("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			t.Fatal(err)
		}
		seen, err := srv.VerifyAccessToken(t.Context(), token.AccessToken)
		if err != nil || seen.Subject != "user-1" || string(seen.Props) != `{"plan":"free"}` {
			t.Errorf("%s: the token says %+v, %v", row.name, seen, err)
		}
		if want := map[bool]string{true: "notes", false: ""}[row.field == ""]; strings.Join(seen.Scopes, " ") != want {
			t.Errorf("%s: scopes %q, want %q", row.name, seen.Scopes, want)
		}
	}
}

var hidden = regexp.MustCompile(`type="hidden" name="(\w+)" value="([^"]*)"`)

// decide opens the page and sends its form with one field changed. It returns
// the query that the client receives, nil without one.
func decide(t *testing.T, issuer, authorizationURL, field, value string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(next *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(next.URL.String(), issuer) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := browser.Get(authorizationURL)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the page: %d %v %s", res.StatusCode, err, text)
	}
	form := url.Values{"scope": {"notes"}, "name": {"alice"}, "password": {"correct horse"}, "decision": {"allow"}}
	for _, match := range hidden.FindAllStringSubmatch(string(text), -1) {
		form.Set(match[1], match[2])
	}
	if field != "" {
		form.Set(field, value)
	}
	if res, err = browser.PostForm(issuer+"/decide", form); err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	to, err := res.Location()
	if err != nil {
		return nil
	}
	return to.Query()
}

var clientID = regexp.MustCompile(`"client_id":"([^"]+)"`)

func register(t *testing.T, issuer string) string {
	t.Helper()
	res, err := http.Post(issuer+"/register", "application/json", strings.NewReader(
		`{"client_name":"Notes","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	match := clientID.FindSubmatch(text)
	if err != nil || match == nil {
		t.Fatalf("registration: %d %v %s", res.StatusCode, err, text)
	}
	return string(match[1])
}
