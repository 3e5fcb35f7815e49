package mint

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// AccessTokenTyp is the typ of JWT access tokens (RFC 9068 §2.1), without the
// "application/" prefix, as the RFC prefers. No other JWT of ours has it, so
// none is taken for an access token.
const AccessTokenTyp = "at+jwt"

// claims are those of RFC 9068 §2.2 to §2.2.3, in the order of the RFC.
type claims struct {
	Issuer    string   `json:"iss"`
	ExpiresAt int64    `json:"exp"`
	Audience  audience `json:"aud"`
	Subject   string   `json:"sub"`
	ClientID  string   `json:"client_id"`
	IssuedAt  int64    `json:"iat"`
	ID        string   `json:"jti"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	Scope     string   `json:"scope,omitempty"`
}

// accessTokenClaims holds no props and no metadata: a JWT is read by everyone
// who carries it.
func accessTokenClaims(i Issuance) claims {
	c := claims{
		Issuer:    i.Issuer,
		ExpiresAt: i.ExpiresAt.Unix(),
		Audience:  i.Resources,
		Subject:   i.Grant.Subject,
		ClientID:  i.Grant.ClientID,
		IssuedAt:  i.At.Unix(),
		ID:        newJTI(),
		Scope:     strings.Join(i.Scopes, " "),
	}
	if i.Subject != "" {
		c.Subject = i.Subject
	}
	if !i.Grant.AuthTime.IsZero() {
		c.AuthTime = i.Grant.AuthTime.Unix()
	}
	return c
}

// An audience is written as a string when there is one (RFC 7519 §4.1.3): that
// is the form which every verifier reads.
type audience []string

// MarshalJSON returns a string for one value and an array for more.
func (a audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

// newJTI returns 128 random bits: an identifier, good for nothing else.
func newJTI() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, and never returns short (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}
