package memory

import (
	"cmp"
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// RegisterClient implements store.Store.
func (s *Store) RegisterClient(ctx context.Context, c store.Client, since time.Time, tokens ...store.Token) (store.Client, error) {
	if err := cmp.Or(c.Check(), store.CheckIssue(nil, tokens)); err != nil {
		return store.Client{}, err
	}
	if err := s.enter(ctx); err != nil {
		return store.Client{}, err
	}
	defer s.mu.Unlock()
	if known, ok := s.sameRegistration(c, since); ok {
		return s.share(known, c.ExpiresAt), nil
	}
	if _, taken := s.clients[c.ID]; taken {
		return store.Client{}, store.ErrConflict
	}
	if err := s.free(nil, tokens); err != nil {
		return store.Client{}, err
	}
	s.clients[c.ID] = copyClient(c)
	s.put(nil, tokens)
	return copyClient(c), nil
}

// sameRegistration returns the live client with c's fingerprint that was
// created at or after since.
func (s *Store) sameRegistration(c store.Client, since time.Time) (store.Client, bool) {
	if c.Fingerprint.IsZero() {
		return store.Client{}, false
	}
	for _, known := range s.clients {
		live := known.DisabledAt.IsZero() && !expired(known.ExpiresAt, c.CreatedAt)
		if known.Fingerprint == c.Fingerprint && live && !known.CreatedAt.Before(instant(since)) {
			return known, true
		}
	}
	return store.Client{}, false
}

func (s *Store) share(known store.Client, expiresAt time.Time) store.Client {
	if !known.Shared {
		known.Shared = true
		known.Revision++
	}
	known.ExpiresAt = later(known.ExpiresAt, instant(expiresAt))
	s.clients[known.ID] = known
	return copyClient(known)
}

// Client implements store.Store.
func (s *Store) Client(ctx context.Context, id string) (store.Client, error) {
	if err := s.enter(ctx); err != nil {
		return store.Client{}, err
	}
	defer s.mu.Unlock()
	c, ok := s.clients[id]
	if !ok {
		return store.Client{}, store.ErrNotFound
	}
	return copyClient(c), nil
}

// Clients implements store.Store.
func (s *Store) Clients(ctx context.Context, after string, limit int) ([]store.Client, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return page(s.clients, after, limit, all, copyClient)
}

// ReplaceClient implements store.Store.
func (s *Store) ReplaceClient(ctx context.Context, c store.Client) error {
	if err := c.Check(); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	known, ok := s.clients[c.ID]
	if !ok {
		return store.ErrNotFound
	}
	if known.Revision != c.Revision {
		return store.ErrConflict
	}
	c.Revision++
	s.clients[c.ID] = copyClient(c)
	return nil
}

// RenewClient implements store.Store.
func (s *Store) RenewClient(ctx context.Context, id string, usedAt, expiresAt time.Time) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	c, ok := s.clients[id]
	if !ok {
		return store.ErrNotFound
	}
	if usedAt = instant(usedAt); usedAt.After(c.LastUsedAt) {
		c.LastUsedAt = usedAt
	}
	c.ExpiresAt = later(c.ExpiresAt, instant(expiresAt))
	s.clients[id] = c
	return nil
}

// DeleteClient implements store.Store.
func (s *Store) DeleteClient(ctx context.Context, id string, at time.Time) error {
	if err := store.Marks(at); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, ok := s.clients[id]; !ok {
		return store.ErrNotFound
	}
	delete(s.clients, id)
	for d, t := range s.tokens {
		if t.GrantID == "" && t.ClientID == id {
			delete(s.tokens, d)
		}
	}
	s.revoke(store.GrantFilter{ClientID: id}, at)
	return nil
}
