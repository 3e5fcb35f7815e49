package server_test

import (
	"fmt"
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

// Keys at jwks_uri rotate without a word to this server, and a name of a key
// that nobody has is looked for once in 30 seconds.
func TestKeysAtURI(t *testing.T) {
	proof.Of(t, "ATK-101")
	d := newDocumentServer(t)
	first, second := newClientKey(t, jose.ES256), newClientKey(t, jose.ES256)
	published := first.jwk()
	d.serve = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store") // kept for a moment all the same
		fmt.Fprintf(w, `{"keys":[%s]}`, published)
	}
	f := newKeyFixture(t, memory.New(), d.fetches)
	c := f.Register(`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"` + d.URL + `/keys"}`)
	ask := func(key clientKey) int {
		return f.Post("/revoke", with(url.Values{"token": {"x"}}, asserting(c.ID, key.raw(key.header(""), assertionClaims(f, c.ID, nil))))).StatusCode
	}
	expect := func(name string, key clientKey, status int, hits int64) {
		t.Helper()
		if got := ask(key); got != status || d.hits.Load() != hits {
			t.Errorf("%s: status %d after %d fetches, want %d after %d", name, got, d.hits.Load(), status, hits)
		}
	}
	expect("the first key", first, 200, 1)
	expect("kept", first, 200, 1)
	expect("a key that is not there", second, 401, 1)
	f.Clock.Move(29 * time.Second)
	published = first.jwk() + "," + second.jwk()
	expect("a key that came meanwhile", second, 401, 1)
	f.Clock.Move(2 * time.Second)
	expect("a key that came meanwhile, later", second, 200, 2)
	published = second.jwk()
	f.Clock.Move(31 * time.Second)
	expect("a key that is gone", first, 401, 3)
	expect("the control", second, 200, 3)
}

// What is at jwks_uri is as strictly read as what is in jwks.
func TestKeysAtURIThatAreNone(t *testing.T) {
	proof.Of(t, "RFC7591-2-12")
	proof.Of(t, "ATK-118", "OIDC-REG-2-12")
	d := newDocumentServer(t)
	key := newClientKey(t, jose.ES256)
	private := strings.Replace(key.jwk(), "{", `{"d":"AAAA",`, 1)
	for name, document := range map[string]string{
		"private": `{"keys":[` + private + `]}`, "symmetric": `{"keys":[` + key.jwk() + `,{"kty":"oct","k":"AAAA"}]}`,
		"one kid twice": `{"keys":[` + key.jwk() + `,` + key.jwk() + `]}`, "a thousand": `{"keys":[` + strings.Repeat(key.jwk()+",", 299) + key.jwk() + `]}`,
		"no set": `[]`, "empty": ``,
	} {
		d.serve = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, document) }
		f := newKeyFixture(t, memory.New(), d.fetches)
		c := f.Register(`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"` + d.URL + `/keys"}`)
		form := func() url.Values {
			return with(url.Values{"token": {"x"}}, asserting(c.ID, key.raw(key.header(""), assertionClaims(f, c.ID, nil))))
		}
		servertest.Refused(t, f.Post("/revoke", form()), http.StatusUnauthorized, "invalid_client")
		d.serve = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"keys":[%s]}`, key.jwk()) }
		f.Clock.Move(time.Minute)
		if res := f.Post("/revoke", form()); res.StatusCode != http.StatusOK || t.Failed() {
			t.Fatalf("%s: the control has status %d", name, res.StatusCode)
		}
	}
}

// An RSA key whose JWK names no algorithm is for the one that the client
// registered, and for no other.
func TestKeyForRegisteredAlgorithm(t *testing.T) {
	proof.Of(t, "OIDC-DISC-3-27")
	proof.Of(t, "OIDC-REG-2-25", "OIDC-REG-2-26")
	f := newKeyFixture(t, memory.New())
	for _, alg := range []jose.Algorithm{jose.PS256, jose.RS256} {
		key := newClientKey(t, alg)
		open := strings.Replace(key.jwk(), `"alg":"`+string(alg)+`",`, "", 1)
		c := f.operatorClient(server.OperatorClient{Metadata: []byte(`{"grant_types":["client_credentials"],"token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_signing_alg":"` + string(alg) + `","jwks":{"keys":[` + open + `]}}`)})
		f.accepts(string(alg), with(machine, asserting(c.ID, key.raw(key.header(""), assertionClaims(f, c.ID, nil)))))
		other := newClientKey(t, map[jose.Algorithm]jose.Algorithm{jose.PS256: jose.RS256, jose.RS256: jose.PS256}[alg])
		other.private = key.private
		f.refuses("not by "+string(alg), with(machine, asserting(c.ID, other.raw(`{"alg":"`+other.method.Alg()+`"}`, assertionClaims(f, c.ID, nil)))))
	}
}

// A client that is named by a document authenticates by the key in it.
func TestMetadataDocumentWithKey(t *testing.T) {
	proof.Of(t, "CIMD-6.2-1", "CIMD02-8.2-1")
	d := newDocumentServer(t)
	key := newClientKey(t, jose.ES256)
	d.document(`,"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[` + key.jwk() + `]}`)
	f := newKeyFixture(t, memory.New(), d.fetches)
	c := documentClient(d.URL + "/client.json")
	code := f.Code(c, nil)
	f.refuses("by name alone", c.Exchange(code, nil))
	f.accepts("by its key", with(c.Exchange(code, nil), asserting(c.ID, key.raw(key.header(""), assertionClaims(f, c.ID, nil)))))
	// It is no resource server: introspection tells it nothing of others' tokens.
	other := f.Public()
	token := f.Token(other, other.Exchange(f.Code(other, nil), nil)).Access
	form := with(url.Values{"token": {token}}, asserting(c.ID, key.raw(key.header(""), assertionClaims(f, c.ID, nil))))
	if members := servertest.Decode(t, f.Post("/introspect", form), http.StatusOK); members["active"] != false {
		t.Errorf("introspection tells %v", members)
	}
}

// Keys at an address that is not public are not fetched, whoever says that they
// are there.
func TestKeysAtPrivateAddress(t *testing.T) {
	proof.Of(t, "CIMD-6.5-2")
	d := newDocumentServer(t)
	key := newClientKey(t, jose.ES256)
	d.serve = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"keys":[%s]}`, key.jwk()) }
	for insecure, status := range map[bool]int{false: http.StatusUnauthorized, true: http.StatusOK} {
		f := newKeyFixture(t, memory.New(), d.fetches, func(c *server.Config) { c.InsecureFetchLoopback = insecure })
		c := f.Register(`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"` + d.URL + `/keys"}`)
		before := d.hits.Load()
		res := f.Post("/revoke", with(url.Values{"token": {"x"}}, asserting(c.ID, key.raw(key.header(""), assertionClaims(f, c.ID, nil)))))
		if res.StatusCode != status || (d.hits.Load() > before) != insecure {
			t.Errorf("insecure %v: status %d, %d fetches", insecure, res.StatusCode, d.hits.Load()-before)
		}
	}
}
