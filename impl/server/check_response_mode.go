package server

import (
	"strings"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
)

// formPosted reports whether answers to a request go as a form. A request whose
// response_mode cannot be read is answered by the default mode, query (OAuth 2.0
// Multiple Response Types §2.1).
func formPosted(q gen.AuthorizationRequest, problem *gen.Problem) bool {
	return q.ResponseMode == gen.ResponseModeFormPost && (problem == nil || problem.Param != "response_mode")
}

// webTarget reports whether a redirect URI is one that a browser posts to.
func webTarget(uri string) bool {
	scheme, _, _ := strings.Cut(uri, ":")
	return strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http")
}

// checkResponseMode refuses a form to a program that no browser posts to: a
// private-use scheme opens an app with a URL alone (RFC 8252 §7.1).
func checkResponseMode(target redirectTarget) error {
	if target.formPost && !webTarget(target.uri) {
		return oauth.InvalidRequest("form_post_unreachable", "response_mode form_post needs an http or https redirect_uri")
	}
	return nil
}
