package server

import (
	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/oauth"
)

// checkRedirectURI decides where the answer may go: the one place that makes a
// redirectTarget (RFC 6749 §3.1.2, RFC 9700 §2.1). The requested URI must be a
// registered one byte for byte, but for the port of a loopback address (RFC 8252
// §7.3).
//
// A client with one usable redirect URI may leave it out (RFC 6749 §3.1.2.3);
// with several there is no telling which is meant, and never is the first taken.
// With scope openid it is always required (OpenID Connect Core §3.1.2.1).
func (s *Server) checkRedirectURI(c *registered, q gen.AuthorizationRequest, problem *gen.Problem) (redirectTarget, error) {
	if problem != nil && problem.Param == "redirect_uri" {
		return redirectTarget{}, problem
	}
	if problem != nil && problem.Param == "state" {
		q.State = "" // repeated, too long or no text: not to be sent on
	}
	usable := c.metadata.UsableRedirectURIs()
	if q.RedirectURI == "" && s.scopes.asksIdentity(q.Scope) {
		return redirectTarget{}, oauth.InvalidRequest("redirect_uri_missing", "redirect_uri is required with scope openid")
	}
	if q.RedirectURI == "" {
		if len(usable) != 1 {
			return redirectTarget{}, oauth.InvalidRequest("redirect_uri_missing", "redirect_uri is required, since not exactly one is registered")
		}
		return redirectTarget{uri: usable[0], state: q.State, issuer: s.issuer.identifier, formPost: formPosted(q, problem)}, nil
	}
	if !client.MatchRedirectURI(usable, q.RedirectURI) {
		return redirectTarget{}, oauth.InvalidRequest("redirect_uri_unregistered", "redirect_uri is not registered for this client")
	}
	return redirectTarget{uri: q.RedirectURI, state: q.State, issuer: s.issuer.identifier, formPost: formPosted(q, problem)}, nil
}
