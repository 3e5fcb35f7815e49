package client

import (
	"slices"
	"strings"
	"unicode"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
)

// check holds metadata to the rules, in the order of RFC 7591 §2.
func (m *Metadata) check(rules Rules) error {
	if err := m.checkGrantTypes(rules); err != nil {
		return err
	}
	if err := m.checkApplicationType(); err != nil {
		return err
	}
	if err := m.checkRedirectURIs(); err != nil {
		return err
	}
	if err := m.checkScope(); err != nil {
		return err
	}
	if err := m.checkTexts(); err != nil {
		return err
	}
	if err := m.checkURIs(); err != nil {
		return err
	}
	return m.checkOpenID(rules)
}

// checkGrantTypes keeps the grants that the server answers: clients list all
// that they could do. What is left must make sense (RFC 7591 §2.1).
func (m *Metadata) checkGrantTypes(rules Rules) error {
	m.GrantTypes = slices.DeleteFunc(m.GrantTypes, func(t string) bool {
		return !slices.Contains(rules.GrantTypes, gen.GrantType(t))
	})
	m.GrantTypes = unique(m.GrantTypes)
	m.ResponseTypes = unique(slices.DeleteFunc(m.ResponseTypes, func(t string) bool { return !gen.ResponseType(t).Valid() }))
	code := m.HasGrant(gen.GrantTypeAuthorizationCode)
	switch {
	case len(m.GrantTypes) == 0:
		return oauth.InvalidClientMetadata("grant_types_unsupported", "grant_types has none that this server offers")
	case len(m.GrantTypes) == 1 && m.HasGrant(gen.GrantTypeRefreshToken):
		return oauth.InvalidClientMetadata("grant_types_inconsistent", "grant_types has no grant that a refresh token could come from")
	case code != (len(m.ResponseTypes) > 0):
		return oauth.InvalidClientMetadata("grant_types_inconsistent", "response_types must be code with the authorization_code grant, and empty without it")
	case m.HasGrant(gen.GrantTypeClientCredentials) && m.AuthMethod() == None:
		return oauth.InvalidClientMetadata("client_credentials_public", "the client_credentials grant is for clients that authenticate")
	}
	return nil
}

func (m *Metadata) checkApplicationType() error {
	switch m.ApplicationType {
	case "web", "native":
		return nil
	}
	return oauth.InvalidClientMetadata("application_type_unknown", "application_type must be web or native")
}

// checkRedirectURIs refuses what is dangerous, keeps what is merely unusable
// beside something usable, and demands one usable URI of a client that asks
// people.
func (m *Metadata) checkRedirectURIs() error {
	why := "redirect_uris is required for the authorization_code grant"
	for _, raw := range m.RedirectURIs {
		_, v, problem := judge(raw, m.privateUse())
		if v == refused {
			return oauth.InvalidRedirectURI("redirect_uri_refused", problem)
		}
		why = problem
	}
	m.RedirectURIs = unique(m.RedirectURIs)
	m.findUsable()
	if len(m.usable) == 0 && m.HasGrant(gen.GrantTypeAuthorizationCode) {
		return oauth.InvalidRedirectURI("redirect_uri_unusable", why)
	}
	return nil
}

func (m *Metadata) findUsable() {
	m.usable = nil
	for _, raw := range m.RedirectURIs {
		if _, v, _ := judge(raw, m.privateUse()); v == usable {
			m.usable = append(m.usable, raw)
		}
	}
}

// checkScope holds scope to the grammar and bounds of every other scope, so that
// what is registered can be compared (RFC 6749 §3.3).
func (m *Metadata) checkScope() error {
	scope, err := oauth.ParseScope(m.Scope)
	if err != nil {
		return oauth.InvalidClientMetadata("scope_malformed", "scope is malformed or too long").Because(err)
	}
	m.Scope = scope.String()
	return nil
}

// checkTexts refuses control characters in what people read.
func (m *Metadata) checkTexts() error {
	texts := append([]string{m.ClientName, m.SoftwareID, m.SoftwareVersion}, m.Contacts...)
	for _, text := range m.Localized {
		texts = append(texts, text)
	}
	for _, text := range texts {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return oauth.InvalidClientMetadata("text_control", "the metadata has a text with a control character")
		}
	}
	return nil
}

// checkURIs admits https alone for every URI that a person might be shown or a
// server might follow (ATK-112; OAuth 2.1 §1.5). Nothing is fetched from them.
func (m *Metadata) checkURIs() error {
	uris := []string{m.ClientURI, m.LogoURI, m.TOSURI, m.PolicyURI, m.InitiateLoginURI}
	for name, value := range m.Localized {
		if isURIMember(name) {
			uris = append(uris, value)
		}
	}
	for _, uri := range uris {
		if uri != "" && !webURI(uri) {
			return oauth.InvalidClientMetadata("uri_refused", "a URI of the metadata is not an https URL")
		}
	}
	if m.JWKSURI != "" && (!webURI(m.JWKSURI) || strings.IndexByte(m.JWKSURI, '#') >= 0) {
		return oauth.InvalidClientMetadata("uri_refused", "jwks_uri is not an https URL")
	}
	if m.JWKS != nil && m.JWKSURI != "" {
		return oauth.InvalidClientMetadata("jwks_twice", "jwks and jwks_uri exclude each other")
	}
	return nil
}

// webURI is the grammar of https redirect URIs, whose care costs nothing here,
// without its rules on queries and fragments.
func webURI(uri string) bool {
	if checkBytes(uri) != "" {
		return false
	}
	if _, ok := decodeOnce(uri); !ok {
		return false
	}
	base := uri
	if i := strings.IndexAny(uri, "?#"); i >= 0 {
		base = uri[:i]
	}
	u, problem := cutRedirectURI(base)
	return problem == "" && u.scheme == "https"
}

func unique(list []string) []string {
	kept := list[:0:0]
	for _, value := range list {
		if !slices.Contains(kept, value) {
			kept = append(kept, value)
		}
	}
	return kept
}
