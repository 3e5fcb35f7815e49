package oauth

import (
	"net/netip"
	"strconv"
	"strings"
)

// A Resource is a resource indicator (RFC 8707) in its one canonical form:
// lower-case scheme and host, no default port, no "/" alone after the host;
// every other byte of path and query is kept. Resources are equal when == says
// so. The zero Resource is none.
type Resource struct {
	origin string // scheme://host[:port]
	path   string // "" or "/…"
	query  string // "" or "?…"
}

const (
	maxResource  = 2048 // bytes
	maxResources = 20
)

// ParseResource parses an absolute https URL, or an http URL of a loopback host,
// without userinfo and fragment (RFC 8707 §2). The bytes are read by one grammar
// that leaves no room for two parsers to disagree: ASCII, no "\", no dot
// segments, IPv4 only as four decimal numbers. The error is an *Error,
// invalid_target.
func ParseResource(raw string) (Resource, error) {
	r, fault := parseResource(raw)
	if fault != "" {
		return Resource{}, InvalidTarget("resource_malformed", "The resource "+fault+".")
	}
	return r, nil
}

// ParseResources parses the values of a repeated resource parameter. More than
// 20, or two that are equal, are refused as invalid_target.
func ParseResources(raw []string) ([]Resource, error) {
	if len(raw) > maxResources {
		return nil, InvalidTarget("resource_too_many", "There are too many resources.")
	}
	var all []Resource
	for _, s := range raw {
		r, err := ParseResource(s)
		if err != nil {
			return nil, err
		}
		for _, o := range all {
			if o == r {
				return nil, InvalidTarget("resource_repeated", "A resource is repeated.")
			}
		}
		all = append(all, r)
	}
	return all, nil
}

// String returns the canonical form; the zero Resource is "".
func (r Resource) String() string { return r.origin + r.path + r.query }

// IsZero reports whether r is none.
func (r Resource) IsZero() bool { return r == Resource{} }

// Covers reports whether requested is r, or lies under r at a path boundary:
// https://h/mcp covers https://h/mcp/, https://h/mcp/x and https://h/mcp?q, and
// not https://h/mcpx. A slash at the end of r makes no difference, as MCP
// clients compare; a resource with a query covers only itself.
func (r Resource) Covers(requested Resource) bool {
	if r == requested {
		return !r.IsZero()
	}
	if r.IsZero() || r.query != "" || r.origin != requested.origin {
		return false
	}
	base := strings.TrimSuffix(r.path, "/")
	rest, under := strings.CutPrefix(requested.path, base)
	return under && (rest == "" || rest[0] == '/')
}

// MatchResource returns the configured resource that a request for requested is
// for: the equal one, else the one with the longest path that covers it.
func MatchResource(configured []Resource, requested Resource) (Resource, bool) {
	var best Resource
	for _, c := range configured {
		switch {
		case !c.Covers(requested):
		case c == requested:
			return c, true
		case best.IsZero() || len(c.path) > len(best.path):
			best = c
		}
	}
	return best, !best.IsZero()
}

// parseResource returns the resource, or what is wrong with it in words that
// repeat nothing of it.
func parseResource(raw string) (Resource, string) {
	if raw == "" || len(raw) > maxResource {
		return Resource{}, "is empty or too long"
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	scheme = asciiLower(scheme)
	if !ok || scheme != "https" && scheme != "http" {
		return Resource{}, "is not an absolute https URL"
	}
	if strings.Contains(rest, "#") {
		return Resource{}, "has a fragment"
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, port, ok := parseAuthority(rest[:end], scheme)
	if !ok {
		return Resource{}, "has a host or port that is not allowed"
	}
	if scheme == "http" && !loopbackHost(host) {
		return Resource{}, "is not an https URL"
	}
	path, query := rest[end:], ""
	if i := strings.IndexByte(path, '?'); i >= 0 {
		path, query = path[:i], path[i:]
	}
	if !validURLBytes(path) || !validURLBytes(query) || hasDotSegment(path) {
		return Resource{}, "has a path or query that is not allowed"
	}
	switch {
	case path == "/" && query == "":
		path = ""
	case path == "" && query != "":
		path = "/"
	}
	return Resource{origin: scheme + "://" + host + port, path: path, query: query}, ""
}

// parseAuthority returns the canonical host, and the port as ":n" unless it is
// the scheme's default. Userinfo fails because "@" is in no host.
func parseAuthority(s, scheme string) (host, port string, ok bool) {
	host = s
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		host, port = s[:i], s[i+1:]
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return "", "", false
		}
		port = ":" + port
	}
	if scheme == "https" && port == ":443" || scheme == "http" && port == ":80" {
		port = ""
	}
	host, ok = parseHost(asciiLower(host))
	return host, port, ok
}

func parseHost(h string) (string, bool) {
	if inner, found := strings.CutPrefix(h, "["); found {
		inner, found = strings.CutSuffix(inner, "]")
		a, err := netip.ParseAddr(inner)
		// A zone or a mapped IPv4 address is a second spelling of something else.
		if !found || err != nil || !a.Is6() || a.Is4In6() || a.Zone() != "" {
			return "", false
		}
		return "[" + a.String() + "]", true
	}
	if h == "" || len(h) > 253 {
		return "", false
	}
	labels := strings.Split(h, ".")
	for _, l := range labels {
		if !validLabel(l) {
			return "", false
		}
	}
	// A browser reads a name whose last label looks like a number as an IPv4
	// address; only the dotted-decimal spelling means the same to everybody.
	last := labels[len(labels)-1]
	if last[0] >= '0' && last[0] <= '9' {
		a, err := netip.ParseAddr(h)
		return h, err == nil && a.Is4()
	}
	return h, true
}

func validLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := range len(l) {
		if c := l[i]; c != '-' && c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func loopbackHost(h string) bool {
	if h == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(h, "[]"))
	return err == nil && a.IsLoopback()
}

// validURLBytes allows the path and query characters of RFC 3986 §3.3 and §3.4.
func validURLBytes(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return false
			}
			i += 2
		case strings.IndexByte("-._~!$&'()*+,;=:@/?", c) < 0:
			return false
		}
	}
	return true
}

// hasDotSegment finds "." and ".." also behind percent-encoded dots and
// separators: a server that decodes would leave the covered path.
func hasDotSegment(path string) bool {
	if !strings.Contains(path, ".") && !strings.Contains(path, "%") {
		return false
	}
	decoded := strings.NewReplacer("%2e", ".", "%2E", ".", "%2f", "/", "%2F", "/", "%5c", "/", "%5C", "/").Replace(path)
	for segment := range strings.SplitSeq(decoded, "/") {
		// "..;x" is ".." to servers that cut path parameters off.
		segment, _, _ = strings.Cut(segment, ";")
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// asciiLower leaves everything but A–Z alone: Unicode folding would turn other
// letters into ASCII.
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
