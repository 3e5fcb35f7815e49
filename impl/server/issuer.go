package server

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// An issuer is a checked issuer identifier (RFC 8414 §2). Every URL that the
// server tells is made from it, so that a Host header changes nothing.
type issuer struct {
	identifier string // the exact bytes that clients compare
	origin     string // scheme://host[:port]
	host       string // host[:port], as in a Host header
	path       string // "" or "/tenant": the base of every route
	secure     bool   // https
}

// maxIssuer is what the stores keep of an issuer.
const maxIssuer = 255

// parseIssuer checks the rules of RFC 8414 §2 and, so that one issuer has one
// spelling, that it is already in the form that it would be compared in.
func parseIssuer(identifier string) (issuer, error) {
	u, err := url.Parse(identifier)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return issuer{}, fmt.Errorf("issuer must be an absolute URL such as https://auth.example.com")
	case u.Scheme != "https" && u.Scheme != "http":
		return issuer{}, fmt.Errorf("issuer must be an https URL")
	case u.Scheme == "http" && !isLoopbackHost(u.Hostname()):
		return issuer{}, fmt.Errorf("issuer must be an https URL; http is for loopback hosts only")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.ContainsRune(identifier, '#'):
		return issuer{}, fmt.Errorf("issuer must have no query and no fragment")
	case u.User != nil:
		return issuer{}, fmt.Errorf("issuer must have no user information")
	case len(identifier) > maxIssuer:
		return issuer{}, fmt.Errorf("issuer must be at most %d characters long", maxIssuer)
	case strings.HasSuffix(identifier, "/"):
		return issuer{}, fmt.Errorf("issuer must not end with a slash")
	case strings.HasPrefix(u.Path+"/", "/.well-known/"):
		return issuer{}, fmt.Errorf("issuer must not lie below /.well-known: its own documents do")
	}
	iss := issuer{
		identifier: identifier,
		origin:     u.Scheme + "://" + u.Host,
		host:       u.Host,
		path:       u.Path,
		secure:     u.Scheme == "https",
	}
	// Characters outside this set would be written differently in a Location,
	// in JSON or in a shell; nobody needs them in an issuer.
	if iss.origin+iss.path != identifier || !plainPath(u.Path) || !plainHost(u.Hostname()) || !plainPort(u) {
		return issuer{}, fmt.Errorf("issuer must be in its plain form: lower-case host, no default port, no escapes, no dot segments")
	}
	return iss, nil
}

// url returns the absolute URL of a path of the document.
func (i issuer) url(path string) string { return i.identifier + path }

// String returns the issuer identifier.
func (i issuer) String() string { return i.identifier }

// insertedWellKnown returns the path at which RFC 8414 §3.1 and RFC 9728 §3.1
// look for a well-known document of an identifier with a path: the well-known
// name stands between host and path.
func (i issuer) insertedWellKnown(name string) string { return name + i.path }

func isLoopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// plainHost admits an IP address in its usual form and a name of letters, digits,
// hyphens and underscores whose last label is no number.
func plainHost(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.String() == host && !addr.Is4In6() && addr.Zone() == ""
	}
	label := ""
	for label = range strings.SplitSeq(host, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return label[0] < '0' || label[0] > '9'
}

// plainPort admits no port, and one in decimal that is not the scheme's own:
// clients leave that out.
func plainPort(u *url.URL) bool {
	port := u.Port()
	if port == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == port &&
		!(u.Scheme == "https" && n == 443) && !(u.Scheme == "http" && n == 80)
}

// defaultPort is the port, with its colon, that a Host header may have beyond
// the issuer's.
func (i issuer) defaultPort() string {
	if i.secure {
		return ":443"
	}
	return ":80"
}

func plainPath(path string) bool {
	if path == "" {
		return true
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
		for _, c := range []byte(segment) {
			switch {
			case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			default:
				return false
			}
		}
	}
	return true
}
