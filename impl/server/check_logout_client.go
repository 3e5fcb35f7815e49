package server

import (
	"context"
	"encoding/json"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/oauth"
)

// checkLogoutClient finds out which client asks, nil where none says so, and what
// its hint tells. Beside id_token_hint, client_id must be whom that was issued to
// (RP-Initiated Logout §2).
func (s *Server) checkLogoutClient(ctx context.Context, q gen.RPLogoutRequest) (*registered, idTokenHint, error) {
	id := q.ClientID
	if q.IDTokenHint != "" {
		unverified, ok := unverifiedClaimsOf(q.IDTokenHint)
		audience := ""
		if !ok || json.Unmarshal(unverified.Audience, &audience) != nil || audience == "" || id != "" && id != audience {
			return nil, idTokenHint{}, errIDTokenHint()
		}
		id = audience
	}
	if id == "" {
		return nil, idTokenHint{}, nil
	}
	c, err := s.lookupClient(ctx, id)
	if err != nil {
		return nil, idTokenHint{}, err
	}
	hint, err := s.checkIDTokenHint(ctx, c, q.IDTokenHint)
	return c, hint, err
}

// checkPostLogoutRedirectURI admits only what the client registered: the same
// bytes, but for the port of a loopback address (RP-Initiated Logout §3, RFC 8252
// §7.3). Of nobody in particular there is nothing to compare it with, and it is
// not used.
func checkPostLogoutRedirectURI(c *registered, q gen.RPLogoutRequest) error {
	if q.PostLogoutRedirectURI == "" || c == nil || c.mayReturnTo(q.PostLogoutRedirectURI) {
		return nil
	}
	return oauth.InvalidRequest("post_logout_redirect_uri_unregistered", "post_logout_redirect_uri is not registered for this client")
}

// mayReturnTo reports whether the client registered uri for after a logout.
func (c *registered) mayReturnTo(uri string) bool {
	return client.MatchRedirectURI(c.metadata.PostLogoutRedirectURIs, uri)
}
