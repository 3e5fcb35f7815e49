package client

import (
	"strings"

	"github.com/charterauth/charter/impl/oauth"
)

// checkOpenID holds the members of OpenID Connect Registration §2, and of the
// logout specifications, to what they say of each other.
func (m *Metadata) checkOpenID(rules Rules) error {
	if err := m.checkMethod(); err != nil {
		return err
	}
	if err := m.checkSubjectType(); err != nil {
		return err
	}
	if err := m.checkEncryption(); err != nil {
		return err
	}
	if err := m.checkRequestObjects(rules); err != nil {
		return err
	}
	return m.checkLogout()
}

// checkRequestObjects admits places that request objects can be fetched from,
// and demands keys of a client whose requests must be signed (RFC 9101 §10.5).
func (m *Metadata) checkRequestObjects(rules Rules) error {
	m.RequestURIs = unique(m.RequestURIs)
	for _, uri := range m.RequestURIs {
		if !webURI(uri) {
			return oauth.InvalidClientMetadata("uri_refused", "request_uris has one that is not an https URL")
		}
	}
	if m.RequireSignedRequestObject && !rules.RequestObjects {
		return oauth.InvalidClientMetadata("request_object_off", "require_signed_request_object: this server takes no request objects")
	}
	if m.RequireSignedRequestObject && !m.hasKeys() {
		return oauth.InvalidClientMetadata("request_object_keys", "require_signed_request_object needs jwks or jwks_uri")
	}
	return nil
}

// checkLogout admits the URIs of RP-Initiated Logout §3.1, Back-Channel Logout
// §2.2 and Front-Channel Logout §2.
func (m *Metadata) checkLogout() error {
	m.PostLogoutRedirectURIs = unique(m.PostLogoutRedirectURIs)
	for _, uri := range m.PostLogoutRedirectURIs {
		if _, v, _ := judge(uri, m.privateUse()); v != usable {
			return oauth.InvalidClientMetadata("uri_refused", "post_logout_redirect_uris has one that is no redirect URI of such a client")
		}
	}
	for _, uri := range []string{m.BackchannelLogoutURI, m.FrontchannelLogoutURI} {
		if uri != "" && (!webURI(uri) || strings.IndexByte(uri, '#') >= 0) {
			return oauth.InvalidClientMetadata("uri_refused", "a logout URI is not an https URL without fragment")
		}
	}
	// Front-Channel Logout §2: the origin is that of a redirect URI, so that a
	// page of ours never frames a stranger.
	if m.FrontchannelLogoutURI != "" && !m.HasOrigin(Origin(m.FrontchannelLogoutURI)) {
		return oauth.InvalidClientMetadata("frontchannel_origin", "frontchannel_logout_uri has not the scheme, host and port of a redirect URI")
	}
	return nil
}
