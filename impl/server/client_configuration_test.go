package server_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store"
)

func (f fixture) configure(method, id, document string, change ...func(*http.Request)) *http.Response {
	return f.JSON(method, "/register/"+id, document, change...)
}

// update is a good update of c with other members.
func update(c servertest.Client, members string) string {
	return `{"client_id":"` + c.ID + `","redirect_uris":["` + c.RedirectURI + `"]` + members + `}`
}

// ATK-115, RFC7592-2-1, RFC7592-2.1-3, -4, RFC7592-2.2-10, -11, RFC7592-2.3-5, -6, RFC7592-B-4: only the registration access token of that client, in the
// header, opens a registration; every refusal is the same Bearer challenge.
func TestClientConfigurationNeedsItsToken(t *testing.T) {
	proof.Of(t, "ATK-115")
	f := newFixture(t)
	mine, theirs := f.Confidential(), f.Confidential()
	tokens := f.Grant(mine)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		document := ""
		if method == http.MethodPut {
			document = update(mine, `,"client_name":"Taken"`)
		}
		for name, change := range map[string]func(*http.Request){
			"none":               func(*http.Request) {},
			"of another client":  servertest.Bearer(theirs.RegistrationToken),
			"access token":       servertest.Bearer(tokens.Access),
			"refresh token":      servertest.Bearer(tokens.Refresh),
			"client secret":      servertest.Basic(mine.ID, mine.Secret),
			"secret as bearer":   servertest.Bearer(mine.Secret),
			"cut":                servertest.Bearer(mine.RegistrationToken[:len(mine.RegistrationToken)-1]),
			"upper case":         servertest.Bearer(strings.ToUpper(mine.RegistrationToken)),
			"trailing space":     servertest.Bearer(mine.RegistrationToken + " "),
			"in the query":       func(r *http.Request) { r.URL.RawQuery = "access_token=" + mine.RegistrationToken },
			"as a cookie":        func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "token", Value: mine.RegistrationToken}) },
			"unknown, good form": servertest.Bearer(f.Public().RegistrationToken),
		} {
			what := method + " " + name
			f.unchanged(t, what, func() {
				res := f.configure(method, mine.ID, document, change)
				if got := res.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, `Bearer realm="`+servertest.Issuer+`"`) || strings.Contains(got, "error=") == (name == "none" || name == "in the query" || name == "as a cookie") {
					t.Errorf("%s: WWW-Authenticate %q", what, got)
				}
				servertest.Refused(t, res, http.StatusUnauthorized, "invalid_token")
			})
		}
		f.unchanged(t, "unknown client", func() {
			servertest.Refused(t, f.configure(method, "unknown", strings.ReplaceAll(document, mine.ID, "unknown"), servertest.Bearer(mine.RegistrationToken)), http.StatusUnauthorized, "invalid_token")
		})
	}
	if res := f.configure(http.MethodGet, mine.ID, "", servertest.Bearer(mine.RegistrationToken)); res.StatusCode != http.StatusOK {
		t.Errorf("control: %d", res.StatusCode)
	}
}

// Who is disabled or expired cannot change that.
func TestClientConfigurationOfADeadClient(t *testing.T) {
	proof.Of(t, "CVE-2026-9705")
	f := newFixture(t)
	for name, change := range map[string]func(*store.Client){
		"disabled": func(c *store.Client) { c.DisabledAt = f.Clock.Now() },
		"expired":  func(c *store.Client) { c.ExpiresAt = f.Clock.Now() },
	} {
		c := f.Confidential()
		f.change(t, c.ID, change)
		for method, document := range map[string]string{http.MethodGet: "", http.MethodPut: update(c, ""), http.MethodDelete: ""} {
			f.unchanged(t, name, func() {
				servertest.Refused(t, f.configure(method, c.ID, document, servertest.Bearer(c.RegistrationToken)), http.StatusUnauthorized, "invalid_token")
			})
		}
	}
}

// RFC7592-2.1-1, -2, CVE-2020-10187: a read tells the registration, never a secret or a hash.
func TestReadClient(t *testing.T) {
	proof.Of(t, "CVE-2020-10187")
	f := newFixture(t)
	c := f.Confidential()
	res := f.configure(http.MethodGet, c.ID, "", servertest.Bearer(c.RegistrationToken))
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", res.StatusCode, err)
	}
	for _, secret := range []string{c.Secret, "sha256:", "hash", "fingerprint", "source"} {
		if strings.Contains(strings.ToLower(string(body)), strings.ToLower(secret)) {
			t.Errorf("the answer has %q: %s", secret, body)
		}
	}
	for _, want := range []string{`"client_id":"` + c.ID + `"`, `"registration_access_token":"` + c.RegistrationToken + `"`, `"registration_client_uri":"` + servertest.Issuer + "/register/" + c.ID + `"`, `"client_secret_expires_at":0`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the answer lacks %s: %s", want, body)
		}
	}
}

// RFC7592-2.2-2, -3, -4, -5, -6, -7, -8, -9, -14: an update replaces everything, names its client, and sets nothing that
// is the server's.
func TestUpdateClient(t *testing.T) {
	f := newFixture(t)
	c := f.Confidential()
	bearer := servertest.Bearer(c.RegistrationToken)
	for name, row := range map[string]struct{ document, code string }{
		"no client_id":      {`{"redirect_uris":["https://web.example.com/cb"]}`, "invalid_client_metadata"},
		"other client_id":   {strings.Replace(update(c, ""), c.ID, "other", 1), "invalid_client_metadata"},
		"wrong secret":      {update(c, `,"client_secret":"mine"`), "invalid_client_metadata"},
		"registration URI":  {update(c, `,"registration_client_uri":"https://x.example"`), "invalid_client_metadata"},
		"registration RAT":  {update(c, `,"registration_access_token":"x"`), "invalid_client_metadata"},
		"secret expiry":     {update(c, `,"client_secret_expires_at":0`), "invalid_client_metadata"},
		"issued at":         {update(c, `,"client_id_issued_at":0`), "invalid_client_metadata"},
		"bad redirect URI":  {update(c, `,"x":1`)[:strings.Index(update(c, ""), `"redirect_uris"`)] + `"redirect_uris":["http://evil.com/"]}`, "invalid_redirect_uri"},
		"no redirect URI":   {`{"client_id":"` + c.ID + `"}`, "invalid_redirect_uri"},
		"member twice":      {update(c, `,"client_name":"a","client_name":"b"`), "invalid_client_metadata"},
		"unsupported grant": {update(c, `,"grant_types":["password"]`), "invalid_client_metadata"},
	} {
		f.unchanged(t, name, func() {
			servertest.Refused(t, f.configure(http.MethodPut, c.ID, row.document, bearer), http.StatusBadRequest, row.code)
		})
	}
	m := servertest.Decode(t, f.configure(http.MethodPut, c.ID, update(c, `,"client_secret":"`+c.Secret+`","client_name":"New","client_name#fr":"Nouveau"`), bearer), http.StatusOK)
	if m["client_name"] != "New" || m["client_id"] != c.ID || m["registration_access_token"] != c.RegistrationToken || m["client_name#fr"] != "Nouveau" {
		t.Errorf("updated: %v", m)
	}
	if _, ok := m["client_secret"]; ok {
		t.Error("an unchanged secret is told again")
	}
	m = servertest.Decode(t, f.configure(http.MethodPut, c.ID, update(c, ""), bearer), http.StatusOK)
	if _, ok := m["client_name"]; ok || len(m["grant_types"].([]any)) != 1 {
		t.Errorf("what was left out is still there: %v", m)
	}
	// The secret still is the one that it was.
	code := f.Code(c, nil)
	servertest.Decode(t, f.Post("/token", c.Exchange(code, nil), c.Auth()), http.StatusOK)
}

// A change of the authentication method changes the secrets with it.
func TestUpdateOfTheAuthenticationMethod(t *testing.T) {
	f := newFixture(t)
	c := f.Confidential()
	bearer := servertest.Bearer(c.RegistrationToken)
	m := servertest.Decode(t, f.configure(http.MethodPut, c.ID, update(c, `,"token_endpoint_auth_method":"none"`), bearer), http.StatusOK)
	if _, ok := m["client_secret_expires_at"]; ok || m["client_secret"] != nil {
		t.Errorf("a public client has a secret: %v", m)
	}
	servertest.Refused(t, f.Post("/token", c.Exchange(f.Code(c, nil), nil), c.Auth()), http.StatusUnauthorized, "invalid_client")
	m = servertest.Decode(t, f.configure(http.MethodPut, c.ID, update(c, `,"token_endpoint_auth_method":"client_secret_basic"`), bearer), http.StatusOK)
	secret, _ := m["client_secret"].(string)
	if secret == "" || secret == c.Secret || m["client_secret_expires_at"] == nil {
		t.Errorf("a client that became confidential: %v", m)
	}
	servertest.Refused(t, f.Post("/token", c.Exchange(f.Code(c, nil), nil), c.Auth()), http.StatusUnauthorized, "invalid_client")
	c.Secret = secret
	servertest.Decode(t, f.Post("/token", c.Exchange(f.Code(c, nil), nil), c.Auth()), http.StatusOK)
}

// An update cannot be raced by another, nor by somebody who comes to share the
// registration.
func TestUpdateConflict(t *testing.T) {
	f := newFixture(t)
	c := f.Public()
	stale, err := f.Store.Client(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if res := f.configure(http.MethodPut, c.ID, update(c, `,"token_endpoint_auth_method":"none","client_name":"New"`), servertest.Bearer(c.RegistrationToken)); res.StatusCode != http.StatusOK {
		t.Fatal(res.StatusCode)
	}
	if err := f.Store.ReplaceClient(context.Background(), stale); err == nil {
		t.Error("an update was overwritten by one that had not read it")
	}
	// Whoever registers the old metadata now gets a client of its own.
	if other := f.Public(); other.ID == c.ID {
		t.Error("a changed registration was shared")
	}
}

// RFC7592-2.3-1, -2, -3, RFC7592-5-5, -6: deletion ends the client, its token, its grants, and what waits.
func TestDeleteClient(t *testing.T) {
	f := newFixture(t)
	c := f.Confidential()
	tokens := f.Grant(c)
	code := f.Code(c, nil)
	handle, mine := f.start(t, c.Request(nil))
	bearer := servertest.Bearer(c.RegistrationToken)
	res := f.configure(http.MethodDelete, c.ID, "", bearer)
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusNoContent || len(body) != 0 || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %q %v", res.StatusCode, body, res.Header)
	}
	servertest.Refused(t, f.configure(http.MethodGet, c.ID, "", bearer), http.StatusUnauthorized, "invalid_token")
	servertest.Refused(t, f.configure(http.MethodDelete, c.ID, "", bearer), http.StatusUnauthorized, "invalid_token")
	servertest.Refused(t, f.Post("/token", c.Exchange(code, nil), c.Auth()), http.StatusUnauthorized, "invalid_client")
	servertest.Refused(t, f.Post("/token", c.Refresh(tokens.Refresh, nil), c.Auth()), http.StatusUnauthorized, "invalid_client")
	if _, err := f.VerifyAccessToken(context.Background(), tokens.Access); err == nil {
		t.Error("an access token of a deleted client lives")
	}
	page(t, "authorize", f.Get("/authorize", c.Request(nil)), http.StatusBadRequest)
	if _, err := f.pending(handle, mine); reason(err) != "request_unknown" {
		t.Errorf("what waits: %v", err)
	}
}

// The registration access token has the registration's lifetime, not its own
// (RFC7592-5-1), and stays the same.
func TestRegistrationAccessTokenStays(t *testing.T) {
	proof.Of(t, "RFC7592-5-1", "RFC7592-A.1-2")
	f := newFixture(t)
	c := f.Public()
	for range 4 {
		f.Clock.Move(60 * 24 * time.Hour)
		f.Grant(c)
		if res := f.configure(http.MethodGet, c.ID, "", servertest.Bearer(c.RegistrationToken)); res.StatusCode != http.StatusOK {
			t.Fatalf("%d", res.StatusCode)
		}
	}
}
