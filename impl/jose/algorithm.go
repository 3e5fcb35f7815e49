package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"

	"github.com/golang-jwt/jwt/v5"
)

// An Algorithm is a JWS signature algorithm by its registered name (RFC 7518
// §3.1, RFC 8037 §3.1).
type Algorithm string

// The algorithms. FAPI 2.0 §5.4 excludes RS256 from these.
const (
	ES256 Algorithm = "ES256"
	EdDSA Algorithm = "EdDSA" // Ed25519 only
	PS256 Algorithm = "PS256"
	RS256 Algorithm = "RS256"
)

// The RSA sizes in bits: RFC 7518 §3.3 sets the lower bound; the upper one
// bounds the work that a foreign key can cause.
const (
	minRSA = 2048
	maxRSA = 8192
)

// ErrKey is wrapped by every refusal of a key.
var ErrKey = errors.New("jose: unusable key")

// pss demands the salt length of RFC 7518 §3.5 where the library's own PS256
// would take any.
var pss = &jwt.SigningMethodRSAPSS{
	SigningMethodRSA: jwt.SigningMethodPS256.SigningMethodRSA,
	Options:          pssOptions,
	VerifyOptions:    pssOptions,
}

var pssOptions = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}

// method returns the signature method, or nil for an algorithm that is not ours.
func (a Algorithm) method() jwt.SigningMethod {
	switch a {
	case ES256:
		return jwt.SigningMethodES256
	case EdDSA:
		return jwt.SigningMethodEdDSA
	case PS256:
		return pss
	case RS256:
		return jwt.SigningMethodRS256
	}
	return nil
}

// checkPublic reports whether pub is a key for a, of a size that is allowed.
func (a Algorithm) checkPublic(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if a == ES256 && k != nil && k.Curve == elliptic.P256() {
			if _, err := k.ECDH(); err == nil { // the point is on the curve
				return nil
			}
		}
	case ed25519.PublicKey:
		if a == EdDSA && len(k) == ed25519.PublicKeySize {
			return nil
		}
	case *rsa.PublicKey:
		// FIPS 186-5 §5.1: an odd exponent above 2^16.
		if (a == RS256 || a == PS256) && k != nil && k.N != nil && k.N.BitLen() >= minRSA &&
			k.N.BitLen() <= maxRSA && k.E > 1<<16 && k.E&1 == 1 {
			return nil
		}
	}
	return errors.Join(ErrKey, errors.New("not a key for "+string(a)))
}
