package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// ErrOpen is the one error for everything that does not open: changed, cut or
// foreign ciphertexts, the wrong token, the wrong row. It does not say which.
var ErrOpen = errors.New("seal: does not open")

// ErrWeakToken is returned when a key would be derived from fewer than 32 bytes:
// such a value can be guessed by who holds the database.
var ErrWeakToken = errors.New("seal: token too short to derive a key from")

// The labels of key derivation (RFC 5869 §3.2), one for each use. A digest of
// the token with any other label, as a store keeps one, tells nothing about
// these keys.
const (
	labelWrap    = "charter seal props key under token v1"
	labelReply   = "charter seal refresh reply under token v1"
	labelKEK     = "charter seal key at rest v1"
	labelKEKName = "charter seal key name v1"
)

// version starts every ciphertext, so that another construction can follow
// without guessing; it is authenticated.
const version = 1

const minToken = 32 // bytes

// Identity names a row for the aad arguments of this package, for example
// Identity(grantID, string(digest)). Parts are length-prefixed: different parts
// never give the same identity.
func Identity(parts ...string) []byte {
	n := 0
	for _, p := range parts {
		n += 8 + len(p)
	}
	id := make([]byte, 0, n)
	for _, p := range parts {
		id = binary.BigEndian.AppendUint64(id, uint64(len(p)))
		id = append(id, p...)
	}
	return id
}

// underToken derives the key that only the bearer of token can derive, for one
// use.
func underToken(token, label string) ([]byte, error) {
	if len(token) < minToken {
		return nil, ErrWeakToken
	}
	return hkdf.Key(sha256.New, []byte(token), nil, label, 32)
}

// box is AES-256-GCM with a random nonce under key: version, nonce, ciphertext,
// tag. The key's label tells the uses apart; aad tells the rows apart.
type box struct{ aead cipher.AEAD }

func newBox(key []byte) (box, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return box{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return box{aead}, err
}

func (b box) seal(plaintext, aad []byte) []byte {
	out := make([]byte, 1, 1+len(plaintext)+b.aead.Overhead())
	out[0] = version
	return b.aead.Seal(out, nil, plaintext, bind(aad))
}

func (b box) open(sealed, aad []byte) ([]byte, error) {
	if len(sealed) < 1+b.aead.Overhead() || sealed[0] != version {
		return nil, ErrOpen
	}
	plaintext, err := b.aead.Open(nil, nil, sealed[1:], bind(aad))
	if err != nil {
		return nil, ErrOpen
	}
	return plaintext, nil
}

func bind(aad []byte) []byte {
	return append([]byte{version}, aad...)
}
