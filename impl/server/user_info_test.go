package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// The claims of each scope, without null, empty texts and protocol claims.
func TestUserInfo(t *testing.T) {
	proof.Of(t, "OIDC-CORE-5.3.2-1", "OIDC-CORE-5.3.2-2", "OIDC-CORE-5.3.2-3", "OIDC-CORE-5.3.2-4", "OIDC-CORE-5.3.2-5", "OIDC-CORE-5.3.2-6", "OIDC-CORE-5.3.2-7", "OIDC-CORE-5.4-1", "OIDC-CORE-13.3-1")
	f := newFixture(t, servertest.OpenID)
	c := f.Public()
	for scope, want := range map[string][]string{
		"openid":                             {"sub"},
		"openid profile":                     {"family_name", "given_name", "locale", "name", "preferred_username", "sub", "updated_at"},
		"openid email":                       {"email", "email_verified", "sub"},
		"openid phone address":               {"address", "phone_number", "phone_number_verified", "sub"},
		"openid read profile offline_access": {"family_name", "given_name", "locale", "name", "preferred_username", "sub", "updated_at"},
	} {
		tokens := f.login(c, scope, nil)
		res := f.Get("/userinfo", nil, servertest.Bearer(tokens.Access))
		members := servertest.Decode(t, res, http.StatusOK)
		if !slices.Equal(sortedNames(members), want) || members["sub"] != "alice" {
			t.Errorf("%s: %v, want %v", scope, members, want)
		}
		if h := res.Header; h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("headers %v", h)
		}
	}
}

// The ways to ask, and never two at once.
func TestUserInfoMethods(t *testing.T) {
	proof.Of(t, "OAUTH21-5.1.2-1", "RFC6750-2.2-2")
	proof.Of(t, "OIDC-CORE-5.3-2", "OIDC-CORE-5.3-3", "RFC6750-2-1")
	f := newFixture(t, servertest.OpenID)
	token := f.login(f.Public(), "openid", nil).Access
	bare := func(method string) *http.Response {
		r := httptest.NewRequest(method, servertest.Issuer+"/userinfo", nil)
		r.Header.Set("Authorization", "bearer "+token)
		return f.Do(r)
	}
	for name, res := range map[string]*http.Response{
		"GET": bare("GET"), "POST without a body": bare("POST"),
		"POST of an empty form": f.Post("/userinfo", nil, servertest.Bearer(token)),
		"POST of the token":     f.Post("/userinfo", url.Values{"access_token": {token}}),
	} {
		if members := servertest.Decode(t, res, http.StatusOK); members["sub"] != "alice" {
			t.Errorf("%s: %v", name, members)
		}
	}
	servertest.Refused(t, f.Post("/userinfo", url.Values{"access_token": {token}}, servertest.Bearer(token)), http.StatusBadRequest, "invalid_request")
	for name, res := range map[string]*http.Response{
		"GET with the token in the query":  f.Get("/userinfo", url.Values{"access_token": {token}}),
		"POST with the token in the query": f.Post("/userinfo?access_token="+token, nil),
		"POST of JSON":                     f.JSON("POST", "/userinfo", `{"access_token":"`+token+`"}`),
	} {
		if res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
}

// Who gets nothing, and the challenge. The same token is good before.
func TestUserInfoRefuses(t *testing.T) {
	proof.Of(t, "OIDC-CORE-5.3.3-1", "OIDC-CORE-16.4-1")
	gone := false
	f := newFixture(t, servertest.OpenID, func(c *server.Config) {
		known := c.Claims
		c.Claims = func(ctx context.Context, subject string) (json.RawMessage, error) {
			if gone {
				return nil, server.ErrNoPerson
			}
			return known(ctx, subject)
		}
	})
	c := f.Public()
	good := f.login(c, "openid", nil)
	plain := f.login(c, "read profile", nil)
	revoked := f.login(c, "openid", nil)
	if res := f.Get("/userinfo", nil, servertest.Bearer(revoked.Access)); res.StatusCode != http.StatusOK {
		t.Fatalf("before the revocation: %d", res.StatusCode)
	}
	f.Post("/revoke", url.Values{"token": {revoked.Refresh}, "client_id": {c.ID}})
	for name, row := range map[string]struct {
		token, code string
		status      int
	}{
		"revoked":         {revoked.Access, "invalid_token", 401},
		"unknown":         {"chat_x", "invalid_token", 401},
		"a refresh token": {good.Refresh, "invalid_token", 401},
		"an ID Token":     {good.ID, "invalid_token", 401},
		"without openid":  {plain.Access, "insufficient_scope", 403},
	} {
		res := f.Get("/userinfo", nil, servertest.Bearer(row.token))
		if challenge := res.Header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Bearer ") || !strings.Contains(challenge, `error="`+row.code+`"`) {
			t.Errorf("%s: challenge %q", name, challenge)
		}
		servertest.Refused(t, res, row.status, row.code)
		if inForm := f.Post("/userinfo", url.Values{"access_token": {row.token}}); !strings.Contains(inForm.Header.Get("WWW-Authenticate"), `error="`+row.code+`"`) {
			t.Errorf("%s, in the form: challenge %q", name, inForm.Header.Get("WWW-Authenticate"))
		}
	}
	res := f.Get("/userinfo", nil)
	if challenge := res.Header.Get("WWW-Authenticate"); res.StatusCode != 401 || strings.Contains(challenge, "error") || !strings.HasPrefix(challenge, "Bearer realm=") {
		t.Errorf("no token: %d %q", res.StatusCode, challenge)
	}
	gone = true
	servertest.Refused(t, f.Get("/userinfo", nil, servertest.Bearer(good.Access)), http.StatusUnauthorized, "invalid_token")
	gone = false
	f.Clock.Move(2 * time.Hour)
	servertest.Refused(t, f.Get("/userinfo", nil, servertest.Bearer(good.Access)), http.StatusUnauthorized, "invalid_token")
}

// A Claims that fails, or returns no object, is the server's fault and tells nothing.
func TestUserInfoWithoutClaims(t *testing.T) {
	var document json.RawMessage
	var failure error
	f := newFixture(t, func(c *server.Config) {
		c.Claims = func(context.Context, string) (json.RawMessage, error) { return document, failure }
	})
	token := f.login(f.Public(), "openid profile", nil).Access
	ask := func() *http.Response { return f.Get("/userinfo", nil, servertest.Bearer(token)) }
	if members := servertest.Decode(t, ask(), http.StatusOK); fmt.Sprint(members) != "map[sub:alice]" {
		t.Errorf("a person without claims: %v", members)
	}
	document = json.RawMessage(`["name"]`)
	servertest.Refused(t, ask(), http.StatusInternalServerError, "server_error")
	document, failure = nil, errors.New("the directory is down: secret text")
	res := ask()
	servertest.Refused(t, res, http.StatusInternalServerError, "server_error")
}
