package server

import (
	"context"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// Introspect is the introspection endpoint (RFC 7662 §2). Everything that is no
// live token which the caller may see is answered with the same bytes. A store
// that cannot answer is 503, neither yes nor no: RFC 7662 §2.1 would let it be
// "inactive", but a resource server that believed it would end sessions.
func (s protocol) Introspect(ctx context.Context, in *gen.IntrospectInput) (gen.IntrospectOutput, error) {
	c, err := s.authenticateClient(ctx, in.HTTP, credentials{in.Form.ClientID, in.Form.ClientSecret, in.Form.ClientAssertion})
	if err != nil {
		return nil, err
	}
	if !c.confidential() {
		return nil, oauth.InvalidClient("introspection_unauthenticated", "introspection needs an authenticated client")
	}
	t, g, found, err := s.findToken(ctx, in.Form.Token)
	if err != nil {
		return nil, err
	}
	if !found || !maySee(c, t) {
		return inactive, nil
	}
	owner, err := s.liveToken(ctx, t, g, c.registered)
	if err != nil {
		return nil, err
	}
	if owner == nil {
		return inactive, nil
	}
	subject, err := s.subjectFor(ctx, owner, g.Subject)
	if err != nil {
		return nil, err
	}
	return &gen.Introspect200{Body: s.introspection(t, g, subject)}, nil
}

var inactive = &gen.Introspect200{Body: gen.Introspection{Active: false}}

// maySee reports whether a client may learn about a token: its own client, or for
// access tokens a resource server, which is a confidential client that the
// operator registered (RFC 7662 §4). Nobody else sees a refresh token: a resource
// server that was sent one must not take it for an access token.
func maySee(c authenticated, t store.Token) bool {
	return t.ClientID == c.id || t.Kind == store.AccessToken && c.stored != nil && c.stored.Source == sourceOperator
}

// introspection tells what RFC 7662 §2.2 names, about the subject that the token's
// client is told. Props and metadata of the grant
// are the application's and are not in it.
func (s *Server) introspection(t store.Token, g store.Grant, subject string) gen.Introspection {
	scopes, resources := s.served(t)
	issued, expires := t.CreatedAt.Unix(), t.ExpiresAt.Unix()
	r := gen.Introspection{
		Active:   true,
		Scope:    oauth.Scope(scopes).String(),
		ClientID: t.ClientID,
		Sub:      subject,
		Iss:      s.issuer.identifier,
		Iat:      &issued,
		Exp:      &expires,
		Aud:      resources,
	}
	if !g.AuthTime.IsZero() {
		at := g.AuthTime.Unix()
		r.AuthTime = &at
	}
	if t.Kind == store.AccessToken {
		r.TokenType = string(gen.TokenTypeBearer)
	} else {
		// A refresh token is for this server and nobody else.
		r.Aud = []string{s.issuer.identifier}
	}
	return r
}
