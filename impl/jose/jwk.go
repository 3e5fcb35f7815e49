package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
)

// members returns the required members in the order and spelling of RFC 7638
// §3.2, which is also a valid start of a JWK.
func (k PublicKey) members() []byte {
	var b bytes.Buffer
	switch pub := k.key.(type) {
	case *ecdsa.PublicKey:
		point, err := pub.Bytes() // 0x04, x, y
		if err != nil {
			return nil
		}
		fmt.Fprintf(&b, `{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`,
			encoding.EncodeToString(point[1:33]), encoding.EncodeToString(point[33:]))
	case ed25519.PublicKey: // RFC 8037 §2
		fmt.Fprintf(&b, `{"crv":"Ed25519","kty":"OKP","x":"%s"}`, encoding.EncodeToString(pub))
	case *rsa.PublicKey:
		fmt.Fprintf(&b, `{"e":"%s","kty":"RSA","n":"%s"}`,
			encoding.EncodeToString(big.NewInt(int64(pub.E)).Bytes()), encoding.EncodeToString(pub.N.Bytes()))
	}
	return b.Bytes()
}

// Thumbprint returns the SHA-256 thumbprint (RFC 7638) in base64url.
func (k PublicKey) Thumbprint() string {
	sum := sha256.Sum256(k.members())
	return encoding.EncodeToString(sum[:])
}

// MarshalJSON returns the public JWK (RFC 7517 §4) with alg, kid and use. There
// is no way to get a private JWK from this package.
func (k PublicKey) MarshalJSON() ([]byte, error) {
	m := k.members()
	if len(m) == 0 {
		return nil, ErrKey
	}
	return fmt.Appendf(m[:len(m)-1], `,"alg":%q,"kid":%q,"use":"sig"}`, string(k.alg), k.kid), nil
}

// maxJWKs bounds a set; ATK-118 sends a thousand.
const maxJWKs = 32

// ParseJWKSet reads a JWK Set (RFC 7517 §5). Keys of types, curves, algorithms
// or uses that are not ours are left out, as the RFC asks. A private or
// symmetric key, a key id twice, more than 32 keys, or a malformed key of ours
// refuses the whole set. The error wraps ErrKey.
func ParseJWKSet(b []byte) ([]PublicKey, error) {
	m, err := strictObject(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	var raw []json.RawMessage
	if json.Unmarshal(m["keys"], &raw) != nil || raw == nil {
		return nil, fmt.Errorf("%w: no keys member", ErrKey)
	}
	if len(raw) > maxJWKs {
		return nil, fmt.Errorf("%w: too many keys", ErrKey)
	}
	keys, ids := []PublicKey{}, map[string]bool{}
	for _, r := range raw {
		k, ours, err := parseJWK(r)
		switch {
		case err != nil:
			return nil, err
		case !ours:
			continue
		case ids[k.kid]:
			return nil, fmt.Errorf("%w: a key id twice", ErrKey)
		}
		ids[k.kid] = true
		keys = append(keys, k)
	}
	return keys, nil
}

// ParseJWK reads one public JWK that must be ours; see ParseJWKSet.
func ParseJWK(b []byte) (PublicKey, error) {
	k, ours, err := parseJWK(b)
	if err == nil && !ours {
		err = fmt.Errorf("%w: type, algorithm or use is not supported", ErrKey)
	}
	return k, err
}

func parseJWK(b []byte) (k PublicKey, ours bool, err error) {
	m, err := strictObject(b)
	if err != nil {
		return k, false, fmt.Errorf("%w: %w", ErrKey, err)
	}
	// RFC 7518 §6.2.2, §6.3.2, §6.4: private RSA, EC and OKP members, and "k".
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, found := m[private]; found {
			return k, false, fmt.Errorf("%w: private or symmetric", ErrKey)
		}
	}
	f, err := stringMembers(m, "kty", "crv", "alg", "use", "kid", "x", "y", "n", "e")
	if err != nil || f["kty"] == "oct" {
		return k, false, fmt.Errorf("%w: malformed or symmetric", ErrKey)
	}
	alg, ours := algorithmOf(f)
	if !ours || f["use"] != "" && f["use"] != "sig" || !verifies(m["key_ops"]) {
		return k, false, nil
	}
	pub, err := publicFrom(f)
	if err != nil {
		return k, false, err
	}
	if k, err = NewPublicKey(alg, pub); err != nil {
		return PublicKey{}, false, err
	}
	k.open = f["alg"] == ""
	if kid := f["kid"]; kid != "" {
		if !validKid(kid) {
			return PublicKey{}, false, fmt.Errorf("%w: key id", ErrKey)
		}
		k.kid = kid
	}
	return k, true, nil
}

// algorithmOf returns the one algorithm of a JWK. RSA keys without alg are taken
// for RS256, which is what publishers that leave it out mean.
func algorithmOf(f map[string]string) (Algorithm, bool) {
	alg := Algorithm(f["alg"])
	switch f["kty"] + " " + f["crv"] {
	case "EC P-256":
		return ES256, alg == "" || alg == ES256
	case "OKP Ed25519":
		return EdDSA, alg == "" || alg == EdDSA
	case "RSA ":
		if alg == "" {
			alg = RS256
		}
		return alg, alg == RS256 || alg == PS256
	}
	return "", false
}

// verifies reports whether key_ops (RFC 7517 §4.3) is absent or names verify.
func verifies(raw json.RawMessage) bool {
	if raw == nil {
		return true
	}
	var ops []string
	if json.Unmarshal(raw, &ops) != nil {
		return false
	}
	for _, op := range ops {
		if op == "verify" {
			return true
		}
	}
	return false
}

func publicFrom(f map[string]string) (crypto.PublicKey, error) {
	bad := fmt.Errorf("%w: malformed %.4q key", ErrKey, f["kty"])
	switch f["kty"] {
	case "EC":
		x, errX := decode(f["x"])
		y, errY := decode(f["y"])
		if errX != nil || errY != nil || len(x) != 32 || len(y) != 32 {
			return nil, bad
		}
		pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil, bad
		}
		return pub, nil
	case "OKP":
		x, err := decode(f["x"])
		if err != nil || len(x) != ed25519.PublicKeySize {
			return nil, bad
		}
		return ed25519.PublicKey(x), nil
	}
	n, errN := decode(f["n"])
	e, errE := decode(f["e"])
	// RFC 7518 §6.3.1: no leading zero octets.
	if errN != nil || errE != nil || len(n) == 0 || n[0] == 0 || len(n) > maxRSA/8 || len(e) == 0 || e[0] == 0 || len(e) > 4 {
		return nil, bad
	}
	exponent := new(big.Int).SetBytes(e).Int64()
	if exponent > 1<<31-1 {
		return nil, bad
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent)}, nil
}
