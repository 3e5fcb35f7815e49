package redisstore

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/charterauth/charter/impl/store"
)

var (
	createKey = script("create_key")
	retireKey = script("retire_key")
)

// CreateKey implements store.Store.
func (s *Store) CreateKey(ctx context.Context, k store.Key) error {
	if err := k.Check(); err != nil {
		return err
	}
	return s.change(ctx, createKey, keyRecord(k).args()...)
}

// Keys implements store.Store.
func (s *Store) Keys(ctx context.Context) ([]store.Key, error) {
	keys, err := readAll(ctx, s, fields.key, listRecords, "key", "", math.MaxInt32)
	slices.SortFunc(keys, func(a, b store.Key) int {
		return cmp.Or(cmp.Compare(a.Use, b.Use), cmp.Compare(a.Algorithm, b.Algorithm), cmp.Compare(a.Generation, b.Generation))
	})
	return keys, err
}

// RetireKey implements store.Store.
func (s *Store) RetireKey(ctx context.Context, id string, retiredAt, expiresAt time.Time) error {
	return s.change(ctx, retireKey, id, micros(retiredAt), micros(expiresAt))
}
