package server

import (
	"context"
	"errors"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

const (
	// assertionTyp is that of rfc7523bis §4. Older clients write JWT, or nothing,
	// and the draft does not want them refused for it.
	assertionTyp = "client-authentication+jwt"
	// assertionLife is the longest that an assertion may be good for: it is made
	// for one request.
	assertionLife = time.Hour
	// assertionLeeway is for clocks that disagree.
	assertionLeeway = 10 * time.Second
	// assertionMark is how much longer than an assertion its use is remembered,
	// so that it is never good and forgotten.
	assertionMark = time.Minute
)

// assertionClient returns the client that an assertion says it is of: where the
// request does not say it, this is how its keys are found (RFC 7521 §4.2).
// Nothing is verified.
func assertionClient(form credentials) (string, bool) {
	if form.id != "" {
		return form.id, true
	}
	claims, ok := jose.Unverified(form.assertion)
	if !ok {
		return "", false
	}
	return claims.Subject, claims.Subject != ""
}

// checkAssertion holds a client's JWT to RFC 7523 §3 and OpenID Connect Core §9.
// That it is used once is written down last: an assertion that somebody forged
// must not use up the identifier of a genuine one.
func (s *Server) checkAssertion(ctx context.Context, c *registered, assertion string) error {
	verifier, err := s.assertionVerifier(c, assertion)
	if err != nil {
		return err
	}
	claims, err := verifier.Verify(ctx, assertion)
	if invalid, ok := errors.AsType[*jose.InvalidError](err); ok {
		return errAssertion("client_assertion_"+invalid.Reason, err)
	}
	if err != nil {
		// The client's keys could not be had. What a fetch found out about a host is
		// for the log.
		return errAssertion("client_keys_unavailable", err)
	}
	if claims.Subject != c.id { // iss was compared with it
		return errAssertion("client_assertion_subject", nil)
	}
	var audience string
	if !c.legacyJWT() && claims.Get("aud", &audience) != nil {
		return errAssertion("client_assertion_audience", errors.New("aud is no single string"))
	}
	return s.checkAssertionOnce(ctx, c, claims)
}

// checkAssertionOnce admits each jti of a client once (OpenID Connect Core §9).
// Those of another client are not looked at.
func (s *Server) checkAssertionOnce(ctx context.Context, c *registered, claims *jose.Claims) error {
	if claims.ID == "" {
		return errAssertion("client_assertion_jti", errors.New("no jti"))
	}
	// What was used before a restore is not remembered. Without iat it was issued at
	// most its longest life before its end.
	issued := claims.IssuedAt
	if issued.IsZero() {
		issued = claims.ExpiresAt.Add(-assertionLife)
	}
	if s.Revived(issued) {
		return errAssertion("client_assertion_before_restore", nil)
	}
	err := s.store.Once(ctx, "client_assertion "+c.id, claims.ID, claims.ExpiresAt.Add(assertionLeeway+assertionMark))
	switch {
	case errors.Is(err, store.ErrConsumed):
		return errAssertion("client_assertion_replayed", err)
	case errors.Is(err, store.ErrInvalid):
		return errAssertion("client_assertion_jti", err)
	}
	return err
}

// assertionVerifier demands what the client registered: one of its keys, or its
// secret, and never the other.
func (s *Server) assertionVerifier(c *registered, assertion string) (*jose.Verifier, error) {
	alg := c.metadata.TokenEndpointAuthSigningAlg
	cfg := jose.VerifierConfig{
		Issuer: c.id, Audience: s.assertionAudience(c, assertion), MultipleAudiences: c.legacyJWT(),
		Typ: "JWT", OtherTyp: assertionTyp, Leeway: assertionLeeway, MaxLifetime: assertionLife, Now: s.now,
	}
	if c.metadata.AuthMethod() == client.SecretJWT {
		var err error
		if cfg.Secrets, err = openClientSecrets(s.cfg.KeyEncryptionKey, *c.stored, s.now()); err != nil {
			return nil, err
		}
		if len(cfg.Secrets) == 0 {
			return nil, errAssertion("client_secret_expired", nil)
		}
		return jose.NewVerifier(cfg)
	}
	cfg.Keys = s.clientKeys(c, alg)
	if alg != "" {
		cfg.Algorithms = []jose.Algorithm{jose.Algorithm(alg)}
	}
	return jose.NewVerifier(cfg)
}

// assertionAudience is the issuer (rfc7523bis §4, FAPI 2.0 §5.3.2.1). RFC 7523 §3
// let it be the token endpoint, which lets one server use at another what a client
// gave it; that is for clients alone that an operator exempted.
func (s *Server) assertionAudience(c *registered, assertion string) string {
	if !c.legacyJWT() {
		return s.issuer.identifier
	}
	tokenEndpoint := s.issuer.url(gen.PathToken)
	if claims, ok := jose.Unverified(assertion); ok {
		for _, audience := range claims.Audience {
			if audience == tokenEndpoint {
				return tokenEndpoint
			}
		}
	}
	return s.issuer.identifier
}

func errAssertion(reason string, cause error) error {
	return oauth.InvalidClient(reason, authenticationFailure).Because(cause)
}
