package client

import (
	"encoding/json"
	"slices"

	"github.com/charterauth/charter/impl/oauth"
)

// The subject types (OpenID Connect Core §8).
const (
	subjectPublic   = "public"
	subjectPairwise = "pairwise"
)

// SubjectTypes returns the subject types that a client can register.
func SubjectTypes() []string { return slices.Clone(subjectTypes) }

// Pairwise reports whether the client is told subjects that no client of another
// sector is told (OpenID Connect Core §8.1).
func (m Metadata) Pairwise() bool { return m.SubjectType == subjectPairwise }

// Sector returns the sector identifier: the host of sector_identifier_uri, or
// else of the redirect URIs. It is empty when there is none.
func (m Metadata) Sector() string {
	if m.SectorIdentifierURI != "" {
		return hostOf(m.SectorIdentifierURI)
	}
	for _, uri := range m.usable {
		if host := hostOf(uri); host != "" {
			return host
		}
	}
	return ""
}

func hostOf(uri string) string {
	u, problem := cutRedirectURI(uri)
	if problem != "" {
		return ""
	}
	return u.host
}

// checkSubjectType demands one sector of a pairwise client: redirect URIs at
// several hosts, or at none, need a sector_identifier_uri (OpenID Connect Core
// §8.1).
func (m *Metadata) checkSubjectType() error {
	if uri := m.SectorIdentifierURI; uri != "" && (!webURI(uri) || hostOf(uri) == "") {
		return oauth.InvalidClientMetadata("uri_refused", "sector_identifier_uri is not an https URL without fragment")
	}
	if !m.Pairwise() || m.SectorIdentifierURI != "" {
		return nil
	}
	sector := m.Sector()
	if sector == "" || slices.ContainsFunc(m.RedirectURIs, func(uri string) bool { return hostOf(uri) != sector }) {
		return oauth.InvalidClientMetadata("sector_missing", "pairwise subjects need redirect_uris of one host, or a sector_identifier_uri")
	}
	return nil
}

// CheckSector holds the document at sector_identifier_uri to OpenID Connect
// Registration §5: a JSON array that has every redirect URI of the client. The
// error is *oauth.Error invalid_client_metadata.
func (m Metadata) CheckSector(document []byte) error {
	var listed []string
	if err := json.Unmarshal(document, &listed); err != nil {
		return oauth.InvalidClientMetadata("sector_malformed", "what is at sector_identifier_uri is no JSON array of texts").Because(err)
	}
	for _, uri := range m.RedirectURIs {
		if !slices.Contains(listed, uri) {
			return oauth.InvalidClientMetadata("sector_incomplete", "sector_identifier_uri does not list all redirect_uris")
		}
	}
	return nil
}
