package server

import (
	"context"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/fetch"
	"github.com/charterauth/charter/impl/jose"
)

// keysRenewed is between two fetches of a key set for a key that is not in it:
// anybody can make up the name of one.
const keysRenewed = 30 * time.Second

// newClientDocuments returns what fetches the documents that clients publish
// beside their metadata: keys and sector identifiers. A key set is looked at for
// every assertion, also a forged one, so it is kept for a moment in any case.
func newClientDocuments(cfg Config) *fetch.Client {
	return fetch.New(fetch.Config{RootCAs: cfg.FetchRootCAs, InsecureLoopback: cfg.InsecureFetchLoopback, Now: cfg.Now, KeepAtLeast: keysRenewed})
}

// clientKeys returns the keys that a client signs with: those of its jwks, or
// those at its jwks_uri, fetched again when a key is not there (OpenID Connect
// Core §10.1.1). alg, when not empty, is the algorithm that the client registered
// for what is signed.
func (s *Server) clientKeys(c *registered, alg string) jose.Keys {
	if c.metadata.JWKSURI == "" {
		return forAlgorithm(c.metadata.Keys(), alg)
	}
	uri := c.metadata.JWKSURI
	return func(ctx context.Context, kid string) (jose.PublicKey, error) {
		keys, err := s.keySet(uri, alg)(s.clientDocuments.Get(ctx, uri))
		if err != nil {
			return jose.PublicKey{}, err
		}
		key, err := keys(ctx, kid)
		if !errors.Is(err, jose.ErrUnknownKey) {
			return key, err
		}
		if keys, err = s.keySet(uri, alg)(s.clientDocuments.Renew(ctx, uri, keysRenewed)); err != nil {
			return jose.PublicKey{}, err
		}
		return keys(ctx, kid)
	}
}

// keySet reads what was fetched from uri as a key set.
func (s *Server) keySet(uri, alg string) func(fetch.Document, error) (jose.Keys, error) {
	return func(document fetch.Document, err error) (jose.Keys, error) {
		if err != nil {
			return nil, err
		}
		keys, err := jose.ParseJWKSet(document.Body)
		if err != nil {
			s.clientDocuments.Reject(uri)
			return nil, err
		}
		return forAlgorithm(keys, alg), nil
	}
}

func forAlgorithm(keys []jose.PublicKey, alg string) jose.Keys {
	fitting := make([]jose.PublicKey, len(keys))
	for i, k := range keys {
		fitting[i] = k.For(jose.Algorithm(alg))
	}
	return jose.StaticKeys(fitting...)
}
