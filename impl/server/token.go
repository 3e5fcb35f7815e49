package server

import (
	"context"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// Token is the token endpoint (RFC 6749 §3.2).
func (s protocol) Token(ctx context.Context, in *gen.TokenInput) (gen.TokenOutput, error) {
	c, err := s.authenticateClient(ctx, in.HTTP, credentials{in.Form.ClientID, in.Form.ClientSecret, in.Form.ClientAssertion})
	if err != nil {
		return nil, err
	}
	reply, err := s.token(ctx, tokenRequest{in, c})
	if err != nil {
		return nil, asClient(c.registered, err)
	}
	s.renewClient(ctx, c.registered)
	return s.tokenResponse(reply, c.allowedOrigin(in.HTTP)), nil
}

// A tokenRequest is a token request of an authenticated client.
type tokenRequest struct {
	*gen.TokenInput
	client authenticated
}

func (s *Server) token(ctx context.Context, r tokenRequest) (mint.Reply, error) {
	if err := s.checkMayUseGrant(r.client, r.Form.GrantType); err != nil {
		return mint.Reply{}, err
	}
	d, err := gen.DispatchTokenRequest[tokenRequest, decision](ctx, tokenGrants{s}, r.Form.GrantType, r)
	if err != nil {
		return mint.Reply{}, err
	}
	return s.issue(ctx, d)
}

// tokenGrants has one method for each grant type of openapi.yaml: one without a
// method does not compile. A grant reads and decides; it writes nothing, but for
// the revocation that a replay calls for.
type tokenGrants struct{ *Server }

var _ gen.TokenRequestHandlers[tokenRequest, decision] = tokenGrants{}

// A decision is what a grant allows: what may be issued, and what that spends.
type decision struct {
	request   tokenRequest
	grant     store.Grant // a new one when spends is nil
	scopes    oauth.Scope // of the access token
	resources []string    // its audience
	refresh   bool        // whether a refresh token comes with it
	nonce     string      // of the authorization request; only its code has it
	props     mint.Props
	spends    *spending // nil: nothing, the grant is new

	answered *mint.Reply // the whole answer, given before
}

// A spending is the single-use token that issuing consumes.
type spending struct {
	token string // as presented
	row   store.Token
	asked mint.Asked // of a refresh, to know its retry by
}

// checkMayUseGrant asks the client's metadata (RFC 6749 §5.2,
// unauthorized_client). A policy that gives refresh tokens to clients that list
// no such grant also lets them be used.
func (s *Server) checkMayUseGrant(c authenticated, grant gen.GrantType) error {
	allowed := c.metadata.HasGrant(grant)
	if grant == gen.GrantTypeRefreshToken {
		switch s.cfg.RefreshTokens {
		case RefreshAlways, RefreshOnOfflineAccess:
			allowed = true
		case RefreshNever:
			allowed = false
		}
	}
	if !allowed {
		return oauth.UnauthorizedClient("grant_type_unregistered", "the client may not use this grant type")
	}
	return nil
}

// issuesRefreshToken applies the operator's policy to a grant.
func (s *Server) issuesRefreshToken(m client.Metadata, scopes oauth.Scope) bool {
	switch s.cfg.RefreshTokens {
	case RefreshAlways:
		return true
	case RefreshOnOfflineAccess:
		return scopes.Contains(offlineAccess)
	case RefreshByClientMetadata:
		return m.HasGrant(gen.GrantTypeRefreshToken)
	default:
		return false
	}
}

// tokenResponse is RFC 6749 §5.1. The scope is always told, as OAuth 2.1 §3.2.3
// asks, unless there is none.
func (s *Server) tokenResponse(r mint.Reply, origin string) *gen.Token200 {
	return &gen.Token200{
		AccessControlAllowOrigin: origin,
		Body: gen.TokenAnswer{
			AccessToken:  r.AccessToken,
			TokenType:    gen.TokenTypeBearer,
			ExpiresIn:    secondsUntil(r.ExpiresAt, s.now()),
			RefreshToken: r.RefreshToken,
			IDToken:      r.IDToken,
			Scope:        oauth.Scope(r.Scopes).String(),
		},
	}
}

// secondsUntil rounds up: tokens expire at whole seconds, so a new one of an hour
// reads 3600. It is never negative.
func secondsUntil(t, now time.Time) int64 {
	return max(0, int64((t.Sub(now)+time.Second-1)/time.Second))
}
