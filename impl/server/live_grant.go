package server

import (
	"context"
	"slices"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// holds reports whether g is the grant of t, and was made by this issuer. Another
// one over the same store is another authorization server: what it made is not
// known here. Grants of databases older than the field name no issuer.
func (s *Server) holds(g store.Grant, t store.Token) bool {
	return t.GrantID != "" && t.GrantID == g.ID && (g.Issuer == "" || g.Issuer == s.cfg.Issuer)
}

// live reports whether tokens of a grant can be good now. A token is never live
// without its grant: revoking the grant is all it takes to end every token.
func (s *Server) live(g store.Grant) bool {
	now := s.now()
	return g.ID != "" && g.RevokedAt.IsZero() && !s.Revived(g.CreatedAt) &&
		!expired(g.ExpiresAt, now) && now.Before(g.CreatedAt.Add(s.cfg.Lifetimes.Grant))
}

// endGrant revokes one grant; that it is revoked already is no error.
func (s *Server) endGrant(ctx context.Context, id string) error {
	_, err := s.store.RevokeGrants(ctx, store.GrantFilter{ID: id}, s.now())
	return err
}

// narrowResources returns the requested part of a grant's resources (RFC 8707
// §2.2); all of them when none is requested. One that is configured no more is
// good for nothing.
func (s *Server) narrowResources(granted, requested []string) ([]string, error) {
	if len(requested) > 0 {
		resources, err := s.resources.resolve(requested)
		if err == nil && !oauth.Scope(resources).SubsetOf(granted) {
			err = oauth.InvalidTarget("resource_exceeds_grant", "resource exceeds what was granted")
		}
		return resources, err
	}
	resources := slices.DeleteFunc(slices.Clone(granted), func(uri string) bool {
		_, ok := s.resources.find(uri)
		return !ok
	})
	if len(resources) == 0 {
		return nil, oauth.InvalidTarget("resource_gone", "the granted resource is not served any more")
	}
	return resources, nil
}
