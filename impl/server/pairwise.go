package server

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// pairwiseUse and pairwiseAlgorithm name the key of pairwise subjects in the keys
// table. It is made when the first pairwise client is served and never replaced:
// with another key every person would be somebody else at every such client.
const (
	pairwiseUse       = "pairwise"
	pairwiseAlgorithm = "HS256"
	pairwiseKeySize   = 32 // bytes
)

// pairwiseSubjects computes pairwise subjects.
type pairwiseSubjects struct {
	mu  sync.Mutex
	key []byte // nil until it was read; guarded by mu
}

// subjectFor returns the sub that a client is told for a subject, in ID Tokens,
// userinfo, introspection and JWT access tokens alike (OpenID Connect Core §8).
// For a pairwise client it is HMAC-SHA-256 over sector and subject (§8.1): the
// same at all clients of a sector, and nothing that clients of two sectors, or
// whoever has the database without the key-encryption key, could connect. What a
// client gets for itself has the client as its subject, which is told as it is.
func (s *Server) subjectFor(ctx context.Context, c *registered, subject string) (string, error) {
	if !c.metadata.Pairwise() || subject == c.id {
		return subject, nil
	}
	sector := c.metadata.Sector()
	if sector == "" {
		return "", fmt.Errorf("pairwise client %s has no sector", c.id)
	}
	key, err := s.pairwiseKey(ctx)
	if err != nil {
		return "", fmt.Errorf("key of pairwise subjects: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(seal.Identity("pairwise subject", sector, subject))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

// pairwiseKey reads the key once, and makes it where no process has yet.
func (s *Server) pairwiseKey(ctx context.Context) ([]byte, error) {
	s.pairwise.mu.Lock()
	defer s.pairwise.mu.Unlock()
	if s.pairwise.key != nil {
		return s.pairwise.key, nil
	}
	key, err := s.readPairwiseKey(ctx)
	if errors.Is(err, store.ErrNotFound) {
		if err := s.createPairwiseKey(ctx); err != nil && !errors.Is(err, store.ErrConflict) {
			return nil, err
		}
		key, err = s.readPairwiseKey(ctx) // ours, or that of who came first
	}
	if err != nil {
		return nil, err
	}
	s.pairwise.key = key
	return key, nil
}

// readPairwiseKey returns ErrNotFound of the store when there is none.
func (s *Server) readPairwiseKey(ctx context.Context) ([]byte, error) {
	keys, err := s.store.Keys(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.Use != pairwiseUse {
			continue
		}
		key, err := s.cfg.KeyEncryptionKey.Open(k.Sealed, keyIdentity(k.ID, k.Algorithm))
		if err == nil && len(key) != pairwiseKeySize {
			err = errors.New("not of the size that is made here")
		}
		return key, err
	}
	return nil, store.ErrNotFound
}

func (s *Server) createPairwiseKey(ctx context.Context) error {
	key := make([]byte, pairwiseKeySize)
	rand.Read(key) // never fails, and never returns short (crypto/rand)
	now, id := s.now(), randomID()
	return s.store.CreateKey(ctx, store.Key{
		ID: id, Use: pairwiseUse, Algorithm: pairwiseAlgorithm, Generation: 1,
		Sealed:    s.cfg.KeyEncryptionKey.Seal(key, keyIdentity(id, pairwiseAlgorithm)),
		CreatedAt: now, ActiveAt: now,
	})
}
