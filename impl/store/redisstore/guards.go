package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/charterauth/charter/impl/store"
)

var (
	once  = script("once")
	count = script("count")
	sweep = script("sweep")
)

// scoped names a replay mark or a counter: as a digest, since its parts can be
// long and are nobody's business.
func scoped(scope, id string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s%s", len(scope), scope, id))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Once implements store.Store.
func (s *Store) Once(ctx context.Context, scope, id string, until time.Time) error {
	if err := store.Text("replay mark", scope, id); err != nil {
		return err
	}
	return s.change(ctx, once, scoped(scope, id), micros(until))
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, scope, id string, at, until time.Time) (int, error) {
	if err := store.Text("counter", scope, id); err != nil {
		return 0, err
	}
	return s.number(ctx, count, scoped(scope, id), micros(at), micros(until))
}

// Sweep implements store.Store. The engine does nothing else meanwhile, so limit
// bounds how long everybody waits: a thousand records take some milliseconds.
func (s *Store) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	if limit <= 0 || before.IsZero() {
		return 0, nil
	}
	return s.number(ctx, sweep, micros(before), limit)
}

// number runs a script that changes something and answers with a number.
func (s *Store) number(ctx context.Context, verb *redis.Script, args ...any) (int, error) {
	answer, err := s.write(ctx, verb, args...)
	if err != nil {
		return 0, err
	}
	n, ok := answer.(int64)
	if !ok {
		return 0, fmt.Errorf("%w: a script answered %T, not a number", store.ErrUnavailable, answer)
	}
	return int(n), nil
}
