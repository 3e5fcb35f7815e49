package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/store"
)

const keyColumns = "id, key_use, algorithm, key_generation, sealed, public_key, created_at, active_at, retired_at, expires_at"

// CreateKey implements store.Store.
func (s *Store) CreateKey(ctx context.Context, k store.Key) error {
	if err := errors.Join(k.Check(), fits("key", column{k.ID, 128}, column{k.Use, 32}, column{k.Algorithm, 32})); err != nil {
		return err
	}
	return s.change(ctx, func(t tx) error {
		_, err := t.exec(ctx, insert("charter_keys", keyColumns, 1),
			k.ID, k.Use, k.Algorithm, k.Generation, sealed(k.Sealed), string(k.Public), micros(k.CreatedAt), micros(k.ActiveAt), micros(k.RetiredAt), micros(k.ExpiresAt))
		return err
	})
}

// Keys implements store.Store.
func (s *Store) Keys(ctx context.Context) (keys []store.Key, err error) {
	err = s.rows(ctx, `SELECT `+keyColumns+` FROM charter_keys ORDER BY key_use, algorithm, key_generation`, nil, func(row scanner) error {
		var k store.Key
		var private, public string
		var created, active, retired, expires int64
		err := row.Scan(&k.ID, &k.Use, &k.Algorithm, &k.Generation, &private, &public, &created, &active, &retired, &expires)
		if err != nil {
			return err
		}
		k.Public = document(public)
		k.CreatedAt, k.ActiveAt, k.RetiredAt, k.ExpiresAt = instant(created), instant(active), instant(retired), instant(expires)
		k.Sealed, err = unsealed(private)
		keys = append(keys, k)
		return err
	})
	return keys, err
}

// RetireKey implements store.Store.
func (s *Store) RetireKey(ctx context.Context, id string, retiredAt, expiresAt time.Time) error {
	if store.Text("key", id) != nil {
		return store.ErrNotFound
	}
	return s.change(ctx, func(t tx) error {
		return foundOr(t.exec(ctx, `UPDATE charter_keys SET retired_at = ?, expires_at = ? WHERE id = ?`, micros(retiredAt), micros(expiresAt), id))
	})
}
