package protect

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
)

// metadataAt inserts the well-known name between host and path (RFC 9728 §3.1),
// and returns URL and path.
func metadataAt(r oauth.Resource) (at, path string) {
	raw := r.String()
	host := strings.Index(raw, "://") + len("://")
	end := len(raw)
	if i := strings.IndexByte(raw[host:], '/'); i >= 0 {
		end = host + i
	}
	path = gen.PathProtectedResourceMetadata + raw[end:]
	return raw[:end] + path, path
}

// MetadataURL is where clients find the metadata of the resource.
func (g *Guard) MetadataURL() string { return g.metadataURL }

// MetadataPath is the path of MetadataURL, for a mux.
func (g *Guard) MetadataPath() string { return g.metadataPath }

// Metadata serves the metadata alone, for programs that mount Handler elsewhere.
func (g *Guard) Metadata() http.Handler { return http.HandlerFunc(g.serveMetadata) }

// describe tells what clients need (RFC 9728 §2); members without a value are
// left out (§3.2).
func (g *Guard) describe() ([]byte, error) {
	m := gen.ProtectedResourceMetadata{
		Resource:               g.resource.String(),
		ResourceName:           g.config.Name,
		AuthorizationServers:   g.config.AuthorizationServers,
		BearerMethodsSupported: []string{"header"},
	}
	if len(g.config.ScopesSupported) > 0 {
		m.ScopesSupported = g.config.ScopesSupported
	}
	return json.Marshal(m)
}

// isMetadata reports whether the request is for the metadata; a slash at the end
// makes no difference, as in the comparison of resources.
func (g *Guard) isMetadata(r *http.Request) bool {
	return strings.TrimSuffix(r.URL.EscapedPath(), "/") == strings.TrimSuffix(g.metadataPath, "/")
}

// serveMetadata answers for scripts of every origin: the document is public.
func (g *Guard) serveMetadata(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "public, max-age=3600")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(g.metadata) // a client that is gone
	case http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "GET")
		allowHeaders(h, r)
		w.WriteHeader(http.StatusNoContent)
	default:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}
