package server

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
)

// ProtectedResourceMetadata describes the resource that is the issuer's origin,
// or, asked behind the path of the issuer, the issuer (RFC 9728 §3.1).
func (s protocol) ProtectedResourceMetadata(_ context.Context, in *gen.ProtectedResourceMetadataInput) (gen.ProtectedResourceMetadataOutput, error) {
	m, err := s.describeResource(strings.TrimSuffix(in.HTTP.URL.Path, gen.PathProtectedResourceMetadata))
	if err != nil {
		return nil, err
	}
	return &gen.ProtectedResourceMetadata200{Body: m}, nil
}

// ProtectedResourceMetadataForPath describes the resource whose path follows the
// well-known name (RFC 9728 §3.1).
func (s protocol) ProtectedResourceMetadataForPath(_ context.Context, in *gen.ProtectedResourceMetadataForPathInput) (gen.ProtectedResourceMetadataForPathOutput, error) {
	m, err := s.describeResource("/" + in.Path)
	if err != nil {
		return nil, err
	}
	return &gen.ProtectedResourceMetadataForPath200{Body: m}, nil
}

// describeResource answers for exactly the resource asked for: a client must
// refuse metadata whose resource is not the URL that it started from (RFC 9728
// §3.3).
func (s *Server) describeResource(path string) (gen.ProtectedResourceMetadata, error) {
	m, ok := s.metadata.resources[strings.TrimSuffix(path, "/")]
	if !ok {
		return gen.ProtectedResourceMetadata{}, &refusal{as: oauth.InvalidRequest("resource_unknown", "there is no such resource at this server"), status: http.StatusNotFound}
	}
	return m, nil
}

// protectedResourceMetadata describes the resources that share the issuer's
// origin; those of other origins serve their own metadata (package protect).
func (s *Server) protectedResourceMetadata() map[string]gen.ProtectedResourceMetadata {
	documents := make(map[string]gen.ProtectedResourceMetadata)
	for _, r := range s.resources.all {
		path, ok := strings.CutPrefix(r.config.URI, s.issuer.origin)
		if !ok || path != "" && path[0] != '/' || strings.ContainsRune(path, '?') {
			continue
		}
		documents[strings.TrimSuffix(path, "/")] = gen.ProtectedResourceMetadata{
			Resource:               r.config.URI,
			ResourceName:           r.config.Name,
			AuthorizationServers:   []string{s.issuer.identifier},
			BearerMethodsSupported: []string{"header"},
			ScopesSupported:        s.resourceScopes(r),
		}
	}
	return documents
}

// resourceScopes are the scopes that mean something at the resource.
// offline_access does not: it is between client and authorization server (MCP
// authorization, scope selection).
func (s *Server) resourceScopes(r resource) []string {
	return slices.DeleteFunc(append(slices.Clone(s.scopes.server), r.config.Scopes...), func(value string) bool {
		return value == offlineAccess
	})
}
