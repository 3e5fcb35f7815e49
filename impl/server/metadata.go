package server

import (
	"context"
	"slices"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/jose/jwe"
	"github.com/charterauth/charter/impl/pkce"
)

// metadataDocuments are computed once: what they say depends on the
// configuration alone, never on a request.
type metadataDocuments struct {
	authorizationServer gen.AuthorizationServerMetadata
	resources           map[string]gen.ProtectedResourceMetadata // by path below the issuer's origin, "" for the origin
}

func (s *Server) newMetadataDocuments() metadataDocuments {
	return metadataDocuments{s.authorizationServerMetadata(), s.protectedResourceMetadata()}
}

// AuthorizationServerMetadata tells clients what this server does (RFC 8414 §3).
func (s protocol) AuthorizationServerMetadata(context.Context, *gen.AuthorizationServerMetadataInput) (gen.AuthorizationServerMetadataOutput, error) {
	return &gen.AuthorizationServerMetadata200{Body: s.metadata.authorizationServer}, nil
}

// authorizationServerMetadata lists what works, and only that (RFC 8414 §2).
// Members for what is off are left out, never null: clients take a member that
// is there for an offer.
func (s *Server) authorizationServerMetadata() gen.AuthorizationServerMetadata {
	var methods []string
	for _, method := range client.Methods() {
		methods = append(methods, string(method))
	}
	m := gen.AuthorizationServerMetadata{
		Issuer:                            s.issuer.identifier,
		TokenEndpoint:                     s.issuer.url(gen.PathToken),
		RevocationEndpoint:                s.issuer.url(gen.PathRevoke),
		IntrospectionEndpoint:             s.issuer.url(gen.PathIntrospect),
		JWKSURI:                           s.issuer.url(gen.PathJWKS),
		ResponseTypesSupported:            []string{},
		TokenEndpointAuthMethodsSupported: methods,
		// RFC 7009 §2.1: a public client revokes its tokens by naming itself.
		RevocationEndpointAuthMethodsSupported: methods,
		// RFC 7662 §2.1: introspection is for callers that authenticate.
		IntrospectionEndpointAuthMethodsSupported: slices.DeleteFunc(slices.Clone(methods), func(m string) bool { return m == string(client.None) }),
		// RFC 8414 §2 demands them with methods that sign.
		TokenEndpointAuthSigningAlgValuesSupported:         client.AssertionAlgs(),
		RevocationEndpointAuthSigningAlgValuesSupported:    client.AssertionAlgs(),
		IntrospectionEndpointAuthSigningAlgValuesSupported: client.AssertionAlgs(),
		ScopesSupported:    s.scopes.all(),
		ProtectedResources: s.resources.uris(),
	}
	for _, t := range s.grantTypes() {
		m.GrantTypesSupported = append(m.GrantTypesSupported, string(t))
	}
	if s.interaction != nil {
		m.AuthorizationEndpoint = s.issuer.url(gen.PathAuthorize)
		m.ResponseTypesSupported = []string{string(gen.ResponseTypeCode)}
		m.ResponseModesSupported = []string{string(gen.ResponseModeQuery), string(gen.ResponseModeFormPost)}
		m.CodeChallengeMethodsSupported = []string{pkce.S256}
		m.AuthorizationResponseIssParameterSupported = true // RFC 9207 §3
		m.ClientIDMetadataDocumentSupported = s.documents != nil
		s.addRequestObjectMetadata(&m)
	}
	if s.cfg.openIDProvider() {
		s.addProviderMetadata(&m)
	}
	if s.cfg.Registration != RegistrationClosed {
		m.RegistrationEndpoint = s.issuer.url(gen.PathRegister)
	}
	return m
}

// addRequestObjectMetadata says where request objects may come from (RFC 9101
// §9, OpenID Connect Discovery §3).
func (s *Server) addRequestObjectMetadata(m *gen.AuthorizationServerMetadata) {
	if s.cfg.RequestObjects == RequestObjectsOff {
		return
	}
	yes := true
	m.RequestParameterSupported = &yes
	m.RequestObjectSigningAlgValuesSupported = client.SigningAlgs()
	m.RequestObjectEncryptionAlgValuesSupported, m.RequestObjectEncryptionEncValuesSupported = jwe.Algs(), jwe.Encs()
	if s.cfg.RequestObjects == RequestObjectsByReference {
		m.RequestURIParameterSupported = &yes
		m.RequireRequestURIRegistration = true
	}
}

// grantTypes are those of the document that this server can answer.
func (s *Server) grantTypes() []gen.GrantType {
	return slices.DeleteFunc(gen.GrantTypeValues(), func(t gen.GrantType) bool {
		switch t {
		case gen.GrantTypeAuthorizationCode:
			return s.interaction == nil
		case gen.GrantTypeRefreshToken:
			return s.interaction == nil || s.cfg.RefreshTokens == RefreshNever
		}
		return false
	})
}
