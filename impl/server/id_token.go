package server

import (
	"context"
	"slices"
	"time"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/mint"
)

// idToken returns what the ID Token beside an access token tells (OpenID Connect
// Core §3.1.3.3, §12.2); nil where none is due: openid was not granted, or was
// narrowed away. The claims of scopes are for /userinfo (§5.4).
func (s *Server) idToken(ctx context.Context, d decision, now time.Time) (*mint.IDToken, error) {
	if !s.cfg.openIDProvider() || !slices.Contains(d.scopes, openID) {
		return nil, nil
	}
	subject, err := s.subjectFor(ctx, d.request.client.registered, d.grant.Subject)
	if err != nil {
		return nil, err
	}
	alg := idTokenAlgorithm(d.request.client.registered)
	return &mint.IDToken{
		Issuer:    s.issuer.identifier,
		Subject:   subject,
		ClientID:  d.grant.ClientID,
		IssuedAt:  now,
		ExpiresAt: expiry(now, s.cfg.Lifetimes.IDToken, d.grant.CreatedAt.Add(s.cfg.Lifetimes.Grant)),
		AuthTime:  d.grant.AuthTime,
		Nonce:     d.nonce,
		Algorithm: alg,
		Sign: func(ctx context.Context, typ string, claims any) (string, error) {
			return s.keys.sign(ctx, string(alg), typ, claims)
		},
	}, nil
}

// idTokenAlgorithm returns how the client's ID Tokens are signed.
func idTokenAlgorithm(*registered) jose.Algorithm { return jose.RS256 }
