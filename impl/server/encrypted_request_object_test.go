package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/jose/jwe"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// encryptionKeys are those of the JWK Set with use enc.
func (f keyFixture) encryptionKeys() []gojose.JSONWebKey {
	f.t.Helper()
	b, err := json.Marshal(servertest.Decode(f.t, f.Get("/jwks", nil), http.StatusOK))
	if err != nil {
		f.t.Fatal(err)
	}
	var set gojose.JSONWebKeySet
	if err := json.Unmarshal(b, &set); err != nil {
		f.t.Fatal(err)
	}
	var keys []gojose.JSONWebKey
	for _, k := range set.Keys {
		if k.Use == "enc" {
			keys = append(keys, k)
		}
	}
	return keys
}

// encryptTo encrypts content as a client does that knows the key.
func encryptTo(t *testing.T, key gojose.JSONWebKey, alg, enc, content string, o *gojose.EncrypterOptions) string {
	t.Helper()
	e, err := gojose.NewEncrypter(gojose.ContentEncryption(enc), gojose.Recipient{Algorithm: gojose.KeyAlgorithm(alg), Key: key.Key, KeyID: key.KeyID}, o)
	if err != nil {
		t.Fatal(err)
	}
	message, err := e.Encrypt([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	s, err := message.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// keyFor returns the key that is encrypted to by alg.
func keyFor(t *testing.T, keys []gojose.JSONWebKey, alg string) gojose.JSONWebKey {
	t.Helper()
	for _, k := range keys {
		if rsa := k.Algorithm == "RSA-OAEP-256"; rsa == (alg == "RSA-OAEP-256") {
			return k
		}
	}
	t.Fatalf("the JWK Set has no key for %s: %v", alg, keys)
	return gojose.JSONWebKey{}
}

// An object that is signed and then encrypted is opened, by every algorithm that
// the metadata has, and only what was signed counts.
func TestEncryptedRequestObject(t *testing.T) {
	proof.Of(t, "RFC9101-4-4", "RFC9101-5-5", "RFC9101-6.1-1", "OIDC-CORE-6.1-6", "OIDC-CORE-6.3.1-1", "OIDC-CORE-6.3.1-2", "OIDC-CORE-10-1", "OIDC-CORE-10.2-1", "OIDC-DISC-3-11", "OIDC-DISC-3-12")
	f := newObjectFixture(t, `,"request_object_encryption_alg":"ECDH-ES"`, servertest.OpenID)
	m := servertest.Decode(t, f.Get(oauthMetadata, nil), http.StatusOK)
	if got := fmt.Sprint(m["request_object_encryption_alg_values_supported"], m["request_object_encryption_enc_values_supported"]); got != fmt.Sprint(jwe.Algs(), jwe.Encs()) {
		t.Errorf("advertised %s", got)
	}
	keys := f.encryptionKeys()
	if len(keys) != 2 {
		t.Fatalf("%d keys to encrypt to", len(keys))
	}
	for _, alg := range jwe.Algs() {
		for _, enc := range jwe.Encs() {
			object := encryptTo(t, keyFor(t, keys, alg), alg, enc, f.object(map[string]any{"login_hint": "alice"}), nil)
			p := f.Pending(url.Values{"client_id": {f.client.ID}, "request": {object}, "login_hint": {"mallory"}, "redirect_uri": {callback}})
			if p.LoginHint() != "alice" || p.RedirectURI() != callback {
				t.Errorf("%s %s: %q %q", alg, enc, p.LoginHint(), p.RedirectURI())
			}
		}
	}
	// A client that registered how it may encrypt is free to send in clear.
	f.waits("in clear", url.Values{"request": {f.object(nil)}})
}

// What is inside must be signed by the client, once, and every way in which it is
// not good is answered the same.
func TestEncryptedRequestObjectThatIsNotGood(t *testing.T) {
	proof.Of(t, "ATK-80", "ATK-95", "CVE-2026-9793", "OIDC-CORE-6.3.1-3", "OIDC-CORE-6.3.2-3", "RFC9101-6.2-1", "RFC9101-10.2-1")
	f := newObjectFixture(t, "")
	key := keyFor(t, f.encryptionKeys(), "RSA-OAEP-256")
	_, stranger := decryptionKey(t)
	var other gojose.JSONWebKey
	if err := json.Unmarshal([]byte(stranger), &other); err != nil {
		t.Fatal(err)
	}
	to := func(content string) string {
		return encryptTo(t, key, "RSA-OAEP-256", "A128CBC-HS256", content, nil)
	}
	good := to(f.object(nil))
	parts := strings.Split(good, ".")
	changed := func(i int) string {
		p := append([]string{}, parts...)
		first := "A"
		if p[i][0] == 'A' {
			first = "B"
		}
		p[i] = first + p[i][1:]
		return strings.Join(p, ".")
	}
	answers := map[string]string{}
	for name, object := range map[string]string{
		"only encrypted":        to(f.claims(nil)),
		"not signed":            to(encode(`{"alg":"none","typ":"oauth-authz-req+jwt"}`) + "." + encode(f.claims(nil)) + "."),
		"encrypted twice":       to(to(f.object(nil))),
		"signed by another":     to(newClientKey(t, "ES256").raw(f.key.header(`,"typ":"oauth-authz-req+jwt"`), f.claims(nil))),
		"for another server":    to(f.object(map[string]any{"aud": "https://other.example.com"})),
		"to another key":        encryptTo(t, other, "RSA-OAEP-256", "A128GCM", f.object(nil), nil),
		"by RSA1_5":             encryptTo(t, key, "RSA1_5", "A128GCM", f.object(nil), nil),
		"compressed":            encryptTo(t, key, "RSA-OAEP-256", "A128GCM", f.object(nil), &gojose.EncrypterOptions{Compression: gojose.DEFLATE}),
		"its header changed":    changed(0),
		"its key changed":       changed(1),
		"its content changed":   changed(3),
		"its tag changed":       changed(4),
		"nothing":               to(""),
		"signed, around it all": f.key.raw(f.key.header(`,"typ":"oauth-authz-req+jwt","cty":"JWT"`), `"`+good+`"`),
	} {
		f.told(name, url.Values{"request": {object}}, "invalid_request_object")
		_, to := f.ask(url.Values{"request": {object}, "redirect_uri": {callback}})
		answers[to.Query().Get("error_description")] += name + "; "
	}
	if len(answers) != 1 {
		t.Errorf("what is wrong is told: %v", answers)
	}
	f.waits("the control", url.Values{"request": {good}})
}

// The prompt of a request object is a list like that of a parameter.
func TestPromptOfRequestObject(t *testing.T) {
	proof.Of(t, "PROMPT-CREATE-4.1-3")
	f := newObjectFixture(t, "")
	p := f.Pending(url.Values{"client_id": {f.client.ID}, "request": {f.object(map[string]any{"prompt": "login consent"})}})
	if !p.Asks(server.PromptLogin) || !p.Asks(server.PromptConsent) || p.Asks(server.PromptNone) {
		t.Errorf("the prompt was read as another")
	}
	f.told("an unsupported value in the list", url.Values{"request": {f.object(map[string]any{"prompt": "login frobnicate", "state": "beside"})}}, "invalid_request")
}

// By reference it is the same.
func TestEncryptedRequestURI(t *testing.T) {
	proof.Of(t, "RFC9101-6.1-1", "OIDC-CORE-6.2-3")
	d := newDocumentServer(t)
	f := newObjectFixture(t, fmt.Sprintf(`,"request_uris":["%s/r","%s/bare"]`, d.URL, d.URL), d.fetches)
	key := keyFor(t, f.encryptionKeys(), "ECDH-ES")
	d.serve = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/oauth-authz-req+jwt")
		content := f.object(nil)
		if r.URL.Path == "/bare" {
			content = f.claims(nil)
		}
		fmt.Fprint(w, encryptTo(t, key, "ECDH-ES+A256KW", "A256GCM", content, nil))
	}
	f.waits("signed and encrypted", url.Values{"request_uri": {d.URL + "/r"}})
	f.told("only encrypted", url.Values{"request_uri": {d.URL + "/bare"}}, "invalid_request_object")
}

// What a client registers of it, and that without request objects there is none.
func TestRequestObjectEncryptionIsRegistered(t *testing.T) {
	proof.Of(t, "OIDC-REG-2-24", "RP-META-2-11", "RP-META-2-12")
	f := newObjectFixture(t, "")
	for members, want := range map[string]string{
		`"request_object_encryption_alg":"RSA-OAEP-256"`: "RSA-OAEP-256 A128CBC-HS256",
		`"request_object_encryption_alg_values_supported":["RSA1_5","ECDH-ES"],"request_object_encryption_enc_values_supported":["A192GCM","A128GCM"]`: "ECDH-ES A128GCM",
		`"request_object_encryption_enc":"A128GCM"`: "",
		`"request_object_encryption_alg":"RSA1_5"`:  "",
		`"request_object_encryption_alg":"ECDH-ES","request_object_encryption_alg_values_supported":["RSA-OAEP-256"]`: "",
	} {
		res := f.JSON(http.MethodPost, "/register", `{"redirect_uris":["`+callback+`"],`+members+`}`)
		if want == "" {
			servertest.Refused(t, res, http.StatusBadRequest, "invalid_client_metadata")
			continue
		}
		info := servertest.Decode(t, res, http.StatusCreated)
		if got := fmt.Sprint(info["request_object_encryption_alg"], " ", info["request_object_encryption_enc"]); got != want {
			t.Errorf("%s: %s", members, got)
		}
	}
	off := newKeyFixture(t, memory.New())
	m := servertest.Decode(t, off.Get(oauthMetadata, nil), http.StatusOK)
	if m["request_object_encryption_alg_values_supported"] != nil || m["request_object_encryption_enc_values_supported"] != nil || len(off.encryptionKeys()) != 0 {
		t.Errorf("without request objects: %v", m)
	}
}

// Rotation takes a key out of the JWK Set when the next one is known everywhere,
// and opens what was encrypted to it before for long enough.
func TestEncryptionKeyRotation(t *testing.T) {
	proof.Of(t, "OIDC-CORE-10.2.1-2")
	st := memory.New()
	f := newObjectFixture(t, "", func(c *server.Config) { c.Store = st })
	ids := func() string {
		var ids []string
		for _, k := range f.encryptionKeys() {
			ids = append(ids, k.KeyID)
		}
		return strings.Join(ids, " ")
	}
	before, old := ids(), keyFor(t, f.encryptionKeys(), "ECDH-ES")
	toOld := func() url.Values {
		return url.Values{"request": {encryptTo(t, old, "ECDH-ES", "A128GCM", f.object(nil), nil)}}
	}
	if err := f.RotateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.Clock.Move(59 * time.Minute)
	if ids() != before {
		t.Error("another key is published before every process can have it")
	}
	f.Clock.Move(2 * time.Minute)
	after := f.encryptionKeys()
	if ids() == before || len(after) != 2 {
		t.Fatalf("after an hour %d keys are published: %v", len(after), ids())
	}
	f.waits("to the new key", url.Values{"request": {encryptTo(t, keyFor(t, after, "ECDH-ES"), "ECDH-ES", "A128GCM", f.object(nil), nil)}})
	f.waits("to the old key", toOld())
	f.Clock.Move(2 * time.Hour)
	f.waits("to the old key after two hours", toOld())
	f.Clock.Move(time.Hour)
	f.told("to a key that has expired", toOld(), "invalid_request_object")
	copies, err := st.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, k := range copies {
		seen[k.Use+" "+k.Algorithm]++
	}
	if want := map[string]int{"enc ECDH-ES": 2, "enc RSA-OAEP-256": 2}; !maps.Equal(seen, want) {
		t.Errorf("the store has %v", seen)
	}
}
