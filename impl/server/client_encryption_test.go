package server_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
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
	proof.Of(t, "OIDC-CORE-2-16")
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
		if header := decoded(t, strings.Split(idToken, ".")[0]); !strings.Contains(header, `"cty":"JWT"`) {
			t.Errorf("header %s", header)
		}
		if sub := f.IDToken(c, decrypt(t, idToken, private, want))["sub"]; sub != "alice" { // signed within
			t.Errorf("sub %q", sub)
		}
	}
}

// UserInfo is signed, encrypted, or signed and then encrypted, as the client
// registered; in clear only for one that registered neither.
func TestEncryptedUserInfo(t *testing.T) {
	proof.Of(t, "OIDC-CORE-5.3.2-1", "OIDC-CORE-5.3.2-8", "OIDC-CORE-5.3.2-9", "OIDC-CORE-5.3.2-10", "OIDC-CORE-10-1", "OIDC-REG-2-20")
	private, jwk := decryptionKey(t)
	const encrypted = `,"userinfo_encrypted_response_alg":"RSA-OAEP-256"`
	f := newKeyFixture(t, memory.New(), servertest.OpenID)
	for _, c := range []struct {
		name, members string
		parts         int // of the response, 0 for JSON
		enc           gojose.ContentEncryption
		signed        bool
	}{
		{"json", "", 0, "", false},
		{"signed", `,"userinfo_signed_response_alg":"ES256"`, 3, "", true},
		{"encrypted", encrypted, 5, gojose.A128CBC_HS256, false},
		{"encrypted by", encrypted + `,"userinfo_encrypted_response_enc":"A256GCM"`, 5, gojose.A256GCM, false},
		{"both", encrypted + `,"userinfo_signed_response_alg":"ES256"`, 5, gojose.A128CBC_HS256, true},
		{"chosen", `,"userinfo_encryption_alg_values_supported":["RSA1_5","RSA-OAEP-256"],"userinfo_encryption_enc_values_supported":["A128GCM","A192GCM"]`, 5, gojose.A128GCM, false},
	} {
		client := f.Register(`{"client_name":"` + c.name + `","redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none","jwks":{"keys":[` + jwk + `]}` + c.members + `}`)
		tokens := f.Token(client, client.Exchange(f.Code(client, url.Values{"scope": {"openid email"}}), nil))
		for method, res := range map[string]*http.Response{
			"GET":  f.Get("/userinfo", nil, servertest.Bearer(tokens.Access)),
			"POST": f.Post("/userinfo", url.Values{"access_token": {tokens.Access}}),
		} {
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("%s %s: %d %s, %v", method, c.name, res.StatusCode, b, err)
			}
			body, contentType := string(b), res.Header.Get("Content-Type")
			if c.parts == 0 {
				if contentType != "application/json" || !strings.Contains(body, `"sub":"alice"`) {
					t.Errorf("%s %s: %s %s", method, c.name, contentType, body)
				}
				continue
			}
			if contentType != "application/jwt" || strings.Count(body, ".") != c.parts-1 || strings.Contains(body, "alice") {
				t.Fatalf("%s %s: %s %s", method, c.name, contentType, body)
			}
			nested := false
			if c.parts == 5 {
				nested = strings.Contains(decoded(t, strings.Split(body, ".")[0]), `"cty":"JWT"`)
				body = decrypt(t, body, private, c.enc)
			}
			var info map[string]any
			if c.signed {
				info = payloadOf(t, body)
			} else if err := json.Unmarshal([]byte(body), &info); err != nil {
				t.Fatalf("%s %s: %s, %v", method, c.name, body, err)
			}
			if nested != (c.signed && c.parts == 5) || info["sub"] != "alice" || info["email"] == nil || info["iss"] != servertest.Issuer || info["aud"] != client.ID {
				t.Errorf("%s %s: nested %v, %v", method, c.name, nested, info)
			}
		}
	}
}

// While the client's key cannot be had, UserInfo is not sent in clear.
func TestUserInfoIsNotSentInClear(t *testing.T) {
	proof.Of(t, "OIDC-REG-2-20")
	d := newDocumentServer(t)
	_, jwk := decryptionKey(t)
	published := ""
	d.serve = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"keys":[%s]}`, published) }
	f := newKeyFixture(t, memory.New(), servertest.OpenID, d.fetches)
	c := f.Register(`{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"none","userinfo_encrypted_response_alg":"RSA-OAEP-256","jwks_uri":"` + d.URL + `/keys"}`)
	tokens := f.Token(c, c.Exchange(f.Code(c, url.Values{"scope": {"openid"}}), nil))
	servertest.Refused(t, f.Get("/userinfo", nil, servertest.Bearer(tokens.Access)), http.StatusBadRequest, "invalid_request")
	servertest.Refused(t, f.Post("/userinfo", url.Values{"access_token": {tokens.Access}}), http.StatusBadRequest, "invalid_request")
	published = jwk
	f.Clock.Move(31 * time.Second)
	if res := f.Get("/userinfo", nil, servertest.Bearer(tokens.Access)); res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/jwt" {
		t.Errorf("with a key: %d %v", res.StatusCode, res.Header)
	}
}

func decoded(t *testing.T, part string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
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
