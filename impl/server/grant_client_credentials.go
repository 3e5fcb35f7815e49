package server

import (
	"context"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// ClientCredentials decides on a client's request for itself (RFC 6749 §4.4). No
// person stands behind it, so nobody but the operator can have allowed it: the
// client must be confidential and registered by the operator. A registration
// that anybody can make would be a token for anybody.
//
// The subject is the client's identifier (RFC 9068 §2.2), and issue sees to it
// that no person's token looks the same. Clients cannot choose their identifier;
// an operator who does must not choose a person's (RFC 9068 §5).
func (s tokenGrants) ClientCredentials(_ context.Context, r tokenRequest) (decision, error) {
	if !r.client.confidential() || r.client.stored.Source != sourceOperator {
		return decision{}, oauth.UnauthorizedClient("client_not_operators", "this grant is for confidential clients that the operator registered")
	}
	resources, err := s.resources.resolve(r.Form.Resource)
	if err != nil {
		return decision{}, err
	}
	scopes, err := s.clientScopes(r, resources)
	if err != nil {
		return decision{}, err
	}
	return decision{
		request: r,
		grant: store.Grant{
			ID:        randomID(),
			Issuer:    s.cfg.Issuer,
			Subject:   r.client.id,
			ClientID:  r.client.id,
			Scopes:    scopes,
			Resources: resources,
			CreatedAt: s.now(),
		},
		scopes:    scopes,
		resources: resources,
	}, nil
}

// clientScopes is what a client may have for itself. For a person's grant the
// registered scope is advice, because the person decides; here it is the
// operator's only word, so it is a bound where it is there.
func (s *Server) clientScopes(r tokenRequest, resources []string) (oauth.Scope, error) {
	scopes, err := s.scopes.resolve(r.Form.Scope, resources)
	if err != nil {
		return nil, err
	}
	if scopes.Intersect(s.scopes.identity) != nil {
		return nil, oauth.InvalidScope("scope_of_people", "scope has a value about a person, and there is none")
	}
	registered, err := oauth.ParseScope(r.client.metadata.Scope)
	if err != nil || registered == nil {
		return scopes, err
	}
	if r.Form.Scope == "" {
		return scopes.Intersect(registered), nil
	}
	if !scopes.SubsetOf(registered) {
		return nil, oauth.InvalidScope("scope_unregistered", "scope exceeds what the client is registered for")
	}
	return scopes, nil
}
