package fetch

import (
	"net/netip"
	"net/url"
	"strings"
)

const maxURL = 2048 // bytes

// target is a URL that passed checkURL.
type target struct {
	url  string // as asked for: the key of the cache
	host string // lower case, without port
}

// checkURL allows https URLs, and http URLs of loopback hosts where loopback is
// allowed. Everything that two parsers could read differently is refused before
// one parser sees it.
func checkURL(raw string, loopback bool) (target, bool) {
	if len(raw) > maxURL || !plainASCII(raw) {
		return target{}, false
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.User != nil || strings.Contains(raw, "#") || !strings.HasPrefix(raw, u.Scheme+"://") {
		return target{}, false
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case !validHost(host, strings.Contains(u.Host, "[")), strings.HasSuffix(u.Host, ":"), u.Port() == "0":
		return target{}, false
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback && isLoopbackHost(host):
	default:
		return target{}, false
	}
	return target{raw, host}, true
}

// plainASCII allows printable ASCII without the characters that browsers rewrite
// or strip.
func plainASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= 0x20 || c >= 0x7f || strings.IndexByte(`\"<>^{|}`+"`", c) >= 0 {
			return false
		}
	}
	return true
}

// validHost allows DNS names, four decimal numbers, and IPv6 without a zone. A
// name whose last label starts with a digit would be an IPv4 address to some.
func validHost(host string, bracketed bool) bool {
	a, err := netip.ParseAddr(host)
	if bracketed {
		return err == nil && a.Is6() && a.Zone() == ""
	}
	if err == nil {
		return a.Is4()
	}
	if host == "" || len(host) > 253 {
		return false
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	return last[0] < '0' || last[0] > '9'
}

// isLoopbackHost: RFC 6761 §6.3 gives localhost and the names below it to
// loopback, whatever a resolver says; resolve holds to that.
func isLoopbackHost(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback() || isLocalhost(host)
}

func isLocalhost(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
