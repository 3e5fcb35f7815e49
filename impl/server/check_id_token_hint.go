package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
)

// An idTokenHint is what an ID Token of this server says of a sign-in. The zero
// idTokenHint is none.
type idTokenHint struct {
	subject   string // as the client knows the person
	sessionID string // sid; "" where the sign-in had none
}

// checkIDTokenHint reads an ID Token that this server issued to the client, nothing
// of "" (OpenID Connect Core §3.1.2.1). One that has expired is good all the same
// (§3.1.2.2, RP-Initiated Logout §2), for as long as its key is published.
func (s *Server) checkIDTokenHint(ctx context.Context, c *registered, token string) (idTokenHint, error) {
	if token == "" || !s.cfg.openIDProvider() {
		return idTokenHint{}, nil
	}
	refused := errIDTokenHint()
	unverified, ok := unverifiedClaimsOf(token)
	if !ok {
		return idTokenHint{}, refused
	}
	v, err := jose.NewVerifier(jose.VerifierConfig{
		Keys: s.keys.find, Issuer: s.issuer.identifier, Audience: c.id, Typ: "JWT",
		// As of its last second it was good; whether it is still is not asked.
		Now: func() time.Time { return time.Unix(unverified.ExpiresAt-1, 0) },
	})
	if err != nil {
		return idTokenHint{}, err
	}
	claims, err := v.Verify(ctx, token)
	switch {
	case errors.Is(err, jose.ErrInvalid):
		return idTokenHint{}, refused.Because(err)
	case err != nil:
		return idTokenHint{}, err
	case claims.Subject == "" || claims.IssuedAt.After(s.now().Add(time.Minute)):
		return idTokenHint{}, refused
	}
	hint := idTokenHint{subject: claims.Subject}
	if err := claims.Get("sid", &hint.sessionID); err != nil {
		return idTokenHint{}, refused.Because(err)
	}
	return hint, nil
}

func errIDTokenHint() *oauth.Error {
	return oauth.InvalidRequest("id_token_hint_bad", "id_token_hint is no ID Token that this server issued to the client")
}

// unverifiedClaims are those of a JWT whose signature nobody has looked at yet:
// good to find what it is verified with, and for nothing else.
type unverifiedClaims struct {
	ExpiresAt int64           `json:"exp"`
	Audience  json.RawMessage `json:"aud"`
}

func unverifiedClaimsOf(token string) (claims unverifiedClaims, ok bool) {
	if len(token) > jose.MaxToken {
		return claims, false
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return claims, false
	}
	return claims, claims.ExpiresAt > 0
}

// find returns a published key of this server.
func (r *keyRing) find(ctx context.Context, kid string) (jose.PublicKey, error) {
	keys, err := r.published(ctx)
	if err != nil {
		return jose.PublicKey{}, err
	}
	for _, k := range keys {
		if k.ID() == kid {
			return k, nil
		}
	}
	return jose.PublicKey{}, jose.ErrUnknownKey
}
