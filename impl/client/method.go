package client

import (
	"slices"

	"github.com/charterauth/charter/impl/oauth"
)

// A Method is how a client authenticates at the token endpoint, and wherever
// else clients authenticate (RFC 7591 §2, token_endpoint_auth_method).
type Method string

// The methods.
const (
	None          Method = "none"                // a public client: it names itself and proves nothing
	SecretBasic   Method = "client_secret_basic" // RFC 6749 §2.3.1, the Authorization header
	SecretPost    Method = "client_secret_post"  // RFC 6749 §2.3.1, the request body
	PrivateKeyJWT Method = "private_key_jwt"     // OpenID Connect Core §9, a JWT under a key of the client
	SecretJWT     Method = "client_secret_jwt"   // OpenID Connect Core §9, a JWT under the secret
)

// Methods returns all methods, none first: clients that carry metadata documents
// look for it.
func Methods() []Method { return []Method{None, SecretBasic, SecretPost, PrivateKeyJWT, SecretJWT} }

// Valid reports whether m is one of Methods.
func (m Method) Valid() bool { return slices.Contains(Methods(), m) }

// A SecretForm is what a server keeps of the secret that a method rests on.
type SecretForm int

// The forms.
const (
	NoSecret     SecretForm = iota // there is no secret
	HashedSecret                   // it is presented, so a hash tells whether it is the right one
	SealedSecret                   // it computes a MAC, so the server needs the secret itself
)

// SecretForm returns what a server keeps of the secret.
func (m Method) SecretForm() SecretForm {
	switch m {
	case SecretBasic, SecretPost:
		return HashedSecret
	case SecretJWT:
		return SealedSecret
	}
	return NoSecret
}

// Asserts reports whether the client authenticates by a JWT (RFC 7523 §2.2).
func (m Method) Asserts() bool { return m == PrivateKeyJWT || m == SecretJWT }

// chooseMethod registers one of the methods that the metadata offers; fallback
// where it offers none. accepted are in the order of our preference.
func (m *Metadata) chooseMethod(fallback Method, accepted ...Method) error {
	if m.TokenEndpointAuthMethod == "" && len(m.TokenEndpointAuthMethodsSupported) == 0 {
		m.TokenEndpointAuthMethod = string(fallback)
		return nil
	}
	var names []string
	for _, method := range accepted {
		// Who has a choice and publishes no keys means another method.
		if method != PrivateKeyJWT || m.hasKeys() || len(m.TokenEndpointAuthMethodsSupported) == 0 {
			names = append(names, string(method))
		}
	}
	return choice{"token_endpoint_auth_method", &m.TokenEndpointAuthMethod, &m.TokenEndpointAuthMethodsSupported, names}.register()
}

// checkMethod demands what the method rests on.
func (m *Metadata) checkMethod() error {
	switch method := m.AuthMethod(); {
	case method == PrivateKeyJWT && !m.hasKeys():
		return oauth.InvalidClientMetadata("auth_method_keys", "private_key_jwt needs jwks or jwks_uri")
	case method == PrivateKeyJWT && m.JWKS != nil && len(m.keys) == 0:
		return oauth.InvalidClientMetadata("auth_method_keys", "jwks has no key that this server can verify with: P-256, Ed25519, or RSA of 2048 bits and more")
	case m.TokenEndpointAuthSigningAlg == "":
	case method == PrivateKeyJWT && m.TokenEndpointAuthSigningAlg == macAlg, method == SecretJWT && m.TokenEndpointAuthSigningAlg != macAlg:
		return oauth.InvalidClientMetadata("auth_alg_mismatch", "token_endpoint_auth_signing_alg does not fit token_endpoint_auth_method: HS256 is for client_secret_jwt, the others are for private_key_jwt")
	}
	return nil
}

// hasKeys reports whether the client published keys, or said where.
func (m Metadata) hasKeys() bool { return m.JWKS != nil || m.JWKSURI != "" }
