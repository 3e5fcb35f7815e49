package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

const callback = "https://app.example.com/cb"

// An objectFixture is a server that takes request objects, and a client with a
// key.
type objectFixture struct {
	keyFixture
	key    clientKey
	client servertest.Client
}

func newObjectFixture(t *testing.T, more string, change ...func(*server.Config)) objectFixture {
	t.Helper()
	byReference := func(c *server.Config) { c.RequestObjects = server.RequestObjectsByReference }
	f := newKeyFixture(t, memory.New(), append([]func(*server.Config){byReference}, change...)...)
	key := newClientKey(t, jose.ES256)
	c := f.Register(`{"client_name":"Signer","redirect_uris":["` + callback + `","https://app.example.com/other"],"token_endpoint_auth_method":"none","jwks":{"keys":[` + key.jwk() + `]}` + more + `}`)
	return objectFixture{f, key, c}
}

// object is a good request object with changes; nil removes.
func (f objectFixture) claims(changes map[string]any) string {
	now := f.Clock.Now().Unix()
	c := map[string]any{
		"iss": f.client.ID, "aud": servertest.Issuer, "exp": now + 300, "nbf": now, "iat": now, "jti": fmt.Sprint(serial.Add(1)),
		"client_id": f.client.ID, "response_type": "code", "redirect_uri": callback, "state": "signed", "scope": "read",
		"code_challenge": servertest.Challenge, "code_challenge_method": "S256",
	}
	maps.Copy(c, changes)
	for name, v := range c {
		if v == nil {
			delete(c, name)
		}
	}
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (f objectFixture) object(changes map[string]any) string {
	return f.key.raw(f.key.header(`,"typ":"oauth-authz-req+jwt"`), f.claims(changes))
}

// ask sends an authorization request. It returns where the browser goes: a page,
// which is an error without redirect, or the client.
func (f objectFixture) ask(q url.Values) (status int, to *url.URL) {
	f.t.Helper()
	q = with(url.Values{"client_id": {f.client.ID}}, q)
	res := f.Get("/authorize", q)
	to, err := res.Location()
	if err != nil && res.StatusCode == http.StatusSeeOther {
		f.t.Fatal(err)
	}
	return res.StatusCode, to
}

// waits fails the test unless a request is put before a person.
func (f objectFixture) waits(name string, q url.Values) {
	f.t.Helper()
	if status, to := f.ask(q); status != http.StatusSeeOther || to.Path != "/ask" {
		f.t.Errorf("%s: status %d, to %v", name, status, to)
	}
}

// told fails the test unless the client is told an error by redirect.
func (f objectFixture) told(name string, q url.Values, code string) {
	f.t.Helper()
	status, to := f.ask(with(url.Values{"redirect_uri": {callback}, "response_type": {"code"}, "state": {"beside"}}, q))
	if status != http.StatusSeeOther || !strings.HasPrefix(to.String(), callback+"?") || to.Query().Get("error") != code || to.Query().Get("state") != "beside" {
		f.t.Errorf("%s: status %d, to %v; want %s", name, status, to, code)
	}
}

// What is signed is what counts; what stands beside it does not.
func TestRequestObject(t *testing.T) {
	proof.Of(t, "ATK-95", "RFC9101-4-1", "RFC9101-5-3", "RFC9101-5-6", "RFC9101-5-7", "RFC9101-6.3-1", "RFC9101-6.3-2", "OIDC-CORE-6.3.3-1", "OIDC-CORE-6.1-4", "OIDC-CORE-6.1-5")
	f := newObjectFixture(t, "")
	f.waits("only client_id beside it", url.Values{"request": {f.object(nil)}})
	f.waits("aud with another", url.Values{"request": {f.object(map[string]any{"aud": []string{"https://other.example.com", servertest.Issuer}})}})
	for name, beside := range map[string]url.Values{
		"other parameters": {"redirect_uri": {"https://app.example.com/other"}, "scope": {"write"}, "state": {"beside"}, "resource": {"https://mcp.example.com/mcp"}},
		"bad parameters":   {"redirect_uri": {"https://attacker.example/"}, "response_type": {"token"}, "scope": {"no such scope"}, "code_challenge": {"short"}},
		"repeated":         {"scope": {"read", "write"}, "state": {"a", "b"}, "redirect_uri": {"x", "y"}},
	} {
		p := f.Pending(with(url.Values{"client_id": {f.client.ID}, "request": {f.object(map[string]any{"resource": []string{"https://api.example.com"}, "login_hint": "alice"})}}, beside))
		if p.RedirectURI() != callback || fmt.Sprint(p.Scopes()) != "[read]" || fmt.Sprint(p.Resources()) != "[https://api.example.com]" || p.LoginHint() != "alice" {
			t.Errorf("%s: %s %v %v %q", name, p.RedirectURI(), p.Scopes(), p.Resources(), p.LoginHint())
		}
		if answer := f.Allow(p, ""); answer.Get("state") != "signed" || answer.Get("code") == "" {
			t.Errorf("%s: answered %v", name, answer)
		}
	}
	// A parameter that is only beside the object is none.
	f.told("no challenge", url.Values{"code_challenge": {servertest.Challenge}, "code_challenge_method": {"S256"}, "request": {f.object(map[string]any{"code_challenge": nil, "code_challenge_method": nil, "state": "beside"})}}, "invalid_request")
	f.told("unknown scope", url.Values{"request": {f.object(map[string]any{"scope": "no:such", "state": "beside"})}}, "invalid_scope")
	// The redirect URI in it must be the client's like any other.
	if status, to := f.ask(url.Values{"request": {f.object(map[string]any{"redirect_uri": "https://attacker.example/"})}}); status != http.StatusBadRequest {
		t.Errorf("an unregistered redirect URI: %d, %v", status, to)
	}
}

// What is no good request object, and where that is told.
func TestRequestObjectThatIsNotGood(t *testing.T) {
	proof.Of(t, "ATK-80", "ATK-81", "ATK-83", "ATK-95", "RFC9101-4-2", "RFC9101-4-3", "RFC9101-5-2", "RFC9101-5-4", "RFC9101-5-5", "RFC9101-6.1-2", "RFC9101-6.2-1", "RFC9101-6.2-2", "RFC9101-6.2-3", "RFC9101-6.2-4", "RFC9101-6.2-5", "RFC9101-6.3-3", "RFC9101-6.3-4", "RFC9101-7-2", "RFC9101-10.2-1", "RFC9101-10.5-2", "RFC9101-10.5-4",
		"OIDC-CORE-6-2", "OIDC-CORE-6.1-7", "OIDC-CORE-6.3.2-2", "OIDC-CORE-6.3.2-3")
	f := newObjectFixture(t, "")
	other := newClientKey(t, jose.ES256)
	stranger := f.Public()
	now := f.Clock.Now().Unix()
	typ := `,"typ":"oauth-authz-req+jwt"`
	for name, object := range map[string]string{
		"unsigned":            encode(`{"alg":"none","typ":"oauth-authz-req+jwt"}`) + "." + encode(f.claims(nil)) + ".",
		"none, signed":        f.key.raw(`{"alg":"none","typ":"oauth-authz-req+jwt"}`, f.claims(nil)),
		"another's key":       other.raw(f.key.header(typ), f.claims(nil)),
		"a key in the header": other.raw(other.header(typ+`,"jwk":`+other.jwk()), f.claims(nil)),
		"no typ":              f.key.raw(f.key.header(""), f.claims(nil)),
		"typ JWT":             f.key.raw(f.key.header(`,"typ":"JWT"`), f.claims(nil)),
		"no iss":              f.object(map[string]any{"iss": nil}),
		"iss of another":      f.object(map[string]any{"iss": stranger.ID}),
		"no aud":              f.object(map[string]any{"aud": nil}),
		"aud of another":      f.object(map[string]any{"aud": "https://other.example.com"}),
		"expired":             f.object(map[string]any{"exp": now - 11}),
		"no exp":              f.object(map[string]any{"exp": nil}),
		"for too long":        f.object(map[string]any{"exp": now + 3700, "iat": nil}),
		"not yet":             f.object(map[string]any{"nbf": now + 60}),
		"no client_id":        f.object(map[string]any{"client_id": nil}),
		"client_id of other":  f.object(map[string]any{"client_id": stranger.ID}),
		"client_id a number":  f.object(map[string]any{"client_id": 1}),
		"a client assertion":  f.object(map[string]any{"sub": f.client.ID}),
		"nested request":      f.object(map[string]any{"request": "x.y.z"}),
		"nested request_uri":  f.object(map[string]any{"request_uri": "https://app.example.com/r"}),
		"member twice":        f.key.raw(f.key.header(typ), strings.Replace(f.claims(nil), `"scope":`, `"scope":"write","scope":`, 1)),
		"encrypted":           encode(`{"alg":"RSA-OAEP-256","enc":"A128GCM","cty":"JWT"}`) + ".a.b.c.d",
		"no JWT":              "x",
	} {
		f.told(name, url.Values{"request": {object}}, "invalid_request_object")
		// Without a redirect URI beside it that is registered, nobody is told but the person.
		if status, to := f.ask(url.Values{"request": {object}, "redirect_uri": {"https://attacker.example/"}}); status != http.StatusBadRequest {
			t.Errorf("%s: %d, %v", name, status, to)
		}
	}
	f.told("two at once", url.Values{"request": {f.object(nil)}, "request_uri": {"https://app.example.com/r"}}, "invalid_request")
	f.waits("the control", url.Values{"request": {f.object(nil)}})
}

// The registered algorithm is the only one; a client that must sign does.
func TestRequestObjectsOfRegistration(t *testing.T) {
	proof.Of(t, "OIDC-REG-2-22", "OIDC-REG-2-23", "OIDC-REG-2-32", "RFC9101-10.5-1", "OIDC-CORE-6.3.2-1")
	f := newObjectFixture(t, `,"request_object_signing_alg":"RS256"`)
	f.told("another algorithm", url.Values{"request": {f.object(nil)}}, "invalid_request_object")

	f = newObjectFixture(t, `,"require_signed_request_object":true`)
	q := f.client.Request(nil)
	q.Set("redirect_uri", callback)
	q.Set("state", "beside")
	f.told("unsigned", q, "invalid_request")
	f.waits("signed", url.Values{"request": {f.object(nil)}})

	rsa := newClientKey(t, jose.RS256)
	c := f.Register(`{"redirect_uris":["` + callback + `"],"token_endpoint_auth_method":"none","request_object_signing_alg":"RS256","jwks":{"keys":[` + rsa.jwk() + `]}}`)
	by := objectFixture{f.keyFixture, rsa, c}
	by.waits("RS256", url.Values{"request": {by.object(nil)}})
}

// An operator lets a client leave out the typ.
func TestLegacyRequestObject(t *testing.T) {
	f := newObjectFixture(t, "")
	untyped := func() url.Values { return url.Values{"request": {f.key.raw(f.key.header(""), f.claims(nil))}} }
	f.told("without typ", untyped(), "invalid_request_object")
	legacy := true
	if _, _, err := server.UpdateClient(context.Background(), f.Store, f.Clock.Now(), f.client.ID, server.ClientUpdate{InsecureLegacyJWT: &legacy}); err != nil {
		t.Fatal(err)
	}
	f.waits("without typ", untyped())
	f.waits("with typ", url.Values{"request": {f.object(nil)}})
	f.told("a client assertion", url.Values{"request": {f.key.raw(f.key.header(""), f.claims(map[string]any{"sub": f.client.ID}))}}, "invalid_request_object")
}

// Where they are off, they are refused and nothing is fetched.
func TestRequestObjectsOff(t *testing.T) {
	proof.Of(t, "RFC9101-7-3", "RFC9101-7-4", "OIDC-CORE-6.1-1", "OIDC-CORE-6.2-1")
	d := newDocumentServer(t)
	uri := d.URL + "/r"
	for mode, codes := range map[server.RequestObjects][2]string{
		server.RequestObjectsOff:     {"request_not_supported", "request_uri_not_supported"},
		server.RequestObjectsByValue: {"", "request_uri_not_supported"},
	} {
		f := newObjectFixture(t, `,"request_uris":["`+uri+`"]`, d.fetches, func(c *server.Config) { c.RequestObjects = mode })
		if codes[0] == "" {
			f.waits("by value", url.Values{"request": {f.object(nil)}})
		} else {
			f.told("by value", url.Values{"request": {f.object(nil)}}, codes[0])
			servertest.Refused(t, f.JSON(http.MethodPost, "/register", `{"redirect_uris":["`+callback+`"],"require_signed_request_object":true,"jwks_uri":"https://app.example.com/keys"}`), http.StatusBadRequest, "invalid_client_metadata")
		}
		f.told("by reference", url.Values{"request_uri": {uri}}, codes[1])
		m := servertest.Decode(t, f.Get(oauthMetadata, nil), http.StatusOK)
		if (m["request_parameter_supported"] == true) != (codes[0] == "") || m["request_uri_parameter_supported"] == true || m["require_request_uri_registration"] != nil {
			t.Errorf("mode %d: advertised %v", mode, m)
		}
	}
	if n := d.hits.Load(); n != 0 {
		t.Errorf("%d fetches", n)
	}
}

// By reference: from a registered URI alone, with its hash where that is part of
// it, and of its media type.
func TestRequestURI(t *testing.T) {
	proof.Of(t, "RFC9101-5-1", "RFC9101-5.2-2", "RFC9101-5.2-3", "RFC9101-5.2.3-1", "RFC9101-7-1", "RFC9101-10.4.1-1", "RFC9101-10.4.1-2", "RFC9101-10.4.1-4", "RFC9101-11.1-1", "OIDC-CORE-6-1", "OIDC-CORE-6.2-3", "OIDC-CORE-6.2.3-1", "ATK-95")
	d := newDocumentServer(t)
	hash := encode(string(make([]byte, 32))) // of nothing that is there
	f := newObjectFixture(t, fmt.Sprintf(`,"request_uris":["%[1]s/r","%[1]s/r#%[2]s","%[1]s/page","%[1]s/gone","%[1]s/redirect"]`, d.URL, hash), d.fetches)
	body := f.object(nil)
	d.serve = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "application/oauth-authz-req+jwt")
		switch r.URL.Path {
		case "/page":
			w.Header().Set("Content-Type", "text/html")
		case "/gone":
			w.WriteHeader(http.StatusNotFound)
			return
		case "/redirect":
			http.Redirect(w, r, "/r", http.StatusFound)
			return
		}
		fmt.Fprint(w, body)
	}
	f.waits("registered", url.Values{"request_uri": {d.URL + "/r"}})
	if n := d.hits.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
	for _, uri := range []string{d.URL + "/other", d.URL + "/r?x", strings.ToUpper(d.URL) + "/r", d.URL + "/R", "https://attacker.example/r", "http://169.254.169.254/latest", "urn:ietf:params:oauth:request_uri:x", "file:///etc/passwd"} {
		f.told(uri, url.Values{"request_uri": {uri}}, "invalid_request_uri")
	}
	if n := d.hits.Load(); n != 1 {
		t.Errorf("%d fetches: an unregistered URI was fetched", n)
	}
	for _, path := range []string{"/r#" + hash, "/page", "/gone", "/redirect"} {
		f.Clock.Move(10 * time.Second)
		f.told(path, url.Values{"request_uri": {d.URL + path}}, "invalid_request_uri")
	}
	f.Clock.Move(10 * time.Second)
	body = "no object"
	f.told("no object", url.Values{"request_uri": {d.URL + "/r"}}, "invalid_request_object")
	f.Clock.Move(10 * time.Second)
	body = f.object(map[string]any{"request_uri": d.URL + "/r"})
	f.told("recursion", url.Values{"request_uri": {d.URL + "/r"}}, "invalid_request_object")
	f.Clock.Move(10 * time.Second)
	body = f.object(nil)
	f.waits("the control", url.Values{"request_uri": {d.URL + "/r"}})
}
