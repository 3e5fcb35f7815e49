package server

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// tokenKind tells from its form what kind of token a string can be; "" is none
// of those that revocation and introspection know. So token_type_hint is not
// needed, and a malformed string costs no query.
func tokenKind(token string) store.Kind {
	switch {
	case seal.WellFormed(seal.PrefixAccessToken, token):
		return store.AccessToken
	case seal.WellFormed(seal.PrefixRefreshToken, token):
		return store.RefreshToken
	case len(token) <= jose.MaxToken && strings.Count(token, ".") == 2:
		return store.AccessToken // RFC 9068
	default:
		return ""
	}
}

// findToken returns the token and its grant, whatever their state; found is false
// when there is none. A JWT is found by all of its bytes, so one that is found is
// as it was signed, and its signature needs no second look (RFC 7662 §4).
func (s *Server) findToken(ctx context.Context, token string) (t store.Token, g store.Grant, found bool, err error) {
	kind := tokenKind(token)
	if kind == "" {
		return t, g, false, nil
	}
	t, g, err = s.store.Token(ctx, store.NewDigest(kind, token))
	if errors.Is(err, store.ErrNotFound) {
		return t, g, false, nil
	}
	if err != nil || t.Kind != kind || !s.holds(g, t) {
		return t, g, false, err
	}
	return t, g, true, nil
}

// liveToken returns the client of a token that was found and is good now; nil
// when it is not (RFC 7662 §4). Its client and its resources must still be served:
// whoever disables one of them means the tokens too. caller is the client that
// asks, which was looked up just now; nil when nobody was.
func (s *Server) liveToken(ctx context.Context, t store.Token, g store.Grant, caller *registered) (*registered, error) {
	if !t.ConsumedAt.IsZero() || expired(t.ExpiresAt, s.now()) || !s.live(g) {
		return nil, nil
	}
	if !slices.ContainsFunc(t.Resources, func(uri string) bool { _, ok := s.resources.find(uri); return ok }) {
		return nil, nil
	}
	if caller != nil && t.ClientID == caller.id {
		return caller, nil
	}
	// The document of a client that is named by its URL is looked at when the
	// client calls, not when its tokens are used.
	if strings.Contains(t.ClientID, ":") {
		return &registered{id: t.ClientID}, nil
	}
	c, err := s.lookupClient(ctx, t.ClientID)
	if _, gone := errors.AsType[*oauth.Error](err); gone {
		return nil, nil
	}
	return c, err
}

// served returns what a live token is good for now: those of its resources that
// are still configured, and those of its scope values that they still know. Who
// takes one away means the tokens that are out as well.
func (s *Server) served(t store.Token) (scopes, resources []string) {
	resources = make([]string, 0, len(t.Resources))
	for _, uri := range t.Resources {
		if _, ok := s.resources.find(uri); ok {
			resources = append(resources, uri)
		}
	}
	return s.scopes.limit(t.Scopes, resources), resources
}
