package client

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/charterauth/charter/impl/oauth"
)

// A redirectURI is a redirect URI cut by our own grammar. No URL parser decides
// where a code goes: parsers differ on what the host is, and the browser's is
// the one that counts. What this grammar takes, all of them read alike.
type redirectURI struct {
	scheme string // lower case
	host   string // name, IPv4 address or [IPv6 address]; empty for private-use schemes
	port   string // decimal without leading zero; empty without one
	rest   string // path and query, with their delimiters
}

// A verdict is what a registration may do with a redirect URI.
type verdict int

const (
	usable   verdict = iota // codes may be sent there
	unusable                // harmless: kept as registered, refused at use
	refused                 // not to be registered at all
)

// judge decides about a redirect URI at registration (RFC 9700 §2.1, RFC 8252 §7
// and §8.4). privateUse says whether the client may use private-use schemes.
func judge(raw string, privateUse bool) (redirectURI, verdict, string) {
	u, problem := cutRedirectURI(raw)
	if problem != "" {
		return u, refused, problem
	}
	switch u.scheme {
	case "https":
		if u.port == "443" { // browsers drop it: the same place in a second spelling
			return u, refused, "redirect_uris: the port must be left out where it is the scheme's"
		}
		return u, usable, ""
	case "http":
		if !u.loopback() {
			return u, refused, "redirect_uris: http is for loopback addresses only"
		}
		return u, usable, ""
	}
	switch {
	case !privateUse:
		return u, unusable, "redirect_uris: private-use schemes are for clients with application_type native and token_endpoint_auth_method none"
	case !reverseDomain(u.scheme):
		return u, unusable, "redirect_uris: a private-use scheme must have the form of a domain name in reverse"
	case !strings.HasPrefix(u.rest, "/"): // RFC 8252 §8.4: complete, with its path
		return u, unusable, "redirect_uris: a private-use scheme must be followed by a slash and a path"
	}
	return u, usable, ""
}

// CheckRedirectURI returns nil when codes may be sent to raw, and *oauth.Error
// invalid_redirect_uri otherwise. privateUse says whether the client may use
// private-use schemes: a native one without a secret.
func CheckRedirectURI(raw string, privateUse bool) error {
	if _, v, problem := judge(raw, privateUse); v != usable {
		return oauth.InvalidRedirectURI("redirect_uri_refused", problem)
	}
	return nil
}

// dangerous are schemes that run, read or display something instead of opening
// an application.
var dangerous = map[string]bool{
	"about": true, "blob": true, "chrome": true, "data": true, "file": true, "filesystem": true, "ftp": true,
	"intent": true, "jar": true, "javascript": true, "livescript": true, "mailto": true, "mhtml": true, "mocha": true,
	"ms-its": true, "resource": true, "sms": true, "tel": true, "urn": true, "vbscript": true, "view-source": true,
	"ws": true, "wss": true,
}

// cutRedirectURI cuts raw. A non-empty problem says why it is none.
func cutRedirectURI(raw string) (redirectURI, string) {
	if problem := checkBytes(raw); problem != "" {
		return redirectURI{}, problem
	}
	scheme, after, ok := strings.Cut(raw, ":")
	if !ok || !validScheme(scheme) {
		return redirectURI{}, "redirect_uris: not an absolute URI with a scheme in lower case"
	}
	if dangerous[scheme] {
		return redirectURI{}, "redirect_uris: the scheme is not allowed"
	}
	if problem := checkReserved(raw); problem != "" {
		return redirectURI{}, problem
	}
	u := redirectURI{scheme: scheme, rest: after}
	if scheme == "https" || scheme == "http" {
		if problem := u.cutAuthority(after); problem != "" {
			return redirectURI{}, problem
		}
	} else if authority, ok := strings.CutPrefix(after, "//"); ok {
		if authority, _, _ = strings.Cut(authority, "/"); strings.IndexByte(authority, '@') >= 0 {
			return redirectURI{}, "redirect_uris: has user information"
		}
	}
	return u, checkRest(u.rest)
}

// checkBytes admits printable ASCII without what URIs do not have: anything else
// some parser strips, folds or maps.
func checkBytes(raw string) string {
	if raw == "" || len(raw) > 2048 {
		return "redirect_uris: empty or longer than 2048 bytes"
	}
	for i := range len(raw) {
		if c := raw[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return "redirect_uris: has a character that is not allowed in a URI"
		}
	}
	return ""
}

// reverseDomain reports whether a scheme is a domain name in reverse order (RFC
// 8252 §7.1), so that two applications do not take the same one by accident.
func reverseDomain(scheme string) bool {
	for label := range strings.SplitSeq(scheme, ".") {
		if !validLabel(label) {
			return false
		}
	}
	return strings.IndexByte(scheme, '.') >= 0
}

func validScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// checkReserved refuses fragments (RFC 6749 §3.1.2) and wildcards.
func checkReserved(raw string) string {
	if strings.IndexByte(raw, '#') >= 0 {
		return "redirect_uris: has a fragment"
	}
	if strings.IndexByte(raw, '*') >= 0 {
		return "redirect_uris: has a wildcard"
	}
	return ""
}

// cutAuthority reads //host[:port] of http and https.
func (u *redirectURI) cutAuthority(after string) string {
	after, ok := strings.CutPrefix(after, "//")
	if !ok {
		return "redirect_uris: the scheme must be followed by two slashes"
	}
	authority, rest := after, ""
	if i := strings.IndexAny(after, "/?"); i >= 0 {
		authority, rest = after[:i], after[i:]
	}
	if strings.IndexByte(authority, '@') >= 0 {
		return "redirect_uris: has user information"
	}
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host, port = authority[:i], authority[i+1:]
		if !canonicalPort(port) {
			return "redirect_uris: the port must be written in decimal, from 1 to 65535"
		}
	}
	if !validHost(host) {
		return "redirect_uris: the host must be a name in lower case or an IP address in its usual form"
	}
	u.host, u.port, u.rest = host, port, rest
	return ""
}

func canonicalPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == s
}

// validHost admits a name of letters, digits and hyphens, a dotted IPv4 address
// and an IPv6 address in brackets, each in the one spelling that every parser
// keeps.
func validHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		return ok && err == nil && addr.Is6() && !addr.Is4In6() && addr.Zone() == "" && addr.String() == inner
	}
	if len(host) > 253 {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(host, ".") {
		if !validLabel(label) {
			return false
		}
		last = label
	}
	if !numeric(last) {
		return true
	}
	// A name that ends in a number is an IPv4 address to browsers.
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Is4() && addr.String() == host
}

func validLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := range len(label) {
		if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// numeric reports whether browsers read a last label as a number: decimal, or
// hexadecimal with 0x.
func numeric(label string) bool {
	if rest, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(rest, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

// loopback reports whether u is http at the person's own machine (RFC 8252 §7.3
// and §8.3).
func (u redirectURI) loopback() bool {
	return u.scheme == "http" && (u.host == "127.0.0.1" || u.host == "[::1]" || u.host == "localhost")
}

// origin is scheme://host[:port], as browsers write it; empty for private-use
// schemes.
func (u redirectURI) origin() string {
	switch {
	case u.host == "":
		return ""
	case u.port == "", u.scheme == "https" && u.port == "443", u.scheme == "http" && u.port == "80":
		return u.scheme + "://" + u.host
	}
	return u.scheme + "://" + u.host + ":" + u.port
}
