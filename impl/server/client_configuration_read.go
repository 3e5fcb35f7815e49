package server

import (
	"context"

	"github.com/charterauth/charter/gen"
)

// ReadClient is the client read request (RFC 7592 §2.1).
func (s protocol) ReadClient(ctx context.Context, in *gen.ReadClientInput) (gen.ReadClientOutput, error) {
	c, err := s.configuredClient(ctx, in.HTTP, in.ClientID)
	if err != nil {
		return nil, err
	}
	info := clientInformation(*c.stored, c.metadata)
	info.RegistrationAccessToken, _ = bearerValue(in.HTTP) // RFC 7592 §3 wants it in every answer; it stays the same
	info.RegistrationClientURI = s.registrationClientURI(c.id)
	return &gen.ReadClient200{Body: info}, nil
}
