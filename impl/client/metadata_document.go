package client

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/charterauth/charter/gen"
)

// CheckClientIDURL checks a client identifier that is the URL of a metadata
// document (draft-ietf-oauth-client-id-metadata-document §3): https, with a path,
// without fragment, user information or dot segments; with InsecureLoopback also
// http at a loopback address. It may have a port and a query. At most 2048 bytes.
//
// The path must be more than a slash: -02 advises against the root of a site,
// and MCP clients never use it.
func CheckClientIDURL(id string, rules Rules) error {
	u, problem := cutRedirectURI(id)
	switch {
	case problem != "":
		return errors.New("client_id is no plain URL")
	case u.scheme == "https", rules.InsecureLoopback && u.loopback():
	default:
		return errors.New("client_id is no https URL")
	}
	if path, _, _ := strings.Cut(u.rest, "?"); len(path) < 2 {
		return errors.New("client_id has no path")
	}
	return nil
}

// ParseDocument checks the metadata document that was found at the URL id (the
// draft, §4, hardened as -02 §4.1 asks). Its client_id must be that URL, byte for
// byte, and it must not rely on a shared secret: there is nobody to share one
// with. Redirect URIs may be of another origin than the document, as the draft
// leaves open (§6.1): loopback clients have no choice, and people are shown where
// the answer goes.
//
// The errors are for logs alone, not for whoever made up the URL.
func ParseDocument(id string, document []byte, rules Rules) (Metadata, error) {
	if err := CheckClientIDURL(id, rules); err != nil {
		return Metadata{}, err
	}
	m, members, err := decode(document)
	if err != nil {
		return Metadata{}, err
	}
	if err := checkAbout(id, members); err != nil {
		return Metadata{}, err
	}
	if m.ClientName == "" { // MCP authorization 2026-07-28, Client Registration
		return Metadata{}, errors.New("the metadata document has no client_name")
	}
	if err := m.negotiate(); err != nil {
		return Metadata{}, err
	}
	if err := m.finish(rules); err != nil {
		return Metadata{}, err
	}
	if m.Pairwise() {
		// Tokens are looked at without their client's document, and nobody registers
		// one, which is when a sector is checked.
		return Metadata{}, errors.New("the metadata document asks for pairwise subjects")
	}
	return m, nil
}

// checkAbout holds the members that registration has not: by their exact names,
// since a document that says client_id in two cases is two documents.
func checkAbout(id string, members map[string]json.RawMessage) error {
	var clientID string
	if json.Unmarshal(members["client_id"], &clientID) != nil || clientID != id {
		return errors.New("client_id of the metadata document is not its URL")
	}
	for name := range members {
		switch folded := strings.ToLower(name); folded {
		case "client_id":
			if name != folded {
				return errors.New("the metadata document has client_id in another case")
			}
		case "client_secret", "client_secret_expires_at":
			return errors.New("the metadata document has a secret")
		}
	}
	return nil
}

// negotiate registers a method that needs no shared secret: none, or a JWT under
// a key that the document publishes. A document that offers none, alone or as one
// of several, is public unless it prefers the other, because it is never told the
// choice; so is one that says nothing, because the default of RFC 7591 §2 is a
// shared secret, which it cannot mean. One that insists on another method is
// refused, never weakened.
func (m *Metadata) negotiate() error {
	for _, method := range append([]string{m.TokenEndpointAuthMethod}, m.TokenEndpointAuthMethodsSupported...) {
		if Method(method).SecretForm() != NoSecret {
			return errors.New("the metadata document offers a method of shared secrets")
		}
	}
	if err := m.chooseMethod(None, None, PrivateKeyJWT); err != nil {
		return err
	}
	// The client_credentials grant is for clients that authenticate. A document
	// with nothing else must not fall back to the default grant.
	others := slices.DeleteFunc(slices.Clone(m.GrantTypes), func(t string) bool { return t == string(gen.GrantTypeClientCredentials) })
	if len(others) == 0 && len(m.GrantTypes) > 0 {
		return errors.New("the metadata document is only for the client_credentials grant, which needs authentication")
	}
	m.GrantTypes = others
	return nil
}
