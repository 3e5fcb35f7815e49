package jose

import (
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// TestKeyConfusion is ATK-81 and ATK-82: the public key as an HMAC secret, and
// each key under each other algorithm.
func TestKeyConfusion(t *testing.T) {
	proof.Of(t, "RFC8725-3.1-1", "RFC8725-3.1-2", "RFC8725-3.1-3")
	proof.Of(t, "ATK-81", "ATK-82")
	keys := testKeys(t)
	payload := body(t, nil)
	for alg, k := range keys {
		v := verifierFor(t, k)
		pub := k.signer.Public()
		der, err := x509.MarshalPKIXPublicKey(pub)
		if err != nil {
			t.Fatal(err)
		}
		jwk, _ := json.Marshal(k.Public())
		secrets := [][]byte{nil, {}, der, jwk, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}
		if r, ok := pub.(*rsa.PublicKey); ok {
			secrets = append(secrets, r.N.Bytes())
		}
		for _, secret := range secrets {
			for _, name := range []string{"HS256", string(alg)} {
				input := encoding.EncodeToString([]byte(strings.Replace(head(k), string(alg), name, 1))) + "." + encoding.EncodeToString([]byte(payload))
				mac := hmac.New(sha256.New, secret)
				mac.Write([]byte(input))
				invalid(t, v, "HMAC as "+name, input+"."+encoding.EncodeToString(mac.Sum(nil)), "")
			}
		}
		for other, o := range keys {
			if other != alg {
				invalid(t, v, string(other)+" key under the id of "+string(alg), forge(t, o, head(k), payload), "signature")
			}
		}
	}
	narrow := config(keys[RS256], keys[ES256])
	narrow.Algorithms = []Algorithm{ES256}
	v, err := NewVerifier(narrow)
	if err != nil {
		t.Fatal(err)
	}
	invalid(t, v, "RS256 where only ES256 is taken", forge(t, keys[RS256], head(keys[RS256]), payload), "algorithm")
	if _, err := v.Verify(t.Context(), forge(t, keys[ES256], head(keys[ES256]), payload)); err != nil {
		t.Errorf("control: %v", err)
	}
}

// TestPSSSalt: RFC 7518 §3.5 fixes the salt at the length of the hash.
func TestPSSSalt(t *testing.T) {
	k := testKeys(t)[PS256]
	v := verifierFor(t, k)
	input := encoding.EncodeToString([]byte(head(k))) + "." + encoding.EncodeToString([]byte(body(t, nil)))
	digest := sha256.Sum256([]byte(input))
	for _, c := range []struct {
		salt int
		ok   bool
	}{{32, true}, {1, false}, {20, false}, {64, false}} {
		opts := &rsa.PSSOptions{SaltLength: c.salt}
		signature, err := rsa.SignPSS(rand.Reader, k.signer.(*rsa.PrivateKey), pssOptions.Hash, digest[:], opts)
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Verify(t.Context(), input+"."+encoding.EncodeToString(signature))
		if (err == nil) != c.ok {
			t.Errorf("salt of %d bytes: %v", c.salt, err)
		}
	}
}

// TestSignatureNumbers is CVE-2022-21449: r or s zero, the order, or too long.
func TestSignatureNumbers(t *testing.T) {
	proof.Of(t, "RFC7518-3.4-1")
	proof.Of(t, "CVE-2022-21449")
	k := testKeys(t)[ES256]
	v := verifierFor(t, k)
	good := forge(t, k, head(k), body(t, nil))
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	dot := strings.LastIndexByte(good, '.')
	signature, _ := decode(good[dot+1:])
	zero := make([]byte, 32)
	order := elliptic.P256().Params().N.FillBytes(make([]byte, 32))
	for _, c := range []struct {
		name      string
		signature []byte
	}{
		{"both zero", make([]byte, 64)},
		{"r zero", append(append([]byte{}, zero...), signature[32:]...)},
		{"s zero", append(append([]byte{}, signature[:32]...), zero...)},
		{"r the order", append(append([]byte{}, order...), signature[32:]...)},
		{"s the order", append(append([]byte{}, signature[:32]...), order...)},
		{"short", signature[:63]},
		{"long", append(append([]byte{}, signature...), 0)},
		{"swapped", append(append([]byte{}, signature[32:]...), signature[:32]...)},
	} {
		invalid(t, v, c.name, good[:dot+1]+encoding.EncodeToString(c.signature), "signature")
	}
}
