package memory

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// CreateRequest implements store.Store.
func (s *Store) CreateRequest(ctx context.Context, r store.Request) error {
	if err := r.Check(); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, taken := s.requests[r.Handle]; taken {
		return store.ErrConflict
	}
	s.requests[r.Handle] = copyRequest(r)
	return nil
}

// Request implements store.Store.
func (s *Store) Request(ctx context.Context, handle store.Digest) (store.Request, error) {
	if err := s.enter(ctx); err != nil {
		return store.Request{}, err
	}
	defer s.mu.Unlock()
	r, ok := s.requests[handle]
	if !ok {
		return store.Request{}, store.ErrNotFound
	}
	return copyRequest(r), nil
}

// AnswerRequest implements store.Store.
func (s *Store) AnswerRequest(ctx context.Context, handle store.Digest, at time.Time, grant *store.Grant, tokens ...store.Token) error {
	if err := store.Marks(at); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	r, ok := s.requests[handle]
	if !ok {
		return store.ErrNotFound
	}
	if !r.AnsweredAt.IsZero() {
		return store.ErrConsumed
	}
	if grant != nil {
		if err := s.issue(*grant, tokens); err != nil {
			return err
		}
	}
	r.AnsweredAt = instant(at)
	s.requests[handle] = r
	return nil
}
