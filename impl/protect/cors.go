package protect

import (
	"net/http"
	"slices"
	"strings"
)

// maxCORSHeader bounds what of a preflight is told back, in bytes.
const maxCORSHeader = 1024

// preflight answers CORS preflights (Fetch standard §4.8) of the configured
// origins. A preflight carries no token, so it never reaches the handler.
func (g *Guard) preflight(w http.ResponseWriter, r *http.Request) bool {
	method := r.Header.Get("Access-Control-Request-Method")
	if r.Method != http.MethodOptions || method == "" || !g.allowOrigin(w, r) {
		return false
	}
	h := w.Header()
	if isList(method) {
		h.Set("Access-Control-Allow-Methods", method)
	}
	allowHeaders(h, r)
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allowOrigin lets a script of a configured origin read the answer, refusals and
// their challenge included. It never allows credentials: what a browser would add
// by itself is none of ours.
func (g *Guard) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	if len(g.config.Origins) == 0 {
		return false
	}
	h := w.Header()
	origin := "*"
	if !slices.Contains(g.config.Origins, "*") {
		if !slices.Contains(h.Values("Vary"), "Origin") {
			h.Add("Vary", "Origin")
		}
		if origin = r.Header.Get("Origin"); !slices.Contains(g.config.Origins, origin) {
			return false
		}
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After, Mcp-Session-Id")
	return true
}

// allowHeaders allows the headers that the script asks for: "*" would not include
// Authorization.
func allowHeaders(h http.Header, r *http.Request) {
	if asked := r.Header.Get("Access-Control-Request-Headers"); isList(asked) {
		h.Set("Access-Control-Allow-Headers", asked)
	}
}

// isList reports whether s is a list of tokens (RFC 9110 §5.6.2).
func isList(s string) bool {
	if s == "" || len(s) > maxCORSHeader {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~, ", c) < 0 {
			return false
		}
	}
	return true
}
