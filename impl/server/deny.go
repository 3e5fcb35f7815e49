package server

import (
	"context"

	"github.com/charterauth/charter/impl/store"
)

// Deny ends a request with a person's refusal and returns where to send their
// browser: the client's redirect URI with access_denied (RFC 6749 §4.1.2.1).
// Like Complete it succeeds at most once for a request.
func (s *Server) Deny(ctx context.Context, p *Pending) (location string, err error) {
	if err := p.of(s); err != nil {
		return "", err
	}
	if err := s.checkWaiting(p.record); err != nil {
		return "", err
	}
	if err := s.answer(ctx, p, nil); err != nil {
		return "", err
	}
	s.emit(ctx, store.Event{Reason: "consent_denied", ClientID: p.client.id})
	return p.target().failure("access_denied", "the request was denied"), nil
}
