package server

import (
	"context"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
)

// checkClient finds the client that an authorization request names (RFC 6749
// §2.2). A request whose client_id is missing, repeated or malformed names none.
func (s *Server) checkClient(ctx context.Context, q gen.AuthorizationRequest, problem *gen.Problem) (*registered, error) {
	if problem != nil && (problem.Param == "" || problem.Param == "client_id") {
		return nil, problem
	}
	if q.ClientID == "" {
		return nil, oauth.InvalidRequest("client_id_missing", "client_id is required")
	}
	return s.lookupClient(ctx, q.ClientID)
}
