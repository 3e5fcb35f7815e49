package server_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store/memory"
)

const encryptedMetadata = `{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none","id_token_encrypted_response_alg":"RSA-OAEP-256"`

// decryptionKey is a client's key pair, and its public half as a JWK.
func decryptionKey(t *testing.T) (*rsa.PrivateKey, string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(gojose.JSONWebKey{Key: &private.PublicKey, KeyID: "enc-1", Use: "enc"})
	if err != nil {
		t.Fatal(err)
	}
	return private, string(b)
}

func decrypt(t *testing.T, token string, private *rsa.PrivateKey, enc gojose.ContentEncryption) string {
	t.Helper()
	message, err := gojose.ParseEncryptedCompact(token, []gojose.KeyAlgorithm{gojose.RSA_OAEP_256}, []gojose.ContentEncryption{enc})
	if err != nil {
		t.Fatal(err)
	}
	plaintext, err := message.Decrypt(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(plaintext)
}

// An ID Token is signed and then encrypted, by what the client registered.
func TestEncryptedIDToken(t *testing.T) {
	proof.Of(t, "OIDC-REG-2-17", "OIDC-REG-2-31", "OIDC-CORE-10-1", "OIDC-CORE-10.2-1")
	private, jwk := decryptionKey(t)
	for _, enc := range []string{"", "A256GCM"} {
		f := newKeyFixture(t, memory.New(), servertest.OpenID)
		more, want := "", gojose.A128CBC_HS256
		if enc != "" {
			more, want = `,"id_token_encrypted_response_enc":"`+enc+`"`, gojose.ContentEncryption(enc)
		}
		c := f.Register(encryptedMetadata + more + `,"jwks":{"keys":[` + jwk + `]}}`)
		tokens := servertest.Decode(t, f.Post("/token", c.Exchange(f.Code(c, url.Values{"scope": {"openid"}}), nil)), http.StatusOK)
		idToken, _ := tokens["id_token"].(string)
		if strings.Count(idToken, ".") != 4 {
			t.Fatalf("id_token %q", idToken)
		}
		if sub := jwtSubject(t, decrypt(t, idToken, private, want)); sub != "alice" {
			t.Errorf("sub %q", sub)
		}
	}
}

// Keys at jwks_uri: a new one is found; while there is none, nothing is sent in
// clear and the code stays good.
func TestEncryptionKeyAtURI(t *testing.T) {
	d := newDocumentServer(t)
	private, jwk := decryptionKey(t)
	published := ""
	d.serve = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"keys":[%s]}`, published) }
	f := newKeyFixture(t, memory.New(), servertest.OpenID, d.fetches)
	c := f.Register(encryptedMetadata + `,"jwks_uri":"` + d.URL + `/keys"}`)
	code := f.Code(c, url.Values{"scope": {"openid"}})
	servertest.Refused(t, f.Post("/token", c.Exchange(code, nil)), http.StatusBadRequest, "invalid_request")
	published = jwk
	f.Clock.Move(31 * time.Second)
	tokens := servertest.Decode(t, f.Post("/token", c.Exchange(code, nil)), http.StatusOK)
	idToken, _ := tokens["id_token"].(string)
	if sub := jwtSubject(t, decrypt(t, idToken, private, gojose.A128CBC_HS256)); sub != "alice" {
		t.Errorf("sub %q", sub)
	}
}

// What cannot be encrypted is not registered.
func TestEncryptionIsRegistered(t *testing.T) {
	proof.Of(t, "OIDC-REG-2-18", "OIDC-REG-2-21", "OIDC-REG-2-24", "RP-META-2-5", "RP-META-2-6", "RP-META-2-8", "RP-META-2-9", "RP-META-2-11", "RP-META-2-12")
	_, jwk := decryptionKey(t)
	f := newKeyFixture(t, memory.New(), servertest.OpenID)
	keys := `,"jwks":{"keys":[` + jwk + `]}`
	for _, c := range []struct {
		members string
		want    string // of id_token_encrypted_response_alg and enc; empty: refused
	}{
		{`"id_token_encrypted_response_alg":"RSA-OAEP-256"` + keys, "RSA-OAEP-256 A128CBC-HS256"},
		{`"id_token_encryption_alg_values_supported":["RSA1_5","RSA-OAEP-256"],"id_token_encryption_enc_values_supported":["A128GCM"]` + keys, "RSA-OAEP-256 A128GCM"},
		{`"id_token_encrypted_response_alg":"RSA-OAEP-256"`, ""},
		{`"id_token_encrypted_response_alg":"ECDH-ES"` + keys, ""},
		{`"id_token_encrypted_response_alg":"RSA1_5"` + keys, ""},
		{`"id_token_encrypted_response_alg":"PBES2-HS256+A128KW"` + keys, ""},
		{`"id_token_encrypted_response_enc":"A128GCM"` + keys, ""},
		{`"userinfo_encrypted_response_enc":"A128GCM"` + keys, ""},
		{`"request_object_encryption_enc":"A128GCM"` + keys, ""},
		{`"id_token_encrypted_response_alg":"RSA-OAEP-256","id_token_encryption_alg_values_supported":["ECDH-ES"]` + keys, ""},
		{`"id_token_encrypted_response_alg":"RSA-OAEP-256","id_token_encrypted_response_enc":"A128GCM","id_token_encryption_enc_values_supported":["A256GCM"]` + keys, ""},
		{`"userinfo_encrypted_response_alg":"RSA-OAEP-256","userinfo_encryption_alg_values_supported":["ECDH-ES"]` + keys, ""},
		{`"userinfo_encrypted_response_alg":"RSA-OAEP-256","userinfo_encrypted_response_enc":"A128GCM","userinfo_encryption_enc_values_supported":["A256GCM"]` + keys, ""},
		{`"request_object_encryption_alg":"RSA-OAEP-256","request_object_encryption_alg_values_supported":["ECDH-ES"]` + keys, ""},
		{`"request_object_encryption_enc":"A128GCM","request_object_encryption_enc_values_supported":["A256GCM"]` + keys, ""},
	} {
		res := f.JSON(http.MethodPost, "/register", `{"redirect_uris":["https://app.example.com/cb"],`+c.members+`}`)
		if c.want == "" {
			servertest.Refused(t, res, http.StatusBadRequest, "invalid_client_metadata")
			continue
		}
		info := servertest.Decode(t, res, http.StatusCreated)
		if got := fmt.Sprint(info["id_token_encrypted_response_alg"], " ", info["id_token_encrypted_response_enc"]); got != c.want {
			t.Errorf("%s: registered %s, want %s", c.members, got, c.want)
		}
	}
}
