package pkce

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// S256 is the only code_challenge_method. OAuth 2.1 §4.1.1 forbids plain where
// S256 is possible, and it is possible everywhere.
const S256 = "S256"

var encoding = base64.RawURLEncoding.Strict()

// Challenge returns the S256 challenge of a verifier (RFC 7636 §4.2), 43
// characters. It does not check the verifier.
func Challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return encoding.EncodeToString(sum[:])
}

// ValidChallenge reports whether s is the unpadded base64url form of exactly 32
// bytes: what S256 can produce, byte for byte.
func ValidChallenge(s string) bool {
	if len(s) != 43 {
		return false
	}
	// The decoder skips line breaks, which the grammar has not: then there are
	// fewer bytes than 32.
	var sum [sha256.Size]byte
	n, err := encoding.Decode(sum[:], []byte(s))
	return err == nil && n == len(sum)
}

// ValidVerifier reports whether s is 43 to 128 unreserved characters
// (RFC 7636 §4.1).
func ValidVerifier(s string) bool {
	if len(s) < 43 || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '-', c == '.', c == '_', c == '~':
		default:
			return false
		}
	}
	return true
}

// Verify reports whether verifier proves the challenge that was stored with its
// method. It is false unless the method is S256 and the verifier is well-formed,
// and no verifier has the empty challenge, so a code without a challenge is never
// redeemed with one (RFC 9700 §4.8.2). The comparison takes the same time
// wherever the values differ.
func Verify(challenge, method, verifier string) bool {
	if method != S256 || !ValidVerifier(verifier) {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(Challenge(verifier)), []byte(challenge)) == 1
}
