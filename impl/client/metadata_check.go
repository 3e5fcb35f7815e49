package client

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
)

// check holds metadata to the rules, in the order of RFC 7591 §2.
func (m *Metadata) check(rules Rules) error {
	if !m.AuthMethod().Valid() {
		return oauth.InvalidClientMetadata("auth_method_unsupported", "token_endpoint_auth_method must be none, client_secret_basic or client_secret_post")
	}
	if err := m.checkGrantTypes(rules); err != nil {
		return err
	}
	if err := m.checkApplicationType(); err != nil {
		return err
	}
	if err := m.checkRedirectURIs(); err != nil {
		return err
	}
	if err := m.checkTexts(); err != nil {
		return err
	}
	return m.checkURIs()
}

// checkGrantTypes keeps the grants that the server answers: clients list all
// that they could do. What is left must make sense (RFC 7591 §2.1).
func (m *Metadata) checkGrantTypes(rules Rules) error {
	m.GrantTypes = slices.DeleteFunc(m.GrantTypes, func(t string) bool {
		return !slices.Contains(rules.GrantTypes, gen.GrantType(t))
	})
	m.ResponseTypes = slices.DeleteFunc(m.ResponseTypes, func(t string) bool { return !gen.ResponseType(t).Valid() })
	code := m.HasGrant(gen.GrantTypeAuthorizationCode)
	switch {
	case len(m.GrantTypes) == 0:
		return oauth.InvalidClientMetadata("grant_types_unsupported", "grant_types has none that this server offers")
	case code != (len(m.ResponseTypes) > 0):
		return oauth.InvalidClientMetadata("grant_types_inconsistent", "response_types must be code with the authorization_code grant, and empty without it")
	case m.HasGrant(gen.GrantTypeClientCredentials) && m.AuthMethod() == None:
		return oauth.InvalidClientMetadata("client_credentials_public", "the client_credentials grant is for clients that authenticate")
	}
	m.GrantTypes = unique(m.GrantTypes)
	return nil
}

func (m *Metadata) checkApplicationType() error {
	switch m.ApplicationType {
	case "", "web", "native":
		return nil
	}
	return oauth.InvalidClientMetadata("application_type_unknown", "application_type must be web or native")
}

// checkRedirectURIs refuses what is dangerous, keeps what is merely unusable
// beside something usable, and demands one usable URI of a client that asks
// people.
func (m *Metadata) checkRedirectURIs() error {
	for _, raw := range m.RedirectURIs {
		if _, v, problem := judge(raw, m.Native()); v == refused {
			return oauth.InvalidRedirectURI("redirect_uri_refused", problem)
		}
	}
	m.RedirectURIs = unique(m.RedirectURIs)
	m.findUsable()
	if len(m.usable) == 0 && m.HasGrant(gen.GrantTypeAuthorizationCode) {
		return oauth.InvalidRedirectURI("redirect_uri_unusable", "redirect_uris has none that codes can be sent to")
	}
	return nil
}

func (m *Metadata) findUsable() {
	m.usable = nil
	for _, raw := range m.RedirectURIs {
		if _, v, _ := judge(raw, m.Native()); v == usable {
			m.usable = append(m.usable, raw)
		}
	}
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

// checkURIs admits https, and http at loopback addresses, for every URI that a
// person might be shown or a server might follow.
func (m *Metadata) checkURIs() error {
	uris := []string{m.ClientURI, m.LogoURI, m.TOSURI, m.PolicyURI, m.JWKSURI}
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
	if m.JWKS != nil && m.JWKSURI != "" {
		return oauth.InvalidClientMetadata("jwks_twice", "jwks and jwks_uri exclude each other")
	}
	return nil
}

// webURI is the grammar of redirect URIs, whose care costs nothing here, without
// its rule on response parameters.
func webURI(uri string) bool {
	base, _, _ := strings.Cut(uri, "?")
	base, _, _ = strings.Cut(base, "#")
	if checkBytes(uri) != "" {
		return false
	}
	u, problem := cutRedirectURI(base)
	return problem == "" && (u.scheme == "https" || u.loopback())
}

// localizable are the members that RFC 7591 §2.2 gives language tags.
var localizable = []string{"client_name", "client_uri", "logo_uri", "tos_uri", "policy_uri"}

func isURIMember(name string) bool {
	base, _, _ := strings.Cut(name, "#")
	return strings.HasSuffix(base, "_uri")
}

// maxLocalized bounds how many translations are kept.
const maxLocalized = 64

// readLocalized takes members such as client_name#ja-Jpan-JP.
func (m *Metadata) readLocalized(members map[string]json.RawMessage) error {
	for name, raw := range members {
		base, tag, ok := strings.Cut(name, "#")
		if !ok || !slices.Contains(localizable, base) {
			continue
		}
		var value string
		if json.Unmarshal(raw, &value) != nil || value == "" || len(value) > 2048 || !languageTag(tag) {
			return oauth.InvalidClientMetadata("localized_malformed", base+" has a malformed translation")
		}
		if m.Localized == nil {
			m.Localized = make(map[string]string)
		}
		if m.Localized[name] = value; len(m.Localized) > maxLocalized {
			return oauth.InvalidClientMetadata("localized_many", "the metadata has too many translations")
		}
	}
	return nil
}

// languageTag admits the alphabet and length of BCP 47 tags.
func languageTag(tag string) bool {
	for i := range len(tag) {
		if c := tag[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return tag != "" && len(tag) <= 35
}

// checkJWKS refuses key sets that tell a private or symmetric key (RFC 7591 §2),
// or that name two keys alike.
func checkJWKS(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var set struct {
		Keys []map[string]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return oauth.InvalidClientMetadata("jwks_malformed", "jwks is malformed")
	}
	seen := make(map[string]bool)
	for _, key := range set.Keys {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, ok := key[private]; ok {
				return oauth.InvalidClientMetadata("jwks_private", "jwks has a private or symmetric key; consider it compromised")
			}
		}
		// 8192 bits are more than any client signs with, and checking larger
		// ones is work that anybody could order.
		if len(key["n"]) > 1370 {
			return oauth.InvalidClientMetadata("jwks_large", "jwks has an RSA key of more than 8192 bits")
		}
		if kid := string(key["kid"]); kid != "" && seen[kid] {
			return oauth.InvalidClientMetadata("jwks_duplicate", "jwks has two keys with one kid")
		} else {
			seen[kid] = true
		}
	}
	return nil
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
