package server

import (
	"context"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/store"
)

// DeleteClient is the client delete request (RFC 7592 §2.3): the registration,
// its registration access token and all its grants are dead when it answers.
func (s protocol) DeleteClient(ctx context.Context, in *gen.DeleteClientInput) (gen.DeleteClientOutput, error) {
	c, err := s.changeableClient(ctx, in.HTTP, in.ClientID)
	if err != nil {
		return nil, err
	}
	if err := s.store.DeleteClient(ctx, c.id, s.now()); err != nil && !isNotFound(err) {
		return nil, err
	}
	s.emit(ctx, store.Event{Reason: "client_deleted", ClientID: c.id, Address: s.peer(in.HTTP).String()})
	return &gen.DeleteClient204{}, nil
}
