package server

import (
	"context"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// Revoke is the revocation endpoint (RFC 7009 §2). Revoking a token ends its
// whole grant, for access and refresh tokens alike: that is the only state there
// is, and what people mean by it. 200 is answered only after the store has said
// so.
//
// Another client's token is answered like an unknown one. RFC 7009 §2.1 would
// refuse it with an error, which would tell whoever found a token that it is
// live.
func (s protocol) Revoke(ctx context.Context, in *gen.RevokeInput) (gen.RevokeOutput, error) {
	c, err := s.authenticateClient(ctx, in.HTTP, credentials{in.Form.ClientID, in.Form.ClientSecret, in.Form.ClientAssertion})
	if err != nil {
		return nil, err
	}
	if err := s.revoke(ctx, in, c); err != nil {
		return nil, asClient(c.registered, err)
	}
	return &gen.Revoke200{AccessControlAllowOrigin: c.allowedOrigin(in.HTTP)}, nil
}

func (s *Server) revoke(ctx context.Context, in *gen.RevokeInput, c authenticated) error {
	if otherKind(in.Form.Token) {
		return oauth.UnsupportedTokenType("token_type_unrevocable", "only access tokens and refresh tokens can be revoked here")
	}
	t, g, found, err := s.findToken(ctx, in.Form.Token)
	if err != nil || !found {
		return err
	}
	if t.ClientID != c.id {
		s.emit(ctx, store.Event{Reason: "revocation_foreign", ClientID: c.id, GrantID: t.GrantID, Address: s.address(in.HTTP)})
		return nil
	}
	// Expired and used tokens too: who revokes means the grant.
	if !g.RevokedAt.IsZero() {
		return nil
	}
	if err := s.endGrant(ctx, t.GrantID); err != nil {
		return err
	}
	s.emit(ctx, store.Event{Reason: "grant_revoked_by_client", ClientID: c.id, Subject: g.Subject, GrantID: t.GrantID, Address: s.address(in.HTTP)})
	return nil
}

// otherKind reports whether a token is, by its form, of a kind of ours that
// cannot be revoked (RFC 7009 §2.2.1). It looks nothing up, so it tells nothing.
func otherKind(token string) bool {
	for _, prefix := range []string{
		seal.PrefixAuthorizationCode, seal.PrefixClientSecret,
		seal.PrefixRegistrationAccessToken, seal.PrefixInitialAccessToken,
	} {
		if seal.WellFormed(prefix, token) {
			return true
		}
	}
	return false
}
