package memory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// A Store is a store.Store in memory. New makes one; it is safe for concurrent
// use, and every answer is as durable as the process.
type Store struct {
	mu sync.Mutex // guards everything below

	closed     bool
	clients    map[string]store.Client
	grants     map[string]store.Grant
	tokens     map[store.Digest]store.Token
	sessions   map[store.Digest]store.Session
	accounts   map[string]store.Account
	keys       map[string]store.Key
	marks      map[scoped]time.Time // until when Once must remember
	counters   map[scoped]counter
	events     map[string]store.Event
	deliveries map[string]store.Delivery
}

// A scoped names a replay mark or a counter.
type scoped struct{ scope, id string }

type counter struct {
	value int
	until time.Time
}

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{
		clients:    map[string]store.Client{},
		grants:     map[string]store.Grant{},
		tokens:     map[store.Digest]store.Token{},
		sessions:   map[store.Digest]store.Session{},
		accounts:   map[string]store.Account{},
		keys:       map[string]store.Key{},
		marks:      map[scoped]time.Time{},
		counters:   map[scoped]counter{},
		events:     map[string]store.Event{},
		deliveries: map[string]store.Delivery{},
	}
}

var errClosed = errors.New("memory: closed")

// enter takes the lock, which the caller must release, unless ctx is done or
// the store is closed.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return fmt.Errorf("%w: %w", store.ErrUnavailable, errClosed)
	}
	return nil
}

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	s.mu.Unlock()
	return nil
}

// Close implements store.Store. Every later call fails with
// store.ErrUnavailable, except Close.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
