package server

import "context"

// Deny ends a request with a person's refusal: the client is told access_denied
// (RFC 6749 §4.1.2.1). Like Complete it succeeds at most once for a request.
func (s *Server) Deny(ctx context.Context, p *Pending) (Response, error) {
	return s.end(ctx, p, "access_denied", "the request was denied", "consent_denied")
}
