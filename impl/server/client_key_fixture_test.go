package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// A keyFixture is a server whose clients have keys.
type keyFixture struct {
	*servertest.Server
	t testing.TB
}

func newKeyFixture(t testing.TB, st store.Store, change ...func(*server.Config)) keyFixture {
	t.Helper()
	return keyFixture{servertest.New(t, st, change...), t}
}

// A clientKey is a key of a client, with which a test signs what it likes.
type clientKey struct {
	method  jwt.SigningMethod
	private any
	public  *jose.Key
}

func newClientKey(t testing.TB, alg jose.Algorithm) clientKey {
	t.Helper()
	k := clientKey{}
	var err error
	switch alg {
	case jose.ES256:
		private, e := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if e != nil {
			t.Fatal(e)
		}
		k.method, k.private = jwt.SigningMethodES256, private
		k.public, err = jose.NewKey(alg, private)
	case jose.RS256, jose.PS256:
		private, e := rsa.GenerateKey(rand.Reader, 2048)
		if e != nil {
			t.Fatal(e)
		}
		k.method, k.private = jwt.GetSigningMethod(string(alg)), private
		k.public, err = jose.NewKey(alg, private)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (k clientKey) jwk() string {
	b, err := k.public.Public().MarshalJSON()
	if err != nil {
		panic(err)
	}
	return string(b)
}

// raw signs any header and payload.
func (k clientKey) raw(header, payload string) string {
	input := encode(header) + "." + encode(payload)
	signature, err := k.method.Sign(input, k.private)
	if err != nil {
		panic(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func (k clientKey) header(more string) string {
	return fmt.Sprintf(`{"alg":%q,"kid":%q%s}`, k.method.Alg(), k.public.Public().ID(), more)
}

// assertionClaims are those of a good assertion of client id, with changes; nil
// removes.
func assertionClaims(f keyFixture, id string, changes map[string]any) string {
	now := f.Clock.Now().Unix()
	c := map[string]any{
		"iss": id, "sub": id, "aud": servertest.Issuer, "exp": now + 60, "iat": now, "jti": fmt.Sprint(serial.Add(1)),
		"unknown": map[string]any{"ignored": true},
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

var serial atomic.Int64

func asserting(id, assertion string) url.Values {
	form := url.Values{"client_assertion": {assertion}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
	if id != "" {
		form.Set("client_id", id)
	}
	return form
}

func with(form url.Values, more url.Values) url.Values {
	form = maps.Clone(form)
	maps.Copy(form, more)
	return form
}

var machine = url.Values{"grant_type": {"client_credentials"}}

// asserter registers, as an operator, a client that authenticates by key.
func (f keyFixture) asserter(key clientKey, more string) servertest.Client {
	f.t.Helper()
	return f.operatorClient(server.OperatorClient{Metadata: []byte(`{"client_name":"Asserter","grant_types":["client_credentials"],"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[` + key.jwk() + `]}` + more + `}`)})
}

func (f keyFixture) operatorClient(o server.OperatorClient) servertest.Client {
	f.t.Helper()
	o.KeyEncryptionKey = func() (*seal.KEK, error) { return servertest.KEK(f.t), nil }
	created, secret, err := server.CreateClient(context.Background(), f.Store, f.Clock.Now(), o)
	if err != nil {
		f.t.Fatal(err)
	}
	return servertest.Client{ID: created.ID, Secret: secret}
}

// accepts fails the test unless a token request succeeds.
func (f keyFixture) accepts(name string, form url.Values) {
	f.t.Helper()
	if res := f.Post("/token", form); res.StatusCode != http.StatusOK {
		f.t.Errorf("%s: status %d", name, res.StatusCode)
	}
}

// refuses fails the test unless a token request is 401 invalid_client.
func (f keyFixture) refuses(name string, form url.Values) {
	f.t.Helper()
	if res := f.Post("/token", form); res.StatusCode != http.StatusUnauthorized {
		f.t.Errorf("%s: status %d, want 401", name, res.StatusCode)
	}
}
