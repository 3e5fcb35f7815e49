package client

import "slices"

// MatchRedirectURI reports whether requested is one of the registered URIs: the
// same bytes (RFC 9700 §2.1, RFC 3986 §6.2.1), or, for http at 127.0.0.1, [::1]
// or localhost, the same but for the port (RFC 8252 §7.3), since a native
// application takes whatever port is free. registered are usable ones.
//
// What the grammar does not take matches nothing, even if a list should have it.
func MatchRedirectURI(registered []string, requested string) bool {
	want, problem := cutRedirectURI(requested)
	if problem != "" {
		return false
	}
	if slices.Contains(registered, requested) {
		return true
	}
	if !want.loopback() {
		return false
	}
	for _, r := range registered {
		have, problem := cutRedirectURI(r)
		if problem == "" && have.loopback() && have.host == want.host && have.rest == want.rest {
			return true
		}
	}
	return false
}

// LoopbackTarget reports whether a redirect URI leads to the person's own
// machine.
func LoopbackTarget(uri string) bool {
	u, problem := cutRedirectURI(uri)
	return problem == "" && u.loopback()
}

// RedirectOrigin returns the origin of a redirect URI, or "" for one that has none:
// a private-use scheme.
func RedirectOrigin(uri string) string {
	u, problem := cutRedirectURI(uri)
	if problem != "" {
		return ""
	}
	return u.origin()
}

// DisplayTarget returns what a person should see of a redirect URI: its host,
// with a port where there is one, or its private-use scheme.
func DisplayTarget(uri string) string {
	u, problem := cutRedirectURI(uri)
	switch {
	case problem != "":
		return ""
	case u.host == "":
		return u.scheme
	case u.port == "":
		return u.host
	}
	return u.host + ":" + u.port
}

// Origin returns the origin of an http or https redirect URI, and "scheme:" for
// a private-use one: what a Content-Security-Policy names it by.
func Origin(uri string) string {
	u, problem := cutRedirectURI(uri)
	switch {
	case problem != "":
		return ""
	case u.host == "":
		return u.scheme + ":"
	}
	return u.origin()
}
