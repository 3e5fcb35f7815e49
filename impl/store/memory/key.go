package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// CreateKey implements store.Store.
func (s *Store) CreateKey(ctx context.Context, k store.Key) error {
	if err := k.Check(); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for _, known := range s.keys {
		if known.ID == k.ID || compareKeys(known, k) == 0 {
			return store.ErrConflict
		}
	}
	s.keys[k.ID] = copyKey(k)
	return nil
}

// Keys implements store.Store.
func (s *Store) Keys(ctx context.Context) ([]store.Key, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var out []store.Key
	for _, k := range s.keys {
		out = append(out, copyKey(k))
	}
	slices.SortFunc(out, compareKeys)
	return out, nil
}

func compareKeys(a, b store.Key) int {
	return cmp.Or(
		cmp.Compare(a.Use, b.Use),
		cmp.Compare(a.Algorithm, b.Algorithm),
		cmp.Compare(a.Generation, b.Generation))
}

// RetireKey implements store.Store.
func (s *Store) RetireKey(ctx context.Context, id string, retiredAt, expiresAt time.Time) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	k, ok := s.keys[id]
	if !ok {
		return store.ErrNotFound
	}
	k.RetiredAt, k.ExpiresAt = instant(retiredAt), instant(expiresAt)
	s.keys[id] = k
	return nil
}
