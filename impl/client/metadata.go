package client

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/oauth"
)

// Metadata is what a client says of itself, checked, with the defaults of RFC
// 7591 §2 filled in. It holds the members of the document's ClientMetadata and
// nothing else: whatever more was sent is gone.
type Metadata struct {
	gen.ClientMetadata
	// Localized are human-readable members with a language tag (RFC 7591 §2.2),
	// such as "client_name#de".
	Localized map[string]string

	usable []string         // of RedirectURIs, those that codes may be sent to
	keys   []jose.PublicKey // of JWKS, those that verify signatures
}

// Rules are what a server allows in metadata.
type Rules struct {
	GrantTypes []gen.GrantType // those that the server answers
	// InsecureLoopback admits http metadata documents at loopback addresses.
	InsecureLoopback bool
	// RequestObjects admits clients that send nothing but signed request objects.
	RequestObjects bool
}

// Parse checks client metadata as it was sent to register (RFC 7591 §2). Members
// that are not understood, a client_id among them, are ignored. The errors are
// *gen.Problem and *oauth.Error: invalid_redirect_uri or invalid_client_metadata.
func Parse(document []byte, rules Rules) (Metadata, error) {
	m, _, err := decode(document)
	if err != nil {
		return Metadata{}, err
	}
	if err := m.chooseMethod(SecretBasic, PrivateKeyJWT, SecretBasic, SecretPost, None, SecretJWT); err != nil {
		return Metadata{}, err
	}
	if err := m.finish(rules); err != nil {
		return Metadata{}, err
	}
	return m, nil
}

// finish is the rest of every registration, once the method is chosen.
func (m *Metadata) finish(rules Rules) error {
	if err := m.choose(); err != nil {
		return err
	}
	m.applyDefaults()
	m.applyEncryptionDefaults()
	return m.check(rules)
}

// forbiddenInUpdate are members that only the server says (RFC 7592 §2.2).
var forbiddenInUpdate = []string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"}

// ParseUpdate is Parse for an update request, which in addition must not have
// the members that only the server says (RFC 7592 §2.2).
func ParseUpdate(document []byte, rules Rules) (Metadata, error) {
	members, err := rawMembers(document)
	if err != nil {
		return Metadata{}, err
	}
	for _, name := range forbiddenInUpdate {
		if _, ok := members[name]; ok {
			return Metadata{}, oauth.InvalidClientMetadata("update_member_forbidden", name+" is not the client's to send")
		}
	}
	return Parse(document, rules)
}

// Restore reads back what JSON returned. It checks no rules: those that held
// when it was stored decide, not today's.
func Restore(stored []byte) (Metadata, error) {
	m, _, err := decode(stored)
	if err != nil {
		return Metadata{}, err
	}
	m.findUsable()
	return m, nil
}

// decode reads the declared members strictly and the localized ones beside them.
// It also returns all members as they stand, by their exact names: a struct with
// tags would take names in any case.
func decode(document []byte) (Metadata, map[string]json.RawMessage, error) {
	declared, problem := gen.DecodeClientMetadata(document)
	if problem != nil {
		return Metadata{}, nil, problem
	}
	m := Metadata{ClientMetadata: declared}
	members, err := rawMembers(document)
	if err != nil {
		return Metadata{}, nil, err
	}
	if err := m.readLocalized(members); err != nil {
		return Metadata{}, nil, err
	}
	return m, members, m.readJWKS(members["jwks"])
}

func rawMembers(document []byte) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document, &members); err != nil {
		return nil, oauth.InvalidClientMetadata("metadata_malformed", "the metadata is no JSON object")
	}
	return members, nil
}

// applyDefaults fills in what RFC 7591 §2 says of omitted members, and the
// application_type of OpenID Connect Registration §2: RFC 8252 §8.4 wants the
// type of every client recorded.
func (m *Metadata) applyDefaults() {
	if m.ApplicationType == "" {
		m.ApplicationType = "web"
	}
	if len(m.GrantTypes) == 0 {
		m.GrantTypes = []string{string(gen.GrantTypeAuthorizationCode)}
	}
	if len(m.ResponseTypes) == 0 && slices.Contains(m.GrantTypes, string(gen.GrantTypeAuthorizationCode)) {
		m.ResponseTypes = []string{string(gen.ResponseTypeCode)}
	}
	// RFC 7591 §3.1.1 lets a server that does not verify statements ignore them;
	// only one that was used is answered (§3.2.1).
	m.SoftwareStatement = ""
}

// AuthMethod returns the one method by which the client authenticates.
func (m Metadata) AuthMethod() Method { return Method(m.TokenEndpointAuthMethod) }

// HasGrant reports whether the client may use a grant.
func (m Metadata) HasGrant(t gen.GrantType) bool { return slices.Contains(m.GrantTypes, string(t)) }

// Native reports whether the client registered as a native application (RFC
// 8252).
func (m Metadata) Native() bool { return m.ApplicationType == "native" }

// privateUse reports whether private-use schemes are for this client. Any
// application on a device can claim them (RFC 8252 §8.6), and a secret that ships
// with one proves nothing (§8.5): a client that relies on a secret stays away.
func (m Metadata) privateUse() bool { return m.Native() && m.AuthMethod() == None }

// UsableRedirectURIs returns the registered redirect URIs that codes may be sent
// to. The slice is shared: do not change it.
func (m Metadata) UsableRedirectURIs() []string { return m.usable }

// HasOrigin reports whether the client has a redirect URI at an origin, so that
// a script there is the client's. At a loopback address every port counts.
func (m Metadata) HasOrigin(origin string) bool {
	want, problem := cutRedirectURI(origin)
	if problem != "" || want.host == "" || want.rest != "" {
		return false
	}
	for _, uri := range m.usable {
		have, problem := cutRedirectURI(uri)
		if problem == "" && (have.origin() == origin || have.loopback() && want.loopback() && have.host == want.host) {
			return true
		}
	}
	return false
}

// JSON returns the metadata as it is stored: a JSON object of the declared and
// the localized members.
func (m Metadata) JSON() []byte {
	b, err := json.Marshal(m.ClientMetadata)
	if err != nil {
		panic(err) // it was decoded from JSON
	}
	for _, name := range slices.Sorted(maps.Keys(m.Localized)) {
		pair, err := json.Marshal(map[string]string{name: m.Localized[name]})
		if err != nil {
			panic(err) // strings always marshal
		}
		b = bytes.TrimSuffix(b, []byte("}"))
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, pair[1:]...)
	}
	return b
}

// MarshalJSON returns JSON.
func (m Metadata) MarshalJSON() ([]byte, error) { return m.JSON(), nil }

// Information returns the metadata as a registration is answered (RFC 7591
// §3.2.1); the members that the server adds are empty.
func (m Metadata) Information() gen.ClientInformation {
	var info gen.ClientInformation
	if err := json.Unmarshal(m.JSON(), &info); err != nil {
		panic(err) // the document declares the members of both alike
	}
	return info
}

// Fingerprint returns bytes that are the same for metadata that means the same:
// the order of lists that are sets does not count.
func (m Metadata) Fingerprint() []byte {
	c := m
	for _, list := range []*[]string{&c.RedirectURIs, &c.GrantTypes, &c.ResponseTypes, &c.Contacts, &c.RequestURIs, &c.PostLogoutRedirectURIs} {
		*list = slices.Sorted(slices.Values(*list))
	}
	words := strings.Fields(c.Scope)
	slices.Sort(words)
	c.Scope = strings.Join(slices.Compact(words), " ")
	return c.JSON()
}
