package server

import (
	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
)

// checkRegistration refuses the metadata of self-issued clients (OpenID Connect
// Core §7.2.1): they are not offered.
func checkRegistration(q gen.AuthorizationRequest) error {
	if q.Registration != "" {
		return oauth.NewError("registration_not_supported", "registration_parameter", "self-issued clients are not supported")
	}
	return nil
}
