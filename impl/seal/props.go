package seal

import (
	"crypto/rand"
	"fmt"
	"log/slog"
)

// A PropsKey opens the props of one grant. It exists only while a token is being
// issued or presented; at rest it is wrapped. It prints as [redacted].
type PropsKey struct{ bytes [32]byte }

// Format hides the key from every verb.
func (PropsKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[redacted]") }

// LogValue hides the key from structured logs.
func (PropsKey) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// SealProps seals plaintext under a fresh key. aad is the identity of the row
// that will hold it. Sealing changed props again gives another key: no key ever
// seals two texts.
func SealProps(plaintext, aad []byte) (sealed []byte, key PropsKey) {
	rand.Read(key.bytes[:])
	b, err := newBox(key.bytes[:])
	if err != nil {
		panic("seal: AES-256 refused a 32-byte key") // cannot happen: the length is fixed
	}
	return b.seal(plaintext, aad), key
}

// OpenProps is the inverse of SealProps with the same aad; the error is ErrOpen.
func OpenProps(sealed []byte, key PropsKey, aad []byte) ([]byte, error) {
	b, err := newBox(key.bytes[:])
	if err != nil {
		return nil, ErrOpen
	}
	return b.open(sealed, aad)
}

// WrapKey seals a grant's key for one of its tokens: only the bearer of token
// can unwrap it. aad is the identity of the token's row. The error is
// ErrWeakToken.
func WrapKey(key PropsKey, token string, aad []byte) ([]byte, error) {
	return sealUnderToken(token, labelWrap, key.bytes[:], aad)
}

// UnwrapKey is the inverse of WrapKey with the same token and aad; the error is
// ErrOpen.
func UnwrapKey(wrapped []byte, token string, aad []byte) (PropsKey, error) {
	plain, err := openUnderToken(token, labelWrap, wrapped, aad)
	var key PropsKey
	if err != nil || len(plain) != len(key.bytes) {
		return PropsKey{}, ErrOpen
	}
	copy(key.bytes[:], plain)
	clear(plain)
	return key, nil
}
