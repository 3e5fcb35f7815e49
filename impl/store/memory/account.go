package memory

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// ReplaceAccount implements store.Store.
func (s *Store) ReplaceAccount(ctx context.Context, a store.Account) error {
	if err := a.Check(); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	known, ok := s.accounts[a.ID]
	if !ok && a.Revision != 0 {
		return store.ErrNotFound
	}
	if known.Revision != a.Revision {
		return store.ErrConflict
	}
	if other, taken := s.named(a.Name); taken && other.ID != a.ID {
		return store.ErrConflict
	}
	a.Revision++
	s.accounts[a.ID] = copyAccount(a)
	return nil
}

func (s *Store) named(name string) (store.Account, bool) {
	for _, a := range s.accounts {
		if a.Name == name {
			return a, true
		}
	}
	return store.Account{}, false
}

// Account implements store.Store.
func (s *Store) Account(ctx context.Context, id string) (store.Account, error) {
	if err := s.enter(ctx); err != nil {
		return store.Account{}, err
	}
	defer s.mu.Unlock()
	a, ok := s.accounts[id]
	if !ok {
		return store.Account{}, store.ErrNotFound
	}
	return copyAccount(a), nil
}

// AccountByName implements store.Store.
func (s *Store) AccountByName(ctx context.Context, name string) (store.Account, error) {
	if err := s.enter(ctx); err != nil {
		return store.Account{}, err
	}
	defer s.mu.Unlock()
	a, ok := s.named(name)
	if !ok {
		return store.Account{}, store.ErrNotFound
	}
	return copyAccount(a), nil
}

// Accounts implements store.Store.
func (s *Store) Accounts(ctx context.Context, after string, limit int) ([]store.Account, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return page(s.accounts, after, limit, all, copyAccount)
}

// DeleteAccount implements store.Store.
func (s *Store) DeleteAccount(ctx context.Context, id string, at time.Time) error {
	if err := store.Marks(at); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if _, ok := s.accounts[id]; !ok {
		return store.ErrNotFound
	}
	delete(s.accounts, id)
	for d, session := range s.sessions {
		if session.Subject == id {
			delete(s.sessions, d)
		}
	}
	s.revoke(store.GrantFilter{Subject: id}, at)
	return nil
}
