package kvstore

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// CreateKey implements store.Store. There are few keys: it looks at all of them.
func (s *Store) CreateKey(ctx context.Context, k store.Key) error {
	return s.write(ctx, k.Check(), func(t Tx) error {
		all, err := keys.page(t, "", math.MaxInt)
		if slices.ContainsFunc(all, func(known store.Key) bool { return compareKeys(known, k) == 0 }) {
			return store.ErrConflict
		}
		return cmp.Or(err, keys.add(t, k))
	})
}

// Keys implements store.Store.
func (s *Store) Keys(ctx context.Context) (all []store.Key, err error) {
	err = s.read(ctx, func(t Tx) error { all, err = keys.page(t, "", math.MaxInt); return err })
	slices.SortFunc(all, compareKeys)
	return all, err
}

func compareKeys(a, b store.Key) int {
	return cmp.Or(cmp.Compare(a.Use, b.Use), cmp.Compare(a.Algorithm, b.Algorithm), cmp.Compare(a.Generation, b.Generation))
}

// RetireKey implements store.Store.
func (s *Store) RetireKey(ctx context.Context, id string, retiredAt, expiresAt time.Time) error {
	return s.write(ctx, nil, func(t Tx) error {
		return keys.change(t, id, func(k *store.Key) error { k.RetiredAt, k.ExpiresAt = retiredAt, expiresAt; return nil })
	})
}
