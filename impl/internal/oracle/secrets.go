package oracle

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// secretParameters are the parameters whose values are credentials or become
// some.
var secretParameters = []string{
	"access_token", "assertion", "actor_token", "auth_req_id", "client_assertion", "client_secret", "code", "code_verifier",
	"device_code", "id_token_hint", "password", "refresh_token", "registration_access_token", "request", "subject_token", "token", "user_code",
}

// shortest is how long a value must be to be looked for: shorter ones are in
// every text.
const shortest = 8

// Sent returns the secrets in a request: of its Authorization and cookies, and
// of the parameters and JSON members that hold secrets, wherever they were sent.
func Sent(header http.Header, rawQuery, body string) []string {
	var found []string
	add := func(values ...string) {
		for _, v := range values {
			if len(v) >= shortest && !slices.Contains(found, v) {
				found = append(found, v)
			}
		}
	}
	for _, value := range header.Values("Authorization") {
		_, credentials, _ := strings.Cut(value, " ")
		add(credentials)
		if decoded, err := base64.StdEncoding.DecodeString(credentials); err == nil {
			_, secret, _ := strings.Cut(string(decoded), ":")
			add(secret)
			if unescaped, err := url.QueryUnescape(secret); err == nil {
				add(unescaped)
			}
		}
	}
	for _, c := range (&http.Request{Header: header}).Cookies() {
		add(c.Value)
	}
	for _, text := range []string{rawQuery, body} {
		form, _ := url.ParseQuery(text) // what can be read of it
		for _, name := range secretParameters {
			add(form[name]...)
		}
	}
	var members map[string]any
	if json.Unmarshal([]byte(body), &members) == nil {
		for _, name := range secretParameters {
			if value, ok := members[name].(string); ok {
				add(value)
			}
		}
	}
	return found
}

// Leaks returns which secrets a text has, as they are or encoded. where names
// the text.
func Leaks(where, text string, secrets []string) []string {
	var faults []string
	for _, s := range secrets {
		for _, form := range []string{s, url.QueryEscape(s), base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s))} {
			if strings.Contains(text, form) {
				faults = append(faults, fmt.Sprintf("the %s has the secret %s", where, form))
				break
			}
		}
	}
	return faults
}

// Leaks returns which secrets an answer repeats, in its body and headers.
func (a Answer) Leaks(secrets []string) []string {
	var head strings.Builder
	for name, values := range a.Header {
		fmt.Fprintf(&head, "%s: %s\n", name, strings.Join(values, ", "))
	}
	return append(Leaks("body", a.Body, secrets), Leaks("header", head.String(), secrets)...)
}
