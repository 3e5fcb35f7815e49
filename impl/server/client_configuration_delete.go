package server

import (
	"context"
	"errors"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// DeleteClient is the client delete request (RFC 7592 §2.3): the registration,
// its registration access token and all its grants are dead when it answers.
func (s protocol) DeleteClient(ctx context.Context, in *gen.DeleteClientInput) (gen.DeleteClientOutput, error) {
	c, err := s.changeableClient(ctx, in.HTTP, in.ClientID)
	if err != nil {
		return nil, err
	}
	if err := s.closeRegistration(ctx, c); err != nil {
		return nil, err
	}
	if err := s.store.DeleteClient(ctx, c.id, s.now()); err != nil && !isNotFound(err) {
		return nil, err
	}
	s.emit(ctx, store.Event{Reason: "client_deleted", ClientID: c.id, Address: s.peer(in.HTTP).String()})
	return &gen.DeleteClient204{}, nil
}

// closeRegistration disables the client if nobody else has come to use it since
// it was read: from then on no registration with the same metadata is answered
// with it, and deleting it takes nothing from anybody.
func (s *Server) closeRegistration(ctx context.Context, c *registered) error {
	closed := *c.stored
	closed.DisabledAt = s.now()
	closed.UpdatedAt = closed.DisabledAt
	err := s.store.ReplaceClient(ctx, closed)
	if errors.Is(err, store.ErrConflict) {
		return oauth.InvalidClientMetadata("client_changed", "the registration was changed by another request; read it and try again")
	}
	if isNotFound(err) {
		return nil // deleted already, which is what was asked for
	}
	return err
}
