package mint

import (
	"context"
	"errors"
	"time"
)

// LogoutTokenTyp is the typ of a logout token (OpenID Connect Back-Channel Logout
// 1.0 §2.4): no JWT of another kind has it.
const LogoutTokenTyp = "logout+jwt"

// A LogoutToken tells a client that a session is over (Back-Channel Logout §2.4).
type LogoutToken struct {
	Issuer, ClientID    string
	Subject             string // as the client's ID Tokens have it; empty only with a SessionID
	SessionID           string // sid; empty: every session of the subject is over
	IssuedAt, ExpiresAt time.Time
	Sign                Signer // as the client's ID Tokens are signed, and encrypted
}

// Mint returns the token. Each call makes another token, with a jti of its own. An
// error is that of the signer, or a defect of t.
func (t LogoutToken) Mint(ctx context.Context) (string, error) {
	if t.Issuer == "" || t.ClientID == "" || t.Subject == "" && t.SessionID == "" || !t.ExpiresAt.After(t.IssuedAt) {
		return "", errors.New("mint: a logout token needs an issuer, a client, a subject or a session, and time")
	}
	return t.Sign(ctx, LogoutTokenTyp, logoutTokenClaims{
		Issuer: t.Issuer, Subject: t.Subject, Audience: t.ClientID,
		IssuedAt: t.IssuedAt.Unix(), ExpiresAt: t.ExpiresAt.Unix(),
		ID: newJTI(), SessionID: t.SessionID,
	})
}

// logoutTokenClaims has no nonce, which keeps the token from being taken for an ID
// Token (§2.4).
type logoutTokenClaims struct {
	Issuer    string       `json:"iss"`
	Subject   string       `json:"sub,omitempty"`
	Audience  string       `json:"aud"`
	IssuedAt  int64        `json:"iat"`
	ExpiresAt int64        `json:"exp"`
	ID        string       `json:"jti"`
	SessionID string       `json:"sid,omitempty"`
	Events    logoutEvents `json:"events"`
}

// logoutEvents says that the JWT is a logout token; its one member is an empty
// object.
type logoutEvents struct {
	Logout struct{} `json:"http://schemas.openid.net/event/backchannel-logout"`
}
