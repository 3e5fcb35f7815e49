package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// A Kind is what a bearer handle is good for. It is part of every Digest, so a
// handle of one kind is never found as another.
type Kind string

// The kinds of handle. The names are those of the standards' parameters.
const (
	AuthorizationCode       Kind = "authorization_code"        // RFC 6749 §1.3.1
	RefreshToken            Kind = "refresh_token"             // RFC 6749 §1.5
	AccessToken             Kind = "access_token"              // RFC 6749 §1.4
	RegistrationAccessToken Kind = "registration_access_token" // RFC 7592 §3
	InitialAccessToken      Kind = "initial_access_token"      // RFC 7591 §3
	AuthorizationRequest    Kind = "request"                   // the handle that the pages carry
	LogoutRequest           Kind = "logout_request"            // the handle that the pages to sign out carry
	BrowserSession          Kind = "session"                   // the cookie of a Session
	Browser                 Kind = "browser"                   // the cookie that binds an authorization request to a browser
	ClientFingerprint       Kind = "client_fingerprint"        // of registered metadata
)

// A Digest is SHA-256 over a kind and a value. It names a record without
// telling the secret that finds it. The zero Digest names nothing.
type Digest [sha256.Size]byte

// NewDigest returns the digest of a value of a kind. Values must have at least
// 128 bits of entropy: a bare hash of anything guessable can be searched.
func NewDigest(k Kind, value string) Digest {
	// The length keeps kind and value apart; the buffer stays on the stack for
	// every opaque token.
	buf := make([]byte, 0, 192)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(k)))
	buf = append(buf, k...)
	buf = append(buf, value...)
	return sha256.Sum256(buf)
}

// IsZero reports whether d names nothing.
func (d Digest) IsZero() bool { return d == Digest{} }

// String returns d in unpadded base64url, 43 characters.
func (d Digest) String() string { return base64.RawURLEncoding.EncodeToString(d[:]) }

// ParseDigest is the inverse of String: it reports false for anything that
// String does not return.
func ParseDigest(s string) (Digest, bool) {
	var d Digest
	if len(s) != base64.RawURLEncoding.EncodedLen(len(d)) {
		return Digest{}, false
	}
	if _, err := base64.RawURLEncoding.Strict().Decode(d[:], []byte(s)); err != nil {
		return Digest{}, false
	}
	return d, true
}
