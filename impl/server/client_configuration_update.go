package server

import (
	"context"
	"errors"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// UpdateClient is the client update request (RFC 7592 §2.2): it replaces all
// metadata; what it leaves out is deleted or gets its default.
func (s protocol) UpdateClient(ctx context.Context, in *gen.UpdateClientInput) (gen.UpdateClientOutput, error) {
	c, err := s.changeableClient(ctx, in.HTTP, in.ClientID)
	if err != nil {
		return nil, err
	}
	if err := s.checkUpdateIdentity(c, in.Body); err != nil {
		return nil, err
	}
	metadata, err := client.ParseUpdate(in.Raw, s.clientRules())
	if err != nil {
		return nil, err
	}
	if metadata, err = s.askRegistrationPolicy(ctx, in.HTTP, metadata, c.id); err != nil {
		return nil, err
	}
	if err := s.checkSector(ctx, metadata); err != nil {
		return nil, err
	}
	updated, secret := s.updatedClient(c, metadata)
	err = s.store.ReplaceClient(ctx, updated)
	if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
		return nil, oauth.InvalidClientMetadata("client_changed", "the registration was changed by another request; read it and try again")
	}
	if err != nil {
		return nil, err
	}
	info := clientInformation(updated, metadata)
	info.ClientSecret = secret
	info.RegistrationAccessToken, _ = bearerValue(in.HTTP)
	info.RegistrationClientURI = s.registrationClientURI(c.id)
	return &gen.UpdateClient200{Body: info}, nil
}

// checkUpdateIdentity holds an update to the client that it names: client_id
// must be the client's, client_secret, when there, its current one (RFC 7592
// §2.2).
func (s *Server) checkUpdateIdentity(c *registered, body gen.ClientUpdate) error {
	if body.ClientID != c.id {
		return oauth.InvalidClientMetadata("client_id_mismatch", "client_id is not that of the registration")
	}
	if body.ClientSecret == "" {
		return nil
	}
	same, err := s.isClientSecret(*c.stored, body.ClientSecret)
	if err != nil || same {
		return err
	}
	return oauth.InvalidClientMetadata("client_secret_mismatch", "client_secret is not the current one")
}

// updatedClient applies new metadata. A client whose method needs a secret that it
// has not gets one, told in this answer; one whose method needs none loses its own.
func (s *Server) updatedClient(c *registered, metadata client.Metadata) (updated store.Client, secret string) {
	now := s.now()
	updated = *c.stored
	updated.Metadata = metadata.JSON()
	updated.UpdatedAt = now
	updated.Fingerprint = store.Digest{} // what registers with the old metadata again gets a client of its own
	if sameSecrets(c.metadata, metadata) {
		return updated, ""
	}
	secret, updated.Secrets = newClientSecret(s.cfg.KeyEncryptionKey, c.id, metadata.AuthMethod(), now)
	return updated, secret
}
