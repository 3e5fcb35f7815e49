package mint

import (
	"context"
	"encoding/json"
)

// A UserInfo is a UserInfo response that is a JWT, signed, encrypted or both
// (OpenID Connect Core §5.3.2).
type UserInfo struct {
	Issuer, Subject, ClientID string
	Claims                    map[string]json.RawMessage // about the person; none of the protocol's
	Sign                      Signer
}

// Mint makes the response, by Sign. It has no exp, so that it is good for nothing but to be
// read: an ID Token, for which it must not be taken, has one.
func (u UserInfo) Mint(ctx context.Context) (string, error) {
	return u.Sign(ctx, idTokenTyp, userInfoClaims{u.Issuer, u.Subject, u.ClientID, u.Claims})
}

// userInfoClaims are those of OpenID Connect Core §5.3.2.
type userInfoClaims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`

	more map[string]json.RawMessage
}

// MarshalJSON returns the claims and those about the person.
func (c userInfoClaims) MarshalJSON() ([]byte, error) {
	type plain userInfoClaims
	return withClaims(plain(c), c.more)
}
