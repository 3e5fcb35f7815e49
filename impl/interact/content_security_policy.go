package interact

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// contentSecurityPolicy allows a page its one style sheet, by hash, and forms to
// be sent to the given sources; nothing else (CSP Level 3 §6).
func contentSecurityPolicy(style string, formAction ...string) string {
	sum := sha256.Sum256([]byte(style))
	if len(formAction) == 0 {
		formAction = []string{"'none'"}
	}
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action " +
		strings.Join(formAction, " ") + "; frame-ancestors 'none'; base-uri 'none'"
}

// framing adds frames of these origins to a policy, which stays as it is without.
func framing(policy string, origins []string) string {
	if len(origins) == 0 {
		return policy
	}
	return policy + "; frame-src " + strings.Join(origins, " ")
}

// consentFormAction returns the sources that the consent form needs. Chromium
// applies form-action to every redirect that follows a form, to the last one, so
// the page's own origin is not enough: the client's redirect URI comes next, and
// behind it whatever the client redirects to (its start page, a page that says
// "done", a program on the device that a web page relays to). Only the first of
// these is known here. With a narrower list the browser would stop after the code
// was delivered, on a consent page that cannot be answered again. So https and
// loopback pass, and the scheme of a native app where it is the target; plain
// http to the network, scripts and all other schemes do not.
func consentFormAction(redirectURI string) []string {
	sources := []string{"'self'", "https:", "http://127.0.0.1:*", "http://localhost:*"}
	scheme, rest, ok := strings.Cut(redirectURI, ":")
	scheme = strings.ToLower(scheme)
	switch {
	case !ok || !schemeSource(scheme) || scheme == "https":
		return sources
	case scheme != "http":
		return append(sources, scheme+":")
	case strings.HasPrefix(rest, "//["):
		return append(sources, "http:") // a host-source cannot name an IPv6 address (CSP Level 3 §2.3.1)
	}
	return sources
}

// schemeSource reports whether a scheme is one by RFC 3986 §3.1, so that nothing
// else gets into the header.
func schemeSource(scheme string) bool {
	for i := range len(scheme) {
		c := scheme[i]
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || ('0' > c || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return scheme != ""
}
