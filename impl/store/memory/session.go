package memory

import (
	"context"
	"maps"

	"github.com/charterauth/charter/impl/store"
)

// CreateSession implements store.Store.
func (s *Store) CreateSession(ctx context.Context, session store.Session, replaces store.Digest) error {
	if err := session.Check(); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for d, known := range s.sessions {
		if d == session.Digest || known.ID == session.ID && d != replaces {
			return store.ErrConflict
		}
	}
	delete(s.sessions, replaces)
	s.sessions[session.Digest] = copySession(session)
	return nil
}

// Session implements store.Store.
func (s *Store) Session(ctx context.Context, d store.Digest) (store.Session, error) {
	if err := s.enter(ctx); err != nil {
		return store.Session{}, err
	}
	defer s.mu.Unlock()
	session, ok := s.sessions[d]
	if !ok {
		return store.Session{}, store.ErrNotFound
	}
	return copySession(session), nil
}

// EndSession implements store.Store.
func (s *Store) EndSession(ctx context.Context, id string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	maps.DeleteFunc(s.sessions, func(_ store.Digest, session store.Session) bool { return session.ID == id })
	return nil
}
