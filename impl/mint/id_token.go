package mint

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/charterauth/charter/impl/jose"
)

// idTokenTyp is the typ of ID Tokens. OpenID Connect Core gives them none of
// their own, and "JWT" is what its clients expect; that it is not at+jwt keeps
// them from being taken for access tokens (RFC 8725 §3.11).
const idTokenTyp = "JWT"

// An IDToken is what an ID Token tells (OpenID Connect Core §2), but for at_hash,
// which follows from the access token beside it. Zero fields are left out.
type IDToken struct {
	Issuer, Subject, ClientID string
	IssuedAt, ExpiresAt       time.Time
	AuthTime                  time.Time
	Nonce                     string
	ACR                       string
	AMR                       []string
	SessionID                 string                     // sid
	Claims                    map[string]json.RawMessage // about the person; none of the claims above
	Algorithm                 jose.Algorithm
	Sign                      Signer // signs by Algorithm
}

// mint signs the token. There is no c_hash: it binds a code that is sent beside
// an ID Token, and from the token endpoint none is (§3.3.2.11). There is no azp:
// the audience is the one client (§2).
func (t IDToken) mint(ctx context.Context, accessToken string) (string, error) {
	claims := idTokenClaims{
		Issuer: t.Issuer, Subject: t.Subject, Audience: t.ClientID,
		ExpiresAt: t.ExpiresAt.Unix(), IssuedAt: t.IssuedAt.Unix(),
		Nonce: t.Nonce, ACR: t.ACR, AMR: t.AMR,
		AccessTokenHash: halfHash(t.Algorithm, accessToken), SessionID: t.SessionID, more: t.Claims,
	}
	if !t.AuthTime.IsZero() {
		claims.AuthTime = t.AuthTime.Unix()
	}
	return t.Sign(ctx, idTokenTyp, claims)
}

// idTokenClaims are those of OpenID Connect Core §2 and §3.1.3.6 and sid of
// Front-Channel Logout §3, in that order.
type idTokenClaims struct {
	Issuer          string   `json:"iss"`
	Subject         string   `json:"sub"`
	Audience        string   `json:"aud"`
	ExpiresAt       int64    `json:"exp"`
	IssuedAt        int64    `json:"iat"`
	AuthTime        int64    `json:"auth_time,omitempty"`
	Nonce           string   `json:"nonce,omitempty"`
	ACR             string   `json:"acr,omitempty"`
	AMR             []string `json:"amr,omitempty"`
	AccessTokenHash string   `json:"at_hash"`
	SessionID       string   `json:"sid,omitempty"`

	more map[string]json.RawMessage
}

// MarshalJSON returns the claims and those about the person.
func (c idTokenClaims) MarshalJSON() ([]byte, error) {
	type plain idTokenClaims
	return withClaims(plain(c), c.more)
}

// withClaims returns the object that protocol encodes to, and more behind it. A
// claim of a name that is the protocol's is an error: it would say what the server
// does not.
func withClaims(protocol any, more map[string]json.RawMessage) ([]byte, error) {
	b, err := json.Marshal(protocol)
	if err != nil || len(more) == 0 {
		return b, err
	}
	b = b[:len(b)-1]
	for _, name := range slices.Sorted(maps.Keys(more)) {
		if ProtocolClaim(name) {
			return nil, fmt.Errorf("claim %.32q is the protocol's", name)
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		b = append(append(b, ','), quoted...)
		b = append(append(b, ':'), more[name]...)
	}
	return append(b, '}'), nil
}

// ProtocolClaim reports whether a claim of this name is the authorization
// server's to make (RFC 7519 §4.1, OpenID Connect Core §2, §3.1.3.6, §3.3.2.11,
// Back-Channel Logout §2.4): no account has it.
func ProtocolClaim(name string) bool {
	switch name {
	case "iss", "sub", "aud", "exp", "nbf", "iat", "jti",
		"auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "s_hash", "sid", "events", "client_id", "scope":
		return true
	}
	return false
}

// halfHash is at_hash (OpenID Connect Core §3.1.3.6): the left half of the hash
// that the signature's algorithm uses. Ed25519 uses SHA-512 (RFC 8032 §5.1).
func halfHash(alg jose.Algorithm, token string) string {
	if alg == jose.EdDSA {
		sum := sha512.Sum512([]byte(token))
		return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
