package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// The client configuration endpoint (RFC 7592 §2) reads, replaces and deletes
// one registration. What admits is the registration access token, bound to that
// client; the client's own credentials are not looked at.

// configuredClient returns the client that the request names and bears the
// registration access token of. A token of another client, and any token for a
// client that is gone or disabled, is 401 (RFC 7592 §2.1).
func (s *Server) configuredClient(ctx context.Context, r *http.Request, id string) (*registered, error) {
	token, err := s.bearer(ctx, r, store.RegistrationAccessToken, seal.PrefixRegistrationAccessToken)
	if err != nil {
		return nil, err
	}
	refused := oauth.InvalidToken("registration_token_foreign", "the token is not good here")
	if token.ClientID != id {
		return nil, refused
	}
	c, err := s.lookupClient(ctx, id)
	if _, ok := errors.AsType[*oauth.Error](err); ok {
		return nil, refused.Because(err)
	}
	return c, err
}

// changeableClient is configuredClient for what changes the registration: a
// registration that answered for several registrants changes for none.
func (s *Server) changeableClient(ctx context.Context, r *http.Request, id string) (*registered, error) {
	c, err := s.configuredClient(ctx, r, id)
	if err != nil {
		return nil, err
	}
	if c.stored.Shared {
		return nil, forbidden(oauth.AccessDenied("registration_shared", "several installations registered this client with the same metadata; register with other metadata to get one of your own"))
	}
	return c, nil
}

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

// sameSecrets reports whether a change of metadata leaves the secrets as they
// are: a secret that was hashed cannot be sealed, and one that was sealed for MACs
// is not sent over the wire.
func sameSecrets(before, after client.Metadata) bool {
	return before.AuthMethod().SecretForm() == after.AuthMethod().SecretForm()
}
