package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

var algorithms = []Algorithm{ES256, EdDSA, PS256, RS256}

// generated makes one key of each algorithm for the whole run: RSA is slow.
var generated = sync.OnceValues(func() (map[Algorithm]*Key, error) {
	keys := map[Algorithm]*Key{}
	for _, a := range algorithms {
		k, err := Generate(a)
		if err != nil {
			return nil, err
		}
		keys[a] = k
	}
	return keys, nil
})

func testKeys(t testing.TB) map[Algorithm]*Key {
	t.Helper()
	keys, err := generated()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestPrivateRoundTrip(t *testing.T) {
	proof.Of(t, "RFC7638-3.2.1-1")
	for alg, k := range testKeys(t) {
		der, err := k.MarshalPrivate()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseKey(alg, der)
		if err != nil || again.Public().ID() != k.Public().ID() {
			t.Errorf("%s: %v", alg, err)
		}
		for _, bad := range [][]byte{nil, der[:len(der)-1], []byte("-----BEGIN PRIVATE KEY-----")} {
			if _, err := ParseKey(alg, bad); !errors.Is(err, ErrKey) {
				t.Errorf("%s: %d bytes: %v", alg, len(bad), err)
			}
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
			if got := fmt.Sprintf(verb, k); got != "[redacted]" {
				t.Errorf("%s with %s: %s", alg, verb, got)
			}
		}
	}
	if _, err := Generate("HS256"); !errors.Is(err, ErrKey) {
		t.Errorf("Generate(HS256): %v", err)
	}
}

// TestKeyForAlgorithm is ATK-82: a key is good for the algorithms of its row
// and no other.
func TestKeyForAlgorithm(t *testing.T) {
	proof.Of(t, "RFC8725-3.1-3", "RFC8725-3.2-3", "RFC8725-3.5-1", "RFC7518-3.3-1", "RFC7518-3.5-1")
	proof.Of(t, "ATK-82")
	p384, err1 := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	der, err2 := x509.MarshalPKCS8PrivateKey(p384)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	keys := testKeys(t)
	rsaKey := keys[RS256].signer.(*rsa.PrivateKey)
	for _, c := range []struct {
		name string
		pub  crypto.PublicKey
		good []Algorithm
	}{
		{"P-256", keys[ES256].signer.Public(), []Algorithm{ES256}},
		{"Ed25519", keys[EdDSA].signer.Public(), []Algorithm{EdDSA}},
		{"RSA 2048", &rsaKey.PublicKey, []Algorithm{PS256, RS256}},
		{"P-384", &p384.PublicKey, nil},
		{"RSA 1024", &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}, nil},
		{"RSA 16384", &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 16383), E: 65537}, nil},
		{"RSA exponent 3", &rsa.PublicKey{N: rsaKey.N, E: 3}, nil},
		{"RSA exponent even", &rsa.PublicKey{N: rsaKey.N, E: 65538}, nil},
		{"RSA without modulus", &rsa.PublicKey{E: 65537}, nil},
		{"nil RSA", (*rsa.PublicKey)(nil), nil},
		{"nil EC", (*ecdsa.PublicKey)(nil), nil},
		{"bytes, as for HMAC", der, nil},
		{"short Ed25519", ed25519.PublicKey(make([]byte, 31)), nil},
		{"nil", nil, nil},
	} {
		for _, alg := range append([]Algorithm{"HS256", "none", ""}, algorithms...) {
			want := false
			for _, g := range c.good {
				want = want || g == alg
			}
			_, err := NewPublicKey(alg, c.pub)
			if (err == nil) != want || err != nil && !errors.Is(err, ErrKey) {
				t.Errorf("%s for %s: %v", c.name, alg, err)
			}
		}
	}
}

// remote is a crypto.Signer whose key is not in memory, as in a KMS.
type remote struct{ crypto.Signer }

// broken answers with what is no signature.
type broken struct{ crypto.Signer }

func (broken) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return []byte{0x30, 0}, nil }

// down does not sign now.
type down struct {
	crypto.Signer
	err error
}

func (d down) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, d.err }

func TestRemoteSigner(t *testing.T) {
	for alg, k := range testKeys(t) {
		r, err := NewKey(alg, remote{k.signer})
		if err != nil {
			t.Fatal(err)
		}
		token, err := r.Sign("at+jwt", goodClaims())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verifierFor(t, k).Verify(t.Context(), token); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		if _, err := r.MarshalPrivate(); !errors.Is(err, ErrKey) {
			t.Errorf("%s: a remote key was marshalled: %v", alg, err)
		}
	}
	for alg, k := range testKeys(t) {
		down := down{k.signer, errors.New("the HSM is gone")}
		r, err := NewKey(alg, down)
		if err != nil {
			t.Fatal(err)
		}
		if token, err := r.Sign("at+jwt", goodClaims()); !errors.Is(err, down.err) {
			t.Errorf("%s: a signer that fails made %q, %v", alg, token, err)
		}
		for _, other := range algorithms {
			if _, err := NewKey(other, k.signer); (err == nil) != (other == alg || alg == RS256 && other == PS256 || alg == PS256 && other == RS256) {
				t.Errorf("a key for %s is one for %s: %v", alg, other, err)
			}
		}
		if _, err := NewKey(alg, nil); !errors.Is(err, ErrKey) {
			t.Errorf("%s: no signer: %v", alg, err)
		}
	}
	b, err := NewKey(ES256, broken{testKeys(t)[ES256].signer})
	if err != nil {
		t.Fatal(err)
	}
	if token, err := b.Sign("at+jwt", goodClaims()); err == nil {
		t.Errorf("a malformed signature made %s", token)
	}
}

// A signer that is not ours to trust cannot make a signature of another length
// (RFC 7518 §3.4), and crashes nothing.
func TestFixedWidth(t *testing.T) {
	one, most := big.NewInt(1), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	more := new(big.Int).Add(most, one)
	for _, c := range []struct {
		name string
		r, s *big.Int
		rest string
		ok   bool
	}{
		{"least", one, one, "", true},
		{"most", most, most, "", true},
		{"r is zero", new(big.Int), one, "", false},
		{"s is zero", one, new(big.Int), "", false},
		{"r is negative", big.NewInt(-1), one, "", false},
		{"s is negative", one, big.NewInt(-1), "", false},
		{"r is too long", more, one, "", false},
		{"s is too long", one, more, "", false},
		{"something behind it", one, one, "x", false},
	} {
		der, err := asn1.Marshal(struct{ R, S *big.Int }{c.r, c.s})
		if err != nil {
			t.Fatal(err)
		}
		out, err := fixedWidth(append(der, c.rest...))
		if (err == nil) != c.ok || c.ok && (len(out) != 64 || new(big.Int).SetBytes(out[:32]).Cmp(c.r) != 0 || new(big.Int).SetBytes(out[32:]).Cmp(c.s) != 0) {
			t.Errorf("%s: %x, %v", c.name, out, err)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	k := testKeys(t)[EdDSA]
	for _, c := range []struct {
		name, typ string
		claims    any
		ok        bool
	}{
		{"good", "at+jwt", goodClaims(), true},
		{"no typ", "", goodClaims(), false},
		{"typ with a quote", `at"jwt`, goodClaims(), false},
		{"no object", "at+jwt", []string{"x"}, false},
		{"null", "at+jwt", nil, false},
		{"case variant of a registered claim", "at+jwt", map[string]any{"SUB": "x"}, false},
		{"long s", "at+jwt", map[string]any{"\u017fub": "x"}, false},
		{"two spellings", "at+jwt", map[string]any{"a": 1, "A": 1}, false},
		{"raw duplicates", "at+jwt", json.RawMessage(`{"a":1,"a":2}`), false},
		{"no JSON", "at+jwt", map[string]any{"f": func() {}}, false},
		{"too long", "at+jwt", map[string]any{"x": strings.Repeat("a", MaxToken)}, false},
	} {
		if token, err := k.Sign(c.typ, c.claims); (err == nil) != c.ok {
			t.Errorf("%s: %.80s, %v", c.name, token, err)
		}
	}
	if _, err := k.Sign("at+jwt", map[string]any{"f": func() {}}); err != nil {
		if _, ok := errors.AsType[*json.UnsupportedTypeError](err); !ok {
			t.Errorf("claims that cannot be encoded: %v", err)
		}
	}
}

// TestParseJWKSet is ATK-118 and ATK-81: the rows that are no error say how many
// keys are left.
func TestParseJWKSet(t *testing.T) {
	proof.Of(t, "RFC7517-5-2", "RFC7517-5-3", "RFC7517-5-4", "RFC7518-3.3-1")
	proof.Of(t, "ATK-118", "ATK-81")
	set := func(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }
	with := func(jwk, members string) string { return strings.TrimSuffix(jwk, "}") + "," + members + "}" }
	var many, fits []string
	for i := range 33 {
		many = append(many, with(edJWK, fmt.Sprintf(`"kid":"k%d"`, i)))
	}
	fits = many[:32]
	// The same 64 bytes, of which x has 33.
	point := make([]byte, 64)
	f := map[string]string{}
	if err := json.Unmarshal([]byte(ecJWK), &f); err != nil {
		t.Fatal(err)
	}
	for i, member := range []string{"x", "y"} {
		b, err := decode(f[member])
		if err != nil {
			t.Fatal(err)
		}
		copy(point[32*i:], b)
	}
	split := `{"kty":"EC","crv":"P-256","x":"` + encoding.EncodeToString(point[:33]) + `","y":"` + encoding.EncodeToString(point[33:]) + `"}`
	for _, c := range []struct {
		name, in string
		keys     int // -1 is refused
	}{
		{"three", set(rsaJWK, ecJWK, edJWK), 3},
		{"none", set(), 0},
		{"thirty-two", set(fits...), 32},
		{"thirty-three", set(many...), -1},
		{"with alg and use", set(with(ecJWK, `"alg":"ES256","use":"sig","key_ops":["verify"]`)), 1},
		{"unknown member ignored", set(with(ecJWK, `"colour":"green"`)), 1},
		{"RSA for PS256", set(with(rsaJWK, `"alg":"PS256"`)), 1},
		{"encryption key left out", set(with(rsaJWK, `"use":"enc"`), ecJWK), 1},
		{"other algorithm left out", set(with(rsaJWK, `"alg":"RSA-OAEP"`), ecJWK), 1},
		{"HMAC algorithm left out", set(with(rsaJWK, `"alg":"HS256"`), ecJWK), 1},
		{"other operations left out", set(with(ecJWK, `"key_ops":["encrypt"]`), edJWK), 1},
		{"other curve left out", set(`{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}`, edJWK), 1},
		{"unknown type left out", set(`{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}`, edJWK), 1},
		{"private EC", set(with(ecJWK, `"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"`)), -1},
		{"private beside public", set(edJWK, with(ecJWK, `"d":"AA"`)), -1},
		{"private by prime", set(with(rsaJWK, `"p":"AA"`)), -1},
		{"symmetric", set(`{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}`), -1},
		{"symmetric without value", set(`{"kty":"oct"}`), -1},
		{"same id", set(with(ecJWK, `"kid":"a"`), with(edJWK, `"kid":"a"`)), -1},
		{"other ids", set(with(ecJWK, `"kid":"a"`), with(edJWK, `"kid":"b"`)), 2},
		{"id with traversal", set(with(ecJWK, `"kid":"../../a"`)), -1},
		{"id as number", set(with(ecJWK, `"kid":1`)), -1},
		{"member twice", set(with(ecJWK, `"x":"AA"`)), -1},
		{"member in another case", set(with(ecJWK, `"X":"AA"`)), -1},
		{"point off the curve", set(strings.Replace(ecJWK, "x_FE", "y_FE", 1)), -1},
		{"short coordinate", set(strings.Replace(ecJWK, "f83O", "", 1)), -1},
		{"coordinates split elsewhere", set(split), -1},
		{"RSA without n", set(`{"kty":"RSA","e":"AQAB"}`), -1},
		{"RSA without e", set(strings.Replace(rsaJWK, `"e":"AQAB",`, "", 1)), -1},
		{"EC without y", set(ecJWK[:strings.Index(ecJWK, `,"y"`)] + "}"), -1},
		{"OKP without x", set(`{"kty":"OKP","crv":"Ed25519"}`), -1},
		{"OKP of 31 bytes", set(strings.Replace(edJWK, "HURo", "", 1)), -1},
		{"padded", set(strings.Replace(edJWK, "HURo", "HURo=", 1)), -1},
		{"line break in a value", set(strings.Replace(edJWK, "HURo", `HU\nRo`, 1)), -1},
		{"leading zero octet", set(strings.Replace(rsaJWK, `"n":"`, `"n":"AAAA`, 1)), -1},
		{"small modulus", set(`{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("_", 160) + `"}`), -1},
		{"huge modulus", set(`{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("_", 2732) + `"}`), -1},
		{"exponent that wraps around", set(strings.Replace(rsaJWK, "AQAB", "AQAAAAAAAQAB", 1)), -1},
		{"exponent with a leading zero", set(strings.Replace(rsaJWK, "AQAB", "AAEAAQ", 1)), -1},
		{"huge exponent", set(strings.Replace(rsaJWK, "AQAB", "_____w", 1)), -1},
		{"largest exponent", set(strings.Replace(rsaJWK, "AQAB", "f____w", 1)), 1},
		{"exponent that is one bit longer", set(strings.Replace(rsaJWK, "AQAB", "gAAAAQ", 1)), -1},
		{"exponent 1", set(strings.Replace(rsaJWK, "AQAB", "AQ", 1)), -1},
		{"no keys", `{}`, -1},
		{"keys null", `{"keys":null}`, -1},
		{"keys an object", `{"keys":{}}`, -1},
		{"key null", `{"keys":[null]}`, -1},
		{"array", `[]`, -1},
		{"trailing data", set(ecJWK) + "{}", -1},
		{"empty", ``, -1},
	} {
		keys, err := ParseJWKSet([]byte(c.in))
		if c.keys < 0 && !errors.Is(err, ErrKey) || c.keys >= 0 && (err != nil || len(keys) != c.keys) {
			t.Errorf("%s: %d keys, %v", c.name, len(keys), err)
		}
	}
	if _, err := ParseJWK([]byte(with(rsaJWK, `"use":"enc"`))); !errors.Is(err, ErrKey) {
		t.Errorf("ParseJWK took an encryption key: %v", err)
	}
}
