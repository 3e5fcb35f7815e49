package client

import (
	"slices"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/jose/jwe"
	"github.com/charterauth/charter/impl/oauth"
)

// A choice is a member that a client gives as one value, as a list of those that
// it supports, or both (OpenID Connect RP Metadata Choices §2). One value is
// registered.
type choice struct {
	member   string
	single   *string
	list     *[]string // input alone: it is never stored or answered
	accepted []string  // in the order of our preference
}

// register keeps the client's single value if it is accepted, else takes the
// first accepted one of its list (§4). A client that says nothing registers
// nothing.
func (c choice) register() error {
	offered := *c.list
	*c.list = nil
	switch {
	case *c.single == "" && len(offered) == 0:
		return nil
	case *c.single != "" && len(offered) > 0 && !slices.Contains(offered, *c.single):
		return oauth.InvalidClientMetadata("choice_inconsistent", c.member+" is not in the list of what the client supports")
	case slices.Contains(c.accepted, *c.single):
		return nil
	}
	for _, value := range c.accepted {
		if slices.Contains(offered, value) {
			*c.single = value
			return nil
		}
	}
	return oauth.InvalidClientMetadata("choice_unsupported", c.member+" is none that this server offers to such clients")
}

// macAlg signs a client_secret_jwt.
const macAlg = "HS256"

// What can be chosen, in the order of our preference. There is no "none": what
// is not signed is not an ID token or request object here.
var (
	subjectTypes  = []string{subjectPublic, subjectPairwise}
	signingAlgs   = []string{string(jose.ES256), string(jose.EdDSA), string(jose.PS256), string(jose.RS256)}
	assertionAlgs = append(slices.Clone(signingAlgs), macAlg)
)

// SigningAlgs returns the algorithms of signatures that clients make or verify.
func SigningAlgs() []string { return slices.Clone(signingAlgs) }

// AssertionAlgs returns the algorithms of client assertions: HS256 for
// client_secret_jwt, the others for private_key_jwt.
func AssertionAlgs() []string { return slices.Clone(assertionAlgs) }

// choose registers one value of each choice but the method, which depends on the
// kind of registration.
func (m *Metadata) choose() error {
	for _, c := range []choice{
		{"subject_type", &m.SubjectType, &m.SubjectTypesSupported, subjectTypes},
		{"token_endpoint_auth_signing_alg", &m.TokenEndpointAuthSigningAlg, &m.TokenEndpointAuthSigningAlgValuesSupported, m.assertionAlgs()},
		{"id_token_signed_response_alg", &m.IDTokenSignedResponseAlg, &m.IDTokenSigningAlgValuesSupported, signingAlgs},
		{"id_token_encrypted_response_alg", &m.IDTokenEncryptedResponseAlg, &m.IDTokenEncryptionAlgValuesSupported, jwe.Algs()},
		{"id_token_encrypted_response_enc", &m.IDTokenEncryptedResponseEnc, &m.IDTokenEncryptionEncValuesSupported, jwe.Encs()},
		{"userinfo_signed_response_alg", &m.UserinfoSignedResponseAlg, &m.UserinfoSigningAlgValuesSupported, signingAlgs},
		{"userinfo_encrypted_response_alg", &m.UserinfoEncryptedResponseAlg, &m.UserinfoEncryptionAlgValuesSupported, jwe.Algs()},
		{"userinfo_encrypted_response_enc", &m.UserinfoEncryptedResponseEnc, &m.UserinfoEncryptionEncValuesSupported, jwe.Encs()},
		{"request_object_signing_alg", &m.RequestObjectSigningAlg, &m.RequestObjectSigningAlgValuesSupported, signingAlgs},
		{"request_object_encryption_alg", &m.RequestObjectEncryptionAlg, &m.RequestObjectEncryptionAlgValuesSupported, jwe.Algs()},
		{"request_object_encryption_enc", &m.RequestObjectEncryptionEnc, &m.RequestObjectEncryptionEncValuesSupported, jwe.Encs()},
	} {
		if err := c.register(); err != nil {
			return err
		}
	}
	return nil
}

// assertionAlgs are those of the method, so that a list gives one that fits.
func (m *Metadata) assertionAlgs() []string {
	switch m.AuthMethod() {
	case PrivateKeyJWT:
		return signingAlgs
	case SecretJWT:
		return []string{macAlg}
	}
	return assertionAlgs
}
