package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// RefreshToken decides on a refresh (RFC 6749 §6): the token is good once, for
// its own client, while its grant lives. Whether a used one is a client's retry
// or a thief's is decided before anything else about the request, so that no
// malformed parameter hides a reuse.
func (s tokenGrants) RefreshToken(ctx context.Context, r tokenRequest) (decision, error) {
	token, grant, err := s.lookupRefreshToken(ctx, r)
	if err != nil {
		return decision{}, err
	}
	spends := &spending{token: r.Form.RefreshToken, row: token, asked: askedBy(r)}
	if !token.ConsumedAt.IsZero() {
		reply, err := s.refreshAgain(ctx, r, spends, grant)
		return decision{request: r, grant: grant, answered: &reply}, err
	}
	if expired(token.ExpiresAt, s.now()) || !s.live(grant) {
		return decision{}, errRefreshToken("refresh_expired")
	}
	if !s.issuesRefreshToken(r.client.metadata, grant.Scopes) {
		return decision{}, oauth.UnauthorizedClient("grant_type_unregistered", "the client may not use this grant type")
	}
	resources, err := s.narrowResources(grant.Resources, r.Form.Resource)
	if err != nil {
		return decision{}, err
	}
	scopes, err := narrowScopes(grant.Scopes, r.Form.Scope)
	if err != nil {
		return decision{}, err
	}
	props, err := mint.PresentedProps(r.Form.RefreshToken, token)
	if err != nil {
		return decision{}, fmt.Errorf("props of grant %s: %w", grant.ID, err)
	}
	return decision{
		request:   r,
		grant:     grant,
		scopes:    s.scopes.limit(scopes, resources),
		resources: resources,
		refresh:   true,
		props:     props,
		spends:    spends,
	}, nil
}

// errRefreshToken is the one answer for a refresh token that is not good.
func errRefreshToken(reason string) error {
	return oauth.InvalidGrant(reason, "the refresh token is not good: unknown, expired, used, revoked, or of another client")
}

// lookupRefreshToken finds the token and sees that it was issued to this client.
// A stranger's attempt leaves the grant as it is.
func (s *Server) lookupRefreshToken(ctx context.Context, r tokenRequest) (store.Token, store.Grant, error) {
	if !seal.WellFormed(seal.PrefixRefreshToken, r.Form.RefreshToken) {
		return store.Token{}, store.Grant{}, errRefreshToken("refresh_malformed")
	}
	token, grant, err := s.store.Token(ctx, store.NewDigest(store.RefreshToken, r.Form.RefreshToken))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Token{}, store.Grant{}, errRefreshToken("refresh_unknown")
	case err != nil:
		return store.Token{}, store.Grant{}, err
	case token.Kind != store.RefreshToken || !s.holds(grant, token):
		return store.Token{}, store.Grant{}, errRefreshToken("refresh_unknown")
	case token.ClientID != r.client.id || grant.ClientID != r.client.id:
		s.emit(ctx, s.foreignToken(r, token, "refresh_foreign"))
		return store.Token{}, store.Grant{}, errRefreshToken("refresh_foreign")
	}
	return token, grant, nil
}

// narrowScopes returns the requested part of what was granted; all of it when
// none is requested (RFC 6749 §6).
func narrowScopes(granted []string, requested string) (oauth.Scope, error) {
	if requested == "" {
		return granted, nil
	}
	scopes, err := oauth.ParseScope(requested)
	if err != nil {
		return nil, err
	}
	if !scopes.SubsetOf(granted) {
		return nil, oauth.InvalidScope("scope_exceeds_grant", "scope exceeds what was granted")
	}
	return scopes, nil
}
