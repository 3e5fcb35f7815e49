package server

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/oauth"
)

// idToken returns what the ID Token beside an access token tells (OpenID Connect
// Core §3.1.3.3, §12.2); nil where none is due: openid was not granted, or was
// narrowed away. The claims of scopes are for /userinfo (§5.4).
func (s *Server) idToken(ctx context.Context, d decision, now time.Time) (*mint.IDToken, error) {
	if !s.cfg.openIDProvider() || !slices.Contains(d.scopes, openID) {
		return nil, nil
	}
	c := d.request.client.registered
	subject, err := s.subjectFor(ctx, c, d.grant.Subject)
	if err != nil {
		return nil, err
	}
	of, err := parametersOf(d.grant)
	if err != nil {
		return nil, err
	}
	claims, err := s.idTokenClaims(ctx, d.grant.Subject, of)
	if err != nil {
		return nil, err
	}
	alg := idTokenAlgorithm(c)
	return &mint.IDToken{
		Issuer:    s.issuer.identifier,
		Subject:   subject,
		ClientID:  d.grant.ClientID,
		IssuedAt:  now,
		ExpiresAt: expiry(now, s.cfg.Lifetimes.IDToken, d.grant.CreatedAt.Add(s.cfg.Lifetimes.Grant)),
		AuthTime:  d.grant.AuthTime,
		Nonce:     d.nonce,
		ACR:       of.ACR,
		AMR:       of.AMR,
		SessionID: d.grant.SessionID,
		Claims:    claims,
		Algorithm: alg,
		Sign:      s.signerFor(c, string(alg), encryption{alg: c.metadata.IDTokenEncryptedResponseAlg, enc: c.metadata.IDTokenEncryptedResponseEnc}),
	}, nil
}

// idTokenClaims returns the claims about the person that the claims parameter asks
// for in the ID Token (§5.5). Only a request that does costs a look at the person.
func (s *Server) idTokenClaims(ctx context.Context, subject string, of grantParameters) (map[string]json.RawMessage, error) {
	if len(of.Claims.IDToken) == 0 {
		return nil, nil
	}
	all, err := s.claimsOf(ctx, subject)
	if errors.Is(err, ErrNoPerson) {
		return nil, oauth.InvalidGrant("person_gone", "the person is not there any more").Because(err)
	}
	if err != nil {
		return nil, err
	}
	told := addAsked(nil, all, of.Claims.IDToken)
	localize(told, all, of.ClaimsLocales)
	return told, nil
}

// identityAlgorithmsOf are those by which the client is told who signed in.
func identityAlgorithmsOf(c *registered) []jose.Algorithm {
	algorithms := []jose.Algorithm{idTokenAlgorithm(c)}
	if alg := c.metadata.UserinfoSignedResponseAlg; alg != "" {
		algorithms = append(algorithms, jose.Algorithm(alg))
	}
	return algorithms
}

// idTokenAlgorithm returns how the client's ID Tokens are signed: as it
// registered, or by RS256 (OpenID Connect Registration §2).
func idTokenAlgorithm(c *registered) jose.Algorithm {
	if alg := c.metadata.IDTokenSignedResponseAlg; alg != "" {
		return jose.Algorithm(alg)
	}
	return jose.RS256
}
