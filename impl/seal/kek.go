package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// ErrWrongKey is returned by KEK.Open for what another key-encryption key
// sealed. It wraps ErrOpen.
var ErrWrongKey = fmt.Errorf("%w: sealed under another key-encryption key", ErrOpen)

// ErrBadKey is returned for what is no key-encryption key. It never repeats the
// value.
var ErrBadKey = errors.New("seal: a key-encryption key is 32 random bytes, raw or in base64")

// A KEK is the key-encryption key, from configuration and never in the store,
// under which signing keys rest. It prints as [redacted].
type KEK struct {
	box  box
	name [kekNameLen]byte
}

const kekNameLen = 8

// Format hides the key from every verb.
func (*KEK) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[redacted]") }

// LogValue hides the key from structured logs.
func (*KEK) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// GenerateKEK returns a new key in base64, the text that ParseKEK reads.
func GenerateKEK() string {
	var key [32]byte
	rand.Read(key[:])
	return base64.StdEncoding.EncodeToString(key[:])
}

// ParseKEK reads a key from the content of a file or variable: 32 raw bytes, or
// their base64 (either alphabet, padding optional) with white space around it.
// The error is ErrBadKey.
func ParseKEK(content []byte) (*KEK, error) {
	if len(content) == 32 {
		return NewKEK(content)
	}
	text := strings.TrimRight(string(bytes.TrimSpace(content)), "=")
	text = strings.NewReplacer("+", "-", "/", "_").Replace(text)
	key, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrBadKey
	}
	return NewKEK(key)
}

// NewKEK makes a key of exactly 32 bytes. It refuses what is plainly not random:
// text, or few different bytes. The error is ErrBadKey.
func NewKEK(key []byte) (*KEK, error) {
	if len(key) != 32 || !looksRandom(key) {
		return nil, ErrBadKey
	}
	// Nothing is sealed under the configured bytes themselves: name and cipher
	// get keys of their own.
	cipherKey, err := hkdf.Key(sha256.New, key, nil, labelKEK, 32)
	if err != nil {
		return nil, err
	}
	defer clear(cipherKey)
	name, err := hkdf.Key(sha256.New, key, nil, labelKEKName, kekNameLen)
	if err != nil {
		return nil, err
	}
	b, err := newBox(cipherKey)
	if err != nil {
		return nil, err
	}
	return &KEK{box: b, name: [kekNameLen]byte(name)}, nil
}

// looksRandom fails a random key with a probability below 2^-40: 32 random bytes
// have 16 different values and one that is not printable.
func looksRandom(key []byte) bool {
	var seen [256]bool
	distinct, printable := 0, true
	for _, c := range key {
		if !seen[c] {
			seen[c] = true
			distinct++
		}
		printable = printable && c >= 0x20 && c <= 0x7e
	}
	return distinct >= 16 && !printable && !counts(key)
}

// counts finds the keys of documentation, 00 01 02 … and the like.
func counts(key []byte) bool {
	for i := 2; i < len(key); i++ {
		if key[i]-key[i-1] != key[1]-key[0] {
			return false
		}
	}
	return true
}

// Seal seals plaintext. aad is the identity of the row that will hold it, such
// as the key id and algorithm.
func (k *KEK) Seal(plaintext, aad []byte) []byte {
	return append(k.name[:len(k.name):len(k.name)], k.box.seal(plaintext, aad)...)
}

// Open is the inverse of Seal with the same aad. The error is ErrOpen, or
// ErrWrongKey when another key sealed it.
func (k *KEK) Open(sealed, aad []byte) ([]byte, error) {
	name, rest := sealed[:min(len(sealed), kekNameLen)], sealed[min(len(sealed), kekNameLen):]
	if len(name) < kekNameLen {
		return nil, ErrOpen
	}
	if !bytes.Equal(name, k.name[:]) {
		return nil, ErrWrongKey
	}
	return k.box.open(rest, aad)
}
