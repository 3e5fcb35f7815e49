package server

import (
	"slices"

	"github.com/charterauth/charter/impl/oauth"
)

// checkEssentialACR refuses at once what no sign-in here can meet (OpenID Connect
// Core §5.5.1.1, Unmet Authentication Requirements §1). acr_values, and acr as a
// voluntary claim, are wishes and refuse nobody.
func (s *Server) checkEssentialACR(wanted []string) ([]string, error) {
	if wanted == nil || slices.ContainsFunc(wanted, func(acr string) bool { return slices.Contains(s.offers.ACRValues, acr) }) {
		return wanted, nil
	}
	return nil, oauth.NewError(string(UnmetAuthenticationRequired), "acr_not_offered", UnmetAuthenticationRequired.description())
}
