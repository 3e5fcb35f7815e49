package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/jose/jwe"
	"github.com/charterauth/charter/impl/oauth"
)

// OpenIDConfiguration tells OpenID clients what this provider does (OpenID
// Connect Discovery §4): the one metadata document, under its other name.
func (s protocol) OpenIDConfiguration(context.Context, *gen.OpenIDConfigurationInput) (gen.OpenIDConfigurationOutput, error) {
	if !s.cfg.openIDProvider() {
		return nil, errNoOpenIDProvider
	}
	return &gen.OpenIDConfiguration200{Body: s.metadata.authorizationServer}, nil
}

// errNoOpenIDProvider refuses what only an OpenID provider has.
var errNoOpenIDProvider = &refusal{as: oauth.InvalidRequest("no_openid_provider", "this server is no OpenID provider"), status: http.StatusNotFound}

// addProviderMetadata adds what OpenID Connect Discovery §3 has beyond RFC 8414.
// What is absent there means true or false by turns, so both are said.
func (s *Server) addProviderMetadata(m *gen.AuthorizationServerMetadata) {
	yes, no := true, false
	m.UserinfoEndpoint = s.issuer.url(gen.PathUserInfo)
	m.SubjectTypesSupported = client.SubjectTypes()
	m.IDTokenSigningAlgValuesSupported = identityAlgorithms()
	m.UserinfoSigningAlgValuesSupported = identityAlgorithms()
	m.IDTokenEncryptionAlgValuesSupported, m.IDTokenEncryptionEncValuesSupported = jwe.Algs(), jwe.Encs()
	m.UserinfoEncryptionAlgValuesSupported, m.UserinfoEncryptionEncValuesSupported = jwe.Algs(), jwe.Encs()
	m.ClaimTypesSupported = []string{"normal"}
	m.ClaimsSupported = claimsSupported()
	m.ClaimsParameterSupported = &yes
	m.PromptValuesSupported = s.offers.Prompts
	m.ACRValuesSupported = s.offers.ACRValues
	m.UILocalesSupported = s.offers.UILocales
	m.DisplayValuesSupported = []string{"page", "popup", "touch"}
	m.CheckSessionIframe = s.issuer.url(gen.PathCheckSession)
	if s.logout != nil {
		m.EndSessionEndpoint = s.issuer.url(gen.PathRequestLogout)
		m.FrontchannelLogoutSupported, m.FrontchannelLogoutSessionSupported = true, true
	}
	m.BackchannelLogoutSupported, m.BackchannelLogoutSessionSupported = true, true // Back-Channel Logout §2.1
	if m.RequestParameterSupported == nil {
		m.RequestParameterSupported = &no
	}
	if m.RequestURIParameterSupported == nil {
		m.RequestURIParameterSupported = &no
	}
}

// identityAlgorithms are those by which ID Tokens and UserInfo responses can be
// signed, the default first.
func identityAlgorithms() []string {
	return []string{string(jose.RS256), string(jose.ES256), string(jose.PS256), string(jose.EdDSA)}
}

// claimsSupported lists the claims of ID Tokens and those of the identity scopes.
func claimsSupported() []string {
	claims := []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"}
	for _, scope := range claimScopes {
		claims = slices.Concat(claims, scopeClaims[scope])
	}
	return claims
}
