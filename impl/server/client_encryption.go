package server

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/charterauth/charter/impl/fetch"
	"github.com/charterauth/charter/impl/jose/jwe"
	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/oauth"
)

// encryption is how a client registered that something is encrypted for it; the
// zero value is not at all. issuer is repeated in the header where it is not empty.
type encryption struct{ alg, enc, issuer string }

// signerFor returns what signs a JWT by alg and then, where the client registered
// it, encrypts it to the client (OpenID Connect Core §10.2: in this order).
func (s *Server) signerFor(c *registered, alg string, e encryption) mint.Signer {
	return func(ctx context.Context, typ string, claims any) (string, error) {
		signed, err := s.keys.sign(ctx, alg, typ, claims)
		if err != nil || e.alg == "" {
			return signed, err
		}
		return s.encrypt(ctx, c, e, "JWT", []byte(signed))
	}
}

// encrypterFor returns what makes a JWT that is encrypted to the client and not
// signed, which only UserInfo may be (OpenID Connect Core §5.3.2): that it is ours
// the client knows from the connection, as of one in clear.
func (s *Server) encrypterFor(c *registered, e encryption) mint.Signer {
	return func(ctx context.Context, _ string, claims any) (string, error) {
		plain, err := json.Marshal(claims)
		if err != nil {
			return "", err
		}
		return s.encrypt(ctx, c, e, "", plain) // no cty: nothing is nested (RFC 7519 §5.2)
	}
}

// encrypt encrypts to the client. What is for it alone is not sent in clear
// instead where its key cannot be had.
func (s *Server) encrypt(ctx context.Context, c *registered, e encryption, cty string, plain []byte) (string, error) {
	key, err := s.encryptionKey(ctx, c, e.alg)
	if err != nil {
		return "", oauth.InvalidRequest("client_encryption_key", "the client's key to encrypt to could not be had").Because(err)
	}
	return key.Encrypt(e.enc, cty, e.issuer, plain)
}

// encryptionKey returns the key of the client to encrypt to by alg: of its jwks,
// or from its jwks_uri, fetched again when there is none (OpenID Connect Core
// §10.2.1).
func (s *Server) encryptionKey(ctx context.Context, c *registered, alg string) (jwe.Key, error) {
	if c.metadata.JWKSURI == "" {
		set, err := json.Marshal(c.metadata.JWKS)
		if err != nil {
			return jwe.Key{}, err
		}
		return jwe.ParseKey(set, alg)
	}
	uri := c.metadata.JWKSURI
	key, err := s.fetchedEncryptionKey(uri, alg)(s.clientDocuments.Get(ctx, uri))
	if errors.Is(err, jwe.ErrNoKey) {
		return s.fetchedEncryptionKey(uri, alg)(s.clientDocuments.Renew(ctx, uri, keysRenewed))
	}
	return key, err
}

func (s *Server) fetchedEncryptionKey(uri, alg string) func(fetch.Document, error) (jwe.Key, error) {
	return func(document fetch.Document, err error) (jwe.Key, error) {
		if err != nil {
			return jwe.Key{}, err
		}
		key, err := jwe.ParseKey(document.Body, alg)
		if err != nil && !errors.Is(err, jwe.ErrNoKey) {
			s.clientDocuments.Reject(uri)
		}
		return key, err
	}
}
