package client

import (
	"strings"
	"testing"

	"github.com/charterauth/charter/gen"
)

// A key has every member that its type demands (RFC 7518 §6.2.1, §6.3.1, RFC 8037
// §2), each in base64url.
func TestPublicKey(t *testing.T) {
	for _, row := range []struct {
		name              string
		key               gen.ClientJWK
		understood, whole bool
	}{
		{"RSA", gen.ClientJWK{Kty: "RSA", N: "AQAB", E: "AQAB"}, true, true},
		{"RSA without e", gen.ClientJWK{Kty: "RSA", N: "AQAB"}, true, false},
		{"RSA without n", gen.ClientJWK{Kty: "RSA", E: "AQAB"}, true, false},
		{"RSA with padding", gen.ClientJWK{Kty: "RSA", N: "AQAB", E: "AQ=="}, true, false},
		{"RSA too long", gen.ClientJWK{Kty: "RSA", N: strings.Repeat("AQAB", maxModulus), E: "AQAB"}, true, false},
		{"EC", gen.ClientJWK{Kty: "EC", Crv: "P-256", X: "AQAB", Y: "AQAB"}, true, true},
		{"EC without crv", gen.ClientJWK{Kty: "EC", X: "AQAB", Y: "AQAB"}, true, false},
		{"EC without x", gen.ClientJWK{Kty: "EC", Crv: "P-256", Y: "AQAB"}, true, false},
		{"EC without y", gen.ClientJWK{Kty: "EC", Crv: "P-256", X: "AQAB"}, true, false},
		{"EC in base64", gen.ClientJWK{Kty: "EC", Crv: "P-256", X: "+/==", Y: "AQAB"}, true, false},
		{"OKP", gen.ClientJWK{Kty: "OKP", Crv: "Ed25519", X: "AQAB"}, true, true},
		{"OKP without crv", gen.ClientJWK{Kty: "OKP", X: "AQAB"}, true, false},
		{"OKP without x", gen.ClientJWK{Kty: "OKP", Crv: "Ed25519"}, true, false},
		{"another type", gen.ClientJWK{Kty: "AKP"}, false, false},
	} {
		if understood, whole := publicKey(row.key); understood != row.understood || whole != row.whole {
			t.Errorf("%s: understood %t, whole %t", row.name, understood, whole)
		}
	}
}

// An algorithm of secrets is never that of a client with keys, nor the other way
// round: it would make the public key a secret.
func TestSigningAlgFitsTheMethod(t *testing.T) {
	for _, row := range []struct {
		method Method
		alg    string
		ok     bool
	}{
		{PrivateKeyJWT, "", true}, {PrivateKeyJWT, "ES256", true}, {PrivateKeyJWT, macAlg, false},
		{SecretJWT, "", true}, {SecretJWT, macAlg, true}, {SecretJWT, "ES256", false},
	} {
		var m Metadata
		m.TokenEndpointAuthMethod, m.JWKSURI, m.TokenEndpointAuthSigningAlg = string(row.method), "https://a.example/jwks", row.alg
		if err := m.checkMethod(); (err == nil) != row.ok {
			t.Errorf("%s with %q: %v", row.method, row.alg, err)
		}
	}
}

// How a secret is kept follows from the method alone.
func TestSecretForms(t *testing.T) {
	for method, want := range map[Method]SecretForm{SecretBasic: HashedSecret, SecretPost: HashedSecret, SecretJWT: SealedSecret, PrivateKeyJWT: NoSecret, None: NoSecret, "tls_client_auth": NoSecret} {
		if got, want := method.Asserts(), method == SecretJWT || method == PrivateKeyJWT; got != want {
			t.Errorf("%s asserts: %t", method, got)
		}
		if got := method.SecretForm(); got != want {
			t.Errorf("%s: %v, want %v", method, got, want)
		}
	}
}

// A stored hash is neither worthless nor a burden, at each of its bounds.
func TestArgon2idBounds(t *testing.T) {
	phc := func(cost string, salt, hash int) string {
		return "$argon2id$v=19$" + cost + "$" + strings.Repeat("A", salt) + "$" + strings.Repeat("A", hash)
	}
	for _, row := range []struct {
		phc string
		ok  bool
	}{
		{phc("m=262144,t=16,p=16", 11, 22), true}, // 8 and 16 bytes
		{phc("m=19456,t=2,p=1", 86, 86), true},    // 64 bytes
		{phc("m=19456,t=2,p=1", 10, 22), false},
		{phc("m=19456,t=2,p=1", 87, 22), false},
		{phc("m=19456,t=2,p=1", 11, 20), false},
		{phc("m=19456,t=2,p=1", 11, 87), false},
		{phc("m=8,t=1,p=1", 11, 22), true},
		{phc("m=7,t=1,p=1", 11, 22), false},
		{phc("m=0,t=1,p=1", 11, 22), false},
		{strings.Replace(phc("m=8,t=1,p=1", 11, 22), "AAA", "A\nA\r\nA", 1), false},
		{phc("m=262145,t=2,p=1", 11, 22), false},
		{phc("m=19456,t=0,p=1", 11, 22), false},
		{phc("m=19456,t=17,p=1", 11, 22), false},
		{phc("m=19456,t=2,p=0", 11, 22), false},
		{phc("m=19456,t=2,p=17", 11, 22), false},
		{phc("m=19456,t=2,p=257", 11, 22), false},
		{phc("m=+19456,t=2,p=1", 11, 22), false},
		{phc("m=19456,t=2,p=1", 12, 24) + "!", false}, // what is whole before it would do
		{strings.Replace(phc("m=19456,t=2,p=1", 12, 24), "$AAAA", "$!AAAA", 1), false},
		{strings.Replace(phc("m=19456,t=2,p=1", 12, 24), "A$A", "A!$A", 1), false},
		{"x" + phc("m=19456,t=2,p=1", 11, 22), false},
		{phc("m=19456,t=2,p=1", 11, 22) + "$", false},
		{strings.Replace(phc("m=19456,t=2,p=1", 11, 22), "v=19", "v=16", 1), false},
		{strings.Replace(phc("m=19456,t=2,p=1", 11, 22), "argon2id", "argon2i", 1), false},
	} {
		if _, err := parseArgon2id(row.phc); (err == nil) != row.ok {
			t.Errorf("%q: %v", row.phc, err)
		}
	}
}

// A host has one spelling: brackets are for IPv6 alone, labels for the letters
// that every parser keeps.
func TestValidHost(t *testing.T) {
	for host, want := range map[string]bool{
		"[::1]": true, "127.0.0.1": true, "a-1.example": true, "[127.0.0.1]": false, "[::1": false, "[::ffff:127.0.0.1]": false, "[0::1]": false, "[::1%25lo]": false,
		"a{.example": false, "a`.example": false, "A.example": false, "a..example": false, "-a.example": false, "127.1": false, "0x7f.0x1": false, "a-.example": false, "[1::1": false,
		strings.Repeat("a.", 126) + "a": true, strings.Repeat("a.", 126) + "ab": false,
		strings.Repeat("a", 63) + ".example": true, strings.Repeat("a", 64) + ".example": false,
	} {
		if validHost(host) != want {
			t.Errorf("%q: %t", host, !want)
		}
	}
}

func TestLanguageTag(t *testing.T) {
	for tag, want := range map[string]bool{"de": true, "zh-Hant-TW": true, "x-123": true, "": false, "de-": false, "de_DE": false, "d{": false, "d`": false, "d[": false, "d@": false, "d:": false, "d/": false, "abcdefghi": false, "abcdefgh-abcdefgh-abcdefgh-abcdefgh": true, "abcdefgh-abcdefgh-abcdefgh-abcdefg-a": false} {
		if languageTag(tag) != want {
			t.Errorf("%q: %t", tag, !want)
		}
	}
}

// What was not stored by us is not restored.
func TestRestoreRefuses(t *testing.T) {
	for _, bad := range []string{"", "null", "[]", "{", `{"redirect_uris":1}`} {
		if m, err := Restore([]byte(bad)); err == nil {
			t.Errorf("%q is restored as %s", bad, m.JSON())
		}
	}
}
