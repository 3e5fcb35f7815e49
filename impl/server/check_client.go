package server

import (
	"context"

	"github.com/charterauth/charter/gen"
)

// checkClient finds the client that an authorization request names (RFC 6749
// §2.2). A request whose client_id is missing, repeated or malformed names none;
// one that could not be read at all is told so.
func (s *Server) checkClient(ctx context.Context, q gen.AuthorizationRequest, problem *gen.Problem) (*registered, error) {
	if problem != nil && (q.ClientID == "" || problem.Param == "" || problem.Param == "client_id") {
		return nil, problem
	}
	return s.lookupClient(ctx, q.ClientID)
}
