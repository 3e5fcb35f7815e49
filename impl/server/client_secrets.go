package server

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// newClientSecret makes a secret for a client that authenticates by method, and
// what a store keeps of it: a hash, or for client_secret_jwt the secret itself
// under the key-encryption key. Without a secret both are empty.
func newClientSecret(kek *seal.KEK, clientID string, method client.Method, at time.Time) (secret string, kept []store.ClientSecret) {
	switch method.SecretForm() {
	case client.HashedSecret:
		secret = seal.NewToken(seal.PrefixClientSecret)
		return secret, []store.ClientSecret{{Hash: client.HashGenerated(secret), CreatedAt: at}}
	case client.SealedSecret:
		secret = seal.NewToken(seal.PrefixClientSecret)
		return secret, []store.ClientSecret{{Sealed: kek.Seal([]byte(secret), secretIdentity(clientID)), CreatedAt: at}}
	}
	return "", nil
}

// secretIdentity ties a sealed secret to its client.
func secretIdentity(clientID string) []byte { return seal.Identity("client secret", clientID) }

// openClientSecrets returns those secrets of a client_secret_jwt client that are
// good at at, newest first.
func openClientSecrets(kek *seal.KEK, c store.Client, at time.Time) ([][]byte, error) {
	var secrets [][]byte
	for _, kept := range c.Secrets {
		if kept.Sealed == nil || expired(kept.ExpiresAt, at) {
			continue
		}
		secret, err := kek.Open(kept.Sealed, secretIdentity(c.ID))
		if err != nil {
			return nil, fmt.Errorf("secret of client %s: %w", c.ID, err)
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

// isClientSecret reports whether presented is a secret that the client has.
func (s *Server) isClientSecret(c store.Client, presented string) (bool, error) {
	sealed, err := openClientSecrets(s.cfg.KeyEncryptionKey, c, s.now())
	if err != nil {
		return false, err
	}
	same := verifySecret(c.Secrets, presented, s)
	for _, secret := range sealed {
		same = hmac.Equal(secret, []byte(presented)) || same
	}
	return same, nil
}

// A KeyEncryptionKey gives the key that seals the secrets of client_secret_jwt
// clients. It is asked only where there is one to seal.
type KeyEncryptionKey func() (*seal.KEK, error)

// forMethod returns the key for a client that authenticates by method; nil when
// nothing is sealed.
func (k KeyEncryptionKey) forMethod(method client.Method) (*seal.KEK, error) {
	switch {
	case method.SecretForm() != client.SealedSecret:
		return nil, nil
	case k == nil:
		return nil, errors.New("client_secret_jwt needs the key-encryption key, under which the secret is sealed")
	}
	return k()
}
