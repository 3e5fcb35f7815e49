package server

import (
	"context"

	"github.com/charterauth/charter/impl/store"
)

// Fail ends a request without anybody's decision: with prompt=none nobody may be
// asked, and not every sign-in that a client wants can be had (OpenID Connect Core
// §3.1.2.6). Like Complete it succeeds at most once for a request.
func (s *Server) Fail(ctx context.Context, p *Pending, why AuthenticationError) (Response, error) {
	return s.end(ctx, p, string(why), why.description(), "authentication_failed_"+string(why))
}

// end spends a request without a grant.
func (s *Server) end(ctx context.Context, p *Pending, code, description, event string) (Response, error) {
	if err := p.of(s); err != nil {
		return Response{}, err
	}
	if err := s.checkWaiting(p.record); err != nil {
		return Response{}, err
	}
	if err := s.answer(ctx, p, nil); err != nil {
		return Response{}, err
	}
	s.emit(ctx, store.Event{Reason: event, ClientID: p.client.id})
	return p.target().failure(code, description), nil
}
