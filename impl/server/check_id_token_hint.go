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

// checkIDTokenHint returns the sub of an ID Token that this server issued to the
// client, "" without one (OpenID Connect Core §3.1.2.1). One that has expired is
// good all the same (§3.1.2.2), for as long as its key is published.
func (s *Server) checkIDTokenHint(ctx context.Context, c *registered, hint string) (string, error) {
	if hint == "" || !s.cfg.openIDProvider() {
		return "", nil
	}
	refused := oauth.InvalidRequest("id_token_hint_bad", "id_token_hint is no ID Token that this server issued to the client")
	expires, ok := expiryOf(hint)
	if !ok {
		return "", refused
	}
	v, err := jose.NewVerifier(jose.VerifierConfig{
		Keys: s.keys.find, Issuer: s.issuer.identifier, Audience: c.id, Typ: "JWT",
		// As of its last second it was good; whether it is still is not asked.
		Now: func() time.Time { return expires.Add(-time.Second) },
	})
	if err != nil {
		return "", err
	}
	claims, err := v.Verify(ctx, hint)
	switch {
	case errors.Is(err, jose.ErrInvalid):
		return "", refused.Because(err)
	case err != nil:
		return "", err
	case claims.Subject == "" || claims.IssuedAt.After(s.now().Add(time.Minute)):
		return "", refused
	}
	return claims.Subject, nil
}

// expiryOf reads exp of a JWT whose signature nobody has looked at yet.
func expiryOf(token string) (time.Time, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > jose.MaxToken {
		return time.Time{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		ExpiresAt int64 `json:"exp"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return time.Time{}, false
	}
	return time.Unix(claims.ExpiresAt, 0), claims.ExpiresAt > 0
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
