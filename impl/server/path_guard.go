package server

import (
	"net/http"
	"strings"
)

// guarded reports whether the request's path is spelled in the one way that a
// proxy in front and this server read alike. Anything else is 404, never a
// redirect: a 307 would send the body of a token request again, elsewhere.
//
// Refused are empty and dot segments, backslashes, path parameters, control and
// non-ASCII bytes, and escapes of anything that needs none or that would become
// a separator.
func guarded(r *http.Request) bool {
	path := r.URL.EscapedPath()
	if !strings.HasPrefix(path, "/") || strings.Contains(path, "//") {
		return false
	}
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c <= ' ' || c >= 0x7f || c == '\\' || c == ';':
			return false
		case c == '.' && path[i-1] == '/' && dotSegment(path[i:]):
			return false
		case c == '%' && !plainEscape(path[i:]):
			return false
		}
	}
	return true
}

// dotSegment reports whether rest starts with a whole "." or ".." segment.
func dotSegment(rest string) bool {
	segment, _, _ := strings.Cut(rest, "/")
	return segment == "." || segment == ".."
}

// plainEscape reports whether rest starts with an escape of a byte that a path
// may hold only escaped (RFC 3986 §2.1), and that no server treats specially.
func plainEscape(rest string) bool {
	if len(rest) < 3 {
		return false
	}
	high, low := unhex(rest[1]), unhex(rest[2])
	if high < 0 || low < 0 {
		return false
	}
	switch c := byte(high<<4 | low); {
	case c < ' ' || c == 0x7f:
		return false
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return false
	default:
		return strings.IndexByte("-._~/\\;%", c) < 0
	}
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
