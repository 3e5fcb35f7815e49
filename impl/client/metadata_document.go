package client

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// CheckClientIDURL checks a client identifier that is the URL of a metadata
// document (draft-ietf-oauth-client-id-metadata-document §3): https, with a path
// that is more than a slash, without fragment, user information or dot segments.
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
// draft, §4). Its client_id must be that URL, byte for byte, and it must not
// rely on a shared secret: there is nobody to share one with.
//
// The authentication method is negotiated: a document that offers none, be it as
// one of several (OpenID Connect RP Metadata Choices,
// token_endpoint_auth_methods_supported), is a public client here. One that
// insists on another method is refused, never weakened.
func ParseDocument(id string, document []byte, rules Rules) (Metadata, error) {
	m, err := decode(document)
	if err != nil {
		return Metadata{}, err
	}
	var about struct {
		ClientID      string          `json:"client_id"`
		Secret        json.RawMessage `json:"client_secret"`
		SecretExpires json.RawMessage `json:"client_secret_expires_at"`
		Methods       []string        `json:"token_endpoint_auth_methods_supported"`
	}
	if err := json.Unmarshal(document, &about); err != nil {
		return Metadata{}, errors.New("the metadata document is malformed")
	}
	switch {
	case about.ClientID != id:
		return Metadata{}, errors.New("client_id of the metadata document is not its URL")
	case about.Secret != nil || about.SecretExpires != nil:
		return Metadata{}, errors.New("the metadata document has a secret")
	case m.TokenEndpointAuthMethod != "" && m.AuthMethod() != None && !slices.Contains(about.Methods, string(None)):
		return Metadata{}, errors.New("the metadata document offers no authentication method of this server")
	}
	m.TokenEndpointAuthMethod = string(None)
	m.GrantTypes = slices.DeleteFunc(m.GrantTypes, func(t string) bool { return t == "client_credentials" })
	m.applyDefaults()
	if err := m.check(rules); err != nil {
		return Metadata{}, err
	}
	return m, nil
}
