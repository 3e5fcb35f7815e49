package protect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
)

// A JWTConfig says which JWT access tokens are good (RFC 9068). Issuer, Resource
// and JWKS have no default.
type JWTConfig struct {
	Issuer   string // the exact iss
	Resource string // as in Config: what a token must be for
	JWKS     string // the URL of the issuer's keys: https, or http of a loopback host

	// Algorithms that are taken; nil is all that package jose knows.
	Algorithms []jose.Algorithm
	// HTTPClient's transport is used; nil is the default one.
	HTTPClient *http.Client
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// JWT is a Verifier of JWT access tokens by the issuer's published keys (RFC 9068
// §4). It reports every problem of its Config at once, and fetches nothing before
// the first token.
//
// Nobody is asked about a token, so one that is revoked stays good until it
// expires. Where that is too long, use Introspection.
func JWT(c JWTConfig) (Verifier, error) {
	resource, errResource := oauth.ParseResource(c.Resource)
	faults := []error{checkEndpoint(c.JWKS), errResource}
	if c.Now == nil {
		c.Now = time.Now
	}
	v := &jwtVerifier{resource: resource}
	keys := &keySet{url: c.JWKS, server: newUpstream(c.HTTPClient), now: c.Now}
	v.config = jose.VerifierConfig{
		Keys: keys.key, Issuer: c.Issuer, Audience: c.Resource, Typ: "at+jwt",
		Algorithms: c.Algorithms, MultipleAudiences: true, Now: c.Now,
	}
	_, err := jose.NewVerifier(v.config)
	if err = errors.Join(append(faults, err)...); err != nil {
		return nil, fmt.Errorf("protect: JWT: %w", err)
	}
	return v, nil
}

type jwtVerifier struct {
	config   jose.VerifierConfig
	resource oauth.Resource
}

// Verify checks signature, typ, issuer, audience and times, in this order.
func (v *jwtVerifier) Verify(ctx context.Context, token string) (Identity, error) {
	unverified, ok := peek(token)
	if !ok {
		return Identity{}, invalid("token_malformed")
	}
	// jose compares one audience byte by byte. Which of the token's that is, is
	// decided here by path; whether the token really says so, by its signature.
	config := v.config
	i := slices.IndexFunc(audienceOf(unverified), func(a string) bool { return meant(a, v.resource, false) })
	if i < 0 {
		return Identity{}, invalid("token_audience")
	}
	config.Audience = audienceOf(unverified)[i]
	verifier, err := jose.NewVerifier(config)
	if err != nil {
		return Identity{}, err
	}
	claims, err := verifier.Verify(ctx, token)
	if bad, ok := errors.AsType[*jose.InvalidError](err); ok {
		return Identity{}, invalid("token_" + bad.Reason)
	}
	if err != nil {
		return Identity{}, err
	}
	return identityOf(claims, unverified) // both are of the same bytes, verified by now
}

func audienceOf(claims map[string]json.RawMessage) []string {
	return (&members{all: claims}).texts("aud")
}

// identityOf demands the claims that RFC 9068 §2.2 does, beside those that jose
// checked.
func identityOf(c *jose.Claims, all map[string]json.RawMessage) (Identity, error) {
	m := &members{all: all}
	i := Identity{
		Subject: c.Subject, ClientID: m.text("client_id"), Issuer: c.Issuer,
		Scopes: m.scope(), Audience: c.Audience, Claims: all,
		AuthTime: m.time("auth_time"), IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt,
	}
	switch {
	case m.err != nil:
		return Identity{}, invalid("token_claims")
	case i.Subject == "" || i.ClientID == "":
		return Identity{}, invalid("token_claims_missing")
	case c.Has("cnf"): // RFC 8705 §3, RFC 9449 §7.2: not as a bearer token
		return Identity{}, invalid("token_bound")
	}
	return i, nil
}
