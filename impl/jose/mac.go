package jose

import "github.com/golang-jwt/jwt/v5"

// hs256 is no Algorithm of a key: only a Verifier of Secrets knows it, so that
// confusing a public key with a secret (RFC 8725 §2.1) is not something that a
// header could ask for.
const hs256 Algorithm = "HS256"

// minSecret is the size of the hash, below which no MAC key may be (RFC 7518
// §3.2); in bytes.
const minSecret = 32

// verifyMAC tries every secret: during a rotation there are two. The comparison
// of each is in constant time.
func (v *Verifier) verifyMAC(t compact) error {
	for _, secret := range v.c.Secrets {
		if jwt.SigningMethodHS256.Verify(t.input, t.signature, secret) == nil {
			return nil
		}
	}
	return &InvalidError{"signature"}
}
