package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// metadata is what a client reads of RFC 8414 §2.
type metadata struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Registration  string `json:"registration_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
}

func (c *charter) metadata() metadata {
	c.t.Helper()
	res, err := http.Get(c.issuer + "/.well-known/oauth-authorization-server")
	if err != nil {
		c.t.Fatal(err)
	}
	var m metadata
	decode(c.t, res, http.StatusOK, &m)
	if m.Issuer != c.issuer {
		c.t.Fatalf("metadata of %s say issuer %s", c.issuer, m.Issuer)
	}
	return m
}

// register registers a public client (RFC 7591 §3.1) and returns its client_id.
func register(t *testing.T, endpoint, redirectURI string) string {
	t.Helper()
	res, err := http.Post(endpoint, "application/json", strings.NewReader(`{
		"client_name": "golang.org/x/oauth2",
		"application_type": "native",
		"redirect_uris": ["`+redirectURI+`"],
		"grant_types": ["authorization_code", "refresh_token"],
		"token_endpoint_auth_method": "none"}`))
	if err != nil {
		t.Fatal(err)
	}
	var registered struct {
		ClientID string `json:"client_id"`
	}
	decode(t, res, http.StatusCreated, &registered)
	return registered.ClientID
}

// An introspection is what RFC 7662 §2.2 says of a token.
type introspection struct {
	Active   bool     `json:"active"`
	Scope    string   `json:"scope"`
	ClientID string   `json:"client_id"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud"`
	Issuer   string   `json:"iss"`
}

func (o operatorClient) introspect(t *testing.T, endpoint, token string) introspection {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, endpoint, strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(o.ID), url.QueryEscape(o.Secret))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	var i introspection
	decode(t, res, http.StatusOK, &i)
	return i
}

// revoke revokes a token of a public client (RFC 7009 §2.1).
func revoke(t *testing.T, endpoint, clientID, token string) {
	t.Helper()
	res, err := http.PostForm(endpoint, url.Values{"client_id": {clientID}, "token": {token}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
		t.Fatalf("revocation: status %d: %s", res.StatusCode, body)
	}
}

func decode(t testing.TB, res *http.Response, status int, into any) {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("%s: status %d, want %d: %s", res.Request.URL, res.StatusCode, status, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%s: %v in %s", res.Request.URL, err, body)
	}
}
