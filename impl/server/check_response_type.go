package server

import (
	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
)

// checkResponseType asks whether the client may use the code flow (RFC 6749
// §4.1.2.1 unauthorized_client). That response_type is "code" the generated
// layer has checked: no other is offered (OAuth 2.1 §1.8).
func checkResponseType(c *registered) error {
	if !c.metadata.HasGrant(gen.GrantTypeAuthorizationCode) {
		return oauth.UnauthorizedClient("grant_not_registered", "the client is not registered for the authorization code grant")
	}
	return nil
}
