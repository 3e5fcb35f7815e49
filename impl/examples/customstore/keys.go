package customstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/charterauth/charter/impl/store"
)

func compareKeys(a, b store.Key) int {
	return cmp.Or(cmp.Compare(a.Use, b.Use), cmp.Compare(a.Algorithm, b.Algorithm), cmp.Compare(a.Generation, b.Generation))
}

// CreateKey implements store.Store.
func (s *Store) CreateKey(ctx context.Context, k store.Key) error {
	return s.do(ctx, k.Check(), func(t *tx) error {
		same, err := list(t, keys, "", 1, func(known store.Key) bool { return compareKeys(known, k) == 0 })
		if err == nil && len(same) > 0 {
			err = store.ErrConflict
		}
		return cmp.Or(err, add(t, keys+k.ID, k))
	})
}

// Keys implements store.Store.
func (s *Store) Keys(ctx context.Context) ([]store.Key, error) {
	found, err := page(ctx, s, keys, "", 1<<30, all[store.Key])
	slices.SortFunc(found, compareKeys)
	return found, err
}

// RetireKey implements store.Store.
func (s *Store) RetireKey(ctx context.Context, id string, retiredAt, expiresAt time.Time) error {
	return s.do(ctx, nil, func(t *tx) error {
		return change(t, keys+id, func(k *store.Key) error { k.RetiredAt, k.ExpiresAt = retiredAt, expiresAt; return nil })
	})
}
