package jwe

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/jose"
)

func generated(t testing.TB, keyType string) *PrivateKey {
	t.Helper()
	k, err := Generate(keyType)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// typeFor is the type of key for alg.
func typeFor(alg string) string {
	if alg == "RSA-OAEP-256" {
		return alg
	}
	return "ECDH-ES"
}

// encryptTo encrypts as a client does that has read the JWK Set, with whatever
// algorithms and options the library has.
func encryptTo(t testing.TB, k *PrivateKey, alg, enc string, content []byte, o *gojose.EncrypterOptions) string {
	t.Helper()
	e, err := gojose.NewEncrypter(gojose.ContentEncryption(enc), gojose.Recipient{Algorithm: gojose.KeyAlgorithm(alg), Key: k.private.Public(), KeyID: k.id}, o)
	if err != nil {
		t.Fatal(err)
	}
	message, err := e.Encrypt(content)
	if err != nil {
		t.Fatal(err)
	}
	s, err := message.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(k *PrivateKey, s string) ([]byte, error) {
	m, err := ParseMessage(s)
	if err != nil {
		return nil, err
	}
	return k.Decrypt(m)
}

// Whatever Key encrypts to the published half, by any allowed pair, opens; also
// with a key that was written and read.
func TestDecrypt(t *testing.T) {
	proof.Of(t, "RFC8725-3.4-1")
	for _, keyType := range KeyTypes() {
		k := generated(t, keyType)
		der, err := k.MarshalPrivate()
		if err != nil {
			t.Fatal(err)
		}
		if k, err = ParsePrivateKey(keyType, der); err != nil {
			t.Fatal(err)
		}
		jwk, err := k.PublicJWK()
		if err != nil || !strings.Contains(string(jwk), `"use":"enc"`) || !strings.Contains(string(jwk), k.ID()) || strings.Contains(string(jwk), `"d"`) {
			t.Fatalf("%s, %v", jwk, err)
		}
		if got := fmt.Sprintf("%v %+v %s", k, k, k); got != "[redacted] [redacted] [redacted]" {
			t.Errorf("prints as %s", got)
		}
		for _, alg := range Algs() {
			if typeFor(alg) != keyType {
				continue
			}
			for _, enc := range Encs() {
				public, err := ParseKey(fmt.Appendf(nil, `{"keys":[%s]}`, jwk), alg)
				if err != nil {
					t.Fatal(err)
				}
				s, err := public.Encrypt(enc, "JWT", "", []byte("a.b.c"))
				if err != nil {
					t.Fatal(err)
				}
				if plain, err := open(k, s); err != nil || string(plain) != "a.b.c" {
					t.Errorf("%s %s: %q, %v", alg, enc, plain, err)
				}
			}
		}
	}
	for _, keyType := range []string{"", "RSA-OAEP", "RSA1_5", "ECDH-ES+A128KW", "RS256"} {
		if _, err := Generate(keyType); !errors.Is(err, jose.ErrKey) {
			t.Errorf("%q: %v", keyType, err)
		}
	}
}

// A private key of another type or size is refused.
func TestParsePrivateKey(t *testing.T) {
	ec, rsaKey := generated(t, "ECDH-ES"), generated(t, "RSA-OAEP-256")
	signing, err := jose.Generate(jose.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	ed, err := signing.MarshalPrivate()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		keyType string
		der     func() ([]byte, error)
	}{
		"EC as RSA": {"RSA-OAEP-256", ec.MarshalPrivate},
		"RSA as EC": {"ECDH-ES", rsaKey.MarshalPrivate},
		"Ed25519":   {"ECDH-ES", func() ([]byte, error) { return ed, nil }},
		"no key":    {"ECDH-ES", func() ([]byte, error) { return []byte("x"), nil }},
		"no type":   {"", ec.MarshalPrivate},
	} {
		der, err := c.der()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParsePrivateKey(c.keyType, der); !errors.Is(err, jose.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is not opened, and that every reason looks the same.
func TestMessageThatIsNotOpened(t *testing.T) {
	proof.Of(t, "CVE-2016-9121", "CVE-2024-28180", "CVE-2026-34986", "RFC8725-3.2-5", "RFC8725-3.6-1")
	k, other, ec := generated(t, "RSA-OAEP-256"), generated(t, "RSA-OAEP-256"), generated(t, "ECDH-ES")
	content := bytes.Repeat([]byte("content "), 20)
	good := encryptTo(t, k, "RSA-OAEP-256", "A128CBC-HS256", content, nil)
	parts := strings.Split(good, ".")
	swap := func(i int, with string) string {
		changed := append([]string{}, parts...)
		changed[i] = with
		return strings.Join(changed, ".")
	}
	flip := func(i, at int) string {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		b[(at+len(b))%len(b)] ^= 1
		return swap(i, base64.RawURLEncoding.EncodeToString(b))
	}
	header := func(s string) string { return swap(0, base64.RawURLEncoding.EncodeToString([]byte(s))) }
	for name, s := range map[string]string{
		"to another key":       encryptTo(t, other, "RSA-OAEP-256", "A128GCM", content, nil),
		"to a key of EC":       encryptTo(t, ec, "ECDH-ES", "A128GCM", content, nil),
		"by RSA-OAEP":          encryptTo(t, k, "RSA-OAEP", "A128GCM", content, nil),
		"by RSA1_5":            encryptTo(t, k, "RSA1_5", "A128GCM", content, nil),
		"by A192GCM":           encryptTo(t, k, "RSA-OAEP-256", "A192GCM", content, nil),
		"compressed":           encryptTo(t, k, "RSA-OAEP-256", "A128GCM", content, &gojose.EncrypterOptions{Compression: gojose.DEFLATE}),
		"critical":             header(`{"alg":"RSA-OAEP-256","enc":"A128CBC-HS256","crit":["exp"],"exp":1}`),
		"alg twice":            header(`{"alg":"RSA-OAEP-256","alg":"RSA-OAEP-256","enc":"A128CBC-HS256"}`),
		"no alg":               header(`{"enc":"A128CBC-HS256"}`),
		"dir":                  header(`{"alg":"dir","enc":"A128CBC-HS256"}`),
		"PBES2":                header(`{"alg":"PBES2-HS256+A128KW","enc":"A128CBC-HS256","p2c":2147483647,"p2s":"AAAA"}`),
		"no header":            swap(0, ""),
		"another header":       header(`{"alg":"RSA-OAEP-256","enc":"A128CBC-HS256"}`),
		"padding of the key":   flip(1, 0),
		"no key":               swap(1, ""),
		"iv":                   flip(2, 0),
		"first of the content": flip(3, 0),
		"padding of content":   flip(3, -1),
		"no content":           swap(3, ""),
		"tag":                  flip(4, 0),
		"no tag":               swap(4, ""),
		"four parts":           strings.Join(parts[:4], "."),
		"six parts":            good + ".",
		"padded base64":        good + "=",
		"too long":             encryptTo(t, k, "RSA-OAEP-256", "A128GCM", bytes.Repeat([]byte{'a'}, 64<<10), nil),
		"empty":                "",
	} {
		if plain, err := open(k, s); err != ErrMessage { //nolint:errorlint // the very error: nothing wraps a reason
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	if plain, err := open(k, good); err != nil || !bytes.Equal(plain, content) {
		t.Errorf("the control: %v", err)
	}
}

// A message says which key it is for, or is tried with each of its type.
func TestMessageIsFor(t *testing.T) {
	k, other, ec := generated(t, "RSA-OAEP-256"), generated(t, "RSA-OAEP-256"), generated(t, "ECDH-ES")
	named, err := ParseMessage(encryptTo(t, k, "RSA-OAEP-256", "A128GCM", nil, nil))
	if err != nil || !named.IsFor(k) || named.IsFor(other) || named.IsFor(ec) {
		t.Errorf("named: %v", err)
	}
	e, err := gojose.NewEncrypter(gojose.A128GCM, gojose.Recipient{Algorithm: gojose.RSA_OAEP_256, Key: k.private.Public().(*rsa.PublicKey)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	message, err := e.Encrypt([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := message.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	unnamed, err := ParseMessage(s)
	if err != nil || !unnamed.IsFor(k) || !unnamed.IsFor(other) || unnamed.IsFor(ec) {
		t.Errorf("unnamed: %v", err)
	}
	if (Message{}).IsFor(k) {
		t.Error("nothing is for a key")
	}
}

// Whatever comes, the answer is the content or the one error.
func FuzzParseMessage(f *testing.F) {
	k := generated(f, "ECDH-ES")
	f.Add(encryptTo(f, k, "ECDH-ES+A128KW", "A128GCM", []byte("seed"), nil))
	f.Add(encryptTo(f, k, "ECDH-ES", "A256CBC-HS512", []byte("seed"), nil))
	// RFC 7516 Appendix A.1, by an algorithm that is not allowed.
	f.Add("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A.XFBoMYUZodetZdvTiFvSkQ")
	epk := map[string]any{"kty": "EC", "crv": "P-256", "x": strings.Repeat("A", 43), "y": strings.Repeat("A", 43)} // not on the curve
	b, err := json.Marshal(map[string]any{"alg": "ECDH-ES", "enc": "A128GCM", "epk": epk})
	if err != nil {
		f.Fatal(err)
	}
	iv := make([]byte, 12)
	rand.Read(iv)
	f.Add(base64.RawURLEncoding.EncodeToString(b) + ".." + base64.RawURLEncoding.EncodeToString(iv) + ".AAAA.AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		if plain, err := open(k, s); err != nil && (err != ErrMessage || plain != nil) { //nolint:errorlint // as above
			t.Errorf("%q, %v", plain, err)
		}
	})
}
