package jwe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/charterauth/charter/impl/jose"
)

func set(t *testing.T, keys ...gojose.JSONWebKey) []byte {
	t.Helper()
	b, err := json.Marshal(gojose.JSONWebKeySet{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every allowed pair opens with the private key, has nothing in its header but
// what it must, and no other algorithm is allowed.
func TestEncrypt(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := set(t, gojose.JSONWebKey{Key: &rsaKey.PublicKey, KeyID: "r", Use: "enc"}, gojose.JSONWebKey{Key: &ecKey.PublicKey, KeyID: "e"})
	for _, alg := range Algs() {
		var private any = ecKey
		if alg == "RSA-OAEP-256" {
			private = rsaKey
		}
		for _, enc := range Encs() {
			k, err := ParseKey(keys, alg)
			if err != nil {
				t.Fatal(err)
			}
			token, err := k.Encrypt(enc, "JWT", "", []byte("a.b.c"))
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := gojose.ParseEncryptedCompact(token, []gojose.KeyAlgorithm{gojose.KeyAlgorithm(alg)}, []gojose.ContentEncryption{gojose.ContentEncryption(enc)})
			if err != nil {
				t.Fatal(err)
			}
			if plaintext, err := parsed.Decrypt(private); err != nil || string(plaintext) != "a.b.c" {
				t.Errorf("%s %s: %q, %v", alg, enc, plaintext, err)
			}
			header, err := base64.RawURLEncoding.DecodeString(token[:strings.IndexByte(token, '.')])
			if err != nil || strings.Contains(string(header), "zip") || !strings.Contains(string(header), `"cty":"JWT"`) || !strings.Contains(string(header), `"kid"`) {
				t.Errorf("%s %s: header %s, %v", alg, enc, header, err)
			}
		}
	}
	k, err := ParseKey(keys, "RSA-OAEP-256")
	if err != nil {
		t.Fatal(err)
	}
	for _, issuer := range []string{"", "https://as.example"} {
		token, err := k.Encrypt("A128GCM", "JWT", issuer, []byte("a.b.c"))
		if err != nil {
			t.Fatal(err)
		}
		header, err := base64.RawURLEncoding.DecodeString(token[:strings.IndexByte(token, '.')])
		if err != nil || strings.Contains(string(header), `"iss":"https://as.example"`) != (issuer != "") || strings.Contains(string(header), `"iss"`) != (issuer != "") {
			t.Errorf("issuer %q: header %s, %v", issuer, header, err)
		}
	}
	for _, alg := range []string{"RSA1_5", "RSA-OAEP", "PBES2-HS256+A128KW", "dir", "A128KW", ""} {
		if _, err := ParseKey(keys, alg); !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: %v", alg, err)
		}
	}
	k, err = ParseKey(keys, "ECDH-ES")
	if err != nil {
		t.Fatal(err)
	}
	for _, enc := range []string{"A192GCM", "none", ""} {
		if token, err := k.Encrypt(enc, "JWT", "", nil); err == nil {
			t.Errorf("%q: %s", enc, token)
		}
	}
	if token, err := (Key{}).Encrypt(DefaultEnc, "JWT", "", nil); err == nil {
		t.Errorf("without a key: %s", token)
	}
}

// Which key of a set is encrypted to.
func TestParseKey(t *testing.T) {
	good, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	key := func(k *rsa.PrivateKey, use, alg string) []byte {
		return set(t, gojose.JSONWebKey{Key: &k.PublicKey, KeyID: "k", Use: use, Algorithm: alg})
	}
	for name, c := range map[string]struct {
		set []byte
		ok  bool
	}{
		"for encryption":        {key(good, "enc", ""), true},
		"for anything":          {key(good, "", ""), true},
		"for the algorithm":     {key(good, "enc", "RSA-OAEP-256"), true},
		"for another algorithm": {key(good, "enc", "RSA-OAEP"), false},
		"for signatures":        {key(good, "sig", ""), false},
		"signatures' algorithm": {key(good, "", "RS256"), false},
		"weak":                  {key(weak, "enc", ""), false},
		"of another type":       {[]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`), false},
		"a private key":         {set(t, gojose.JSONWebKey{Key: good, KeyID: "k"}), false},
		"a symmetric key":       {[]byte(`{"keys":[{"kty":"oct","k":"AAAA"}]}`), false},
		"no key":                {[]byte(`{"keys":[]}`), false},
		"no set":                {[]byte(`[]`), false},
	} {
		_, err := ParseKey(c.set, "RSA-OAEP-256")
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrNoKey) && !errors.Is(err, jose.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
