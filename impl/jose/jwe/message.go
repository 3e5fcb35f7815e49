package jwe

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	gojose "github.com/go-jose/go-jose/v4"
)

// maxMessage bounds what is looked at, in bytes: what a fetched document may have.
const maxMessage = 64 << 10

// A Message is what somebody encrypted.
type Message struct {
	alg    string
	kid    string
	parsed *gojose.JSONWebEncryption
}

// IsMessage reports whether s has the five parts of the compact serialization (RFC
// 7516 §9).
func IsMessage(s string) bool { return strings.Count(s, ".") == 4 }

// ParseMessage reads a message in compact serialization. One by another algorithm
// than those of Algs and Encs is refused, and so is one that is compressed (RFC
// 8725 §3.6), or longer than 64 KiB. The error is ErrMessage.
func ParseMessage(s string) (Message, error) {
	if len(s) > maxMessage || !IsMessage(s) {
		return Message{}, ErrMessage
	}
	b, err := base64.RawURLEncoding.DecodeString(s[:strings.IndexByte(s, '.')])
	var header map[string]json.RawMessage
	if err != nil || json.Unmarshal(b, &header) != nil || header["zip"] != nil {
		return Message{}, ErrMessage
	}
	parsed, err := gojose.ParseEncryptedCompact(s, allowedAlgs, allowedEncs)
	if err != nil {
		return Message{}, ErrMessage
	}
	return Message{parsed.Header.Algorithm, parsed.Header.KeyID, parsed}, nil
}

var (
	allowedAlgs = typed[gojose.KeyAlgorithm](algs)
	allowedEncs = typed[gojose.ContentEncryption](encs)
)

func typed[T ~string](names []string) []T {
	out := make([]T, len(names))
	for i, name := range names {
		out[i] = T(name)
	}
	return out
}

// IsFor reports whether a message may be for the key: it names the key, or none,
// and the key is of its algorithm.
func (m Message) IsFor(k *PrivateKey) bool {
	return m.parsed != nil && (m.kid == "" || m.kid == k.id) && k.decrypts(m.alg)
}

// Decrypt returns the content of a message. The error is ErrMessage.
func (k *PrivateKey) Decrypt(m Message) ([]byte, error) {
	if !m.IsFor(k) {
		return nil, ErrMessage
	}
	plain, err := m.parsed.Decrypt(k.private)
	if err != nil {
		return nil, ErrMessage
	}
	return plain, nil
}
