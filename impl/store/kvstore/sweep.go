package kvstore

import (
	"context"
	"time"
)

// Sweep implements store.Store.
func (s *Store) Sweep(ctx context.Context, before time.Time, limit int) (removed int, err error) {
	if limit <= 0 || before.IsZero() {
		return 0, nil
	}
	err = s.write(ctx, nil, func(t Tx) error {
		w := &sweeping{t, before, limit}
		// Tokens go before what they belong to, so that none outlives it.
		for _, step := range []func() error{
			func() error { return drop(w, tokens) },
			func() error { return dropWithTokens(w, grants, "tokens of grant") },
			func() error { return dropWithTokens(w, clients, "tokens of client") },
			func() error { return drop(w, sessions) },
			func() error { return drop(w, keys) },
			func() error { return drop(w, deliveries) },
			func() error { return drop(w, marks) },
			func() error { return drop(w, counters) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		removed = limit - w.left
		return nil
	})
	return removed, err
}

// A sweeping removes what is over at before, at most left records more.
type sweeping struct {
	Tx
	before time.Time
	left   int
}

// remove removes records by their identifiers.
func remove[T any](w *sweeping, b table[T], ids []string) error {
	for _, id := range ids {
		if err := b.remove(w, id); err != nil {
			return err
		}
		w.left--
	}
	return nil
}

func drop[T any](w *sweeping, b table[T]) error {
	ids, err := b.over(w, w.before, w.left)
	if err != nil {
		return err
	}
	return remove(w, b, ids)
}

// dropWithTokens removes records that are over, each after its tokens.
func dropWithTokens[T any](w *sweeping, b table[T], owned string) error {
	ids, err := b.over(w, w.before, w.left)
	for _, id := range ids {
		own, err := found(w, entry(owned, id), "", w.left)
		if err != nil {
			return err
		}
		if err := remove(w, tokens, own); err != nil || w.left == 0 {
			return err
		}
		if err := remove(w, b, []string{id}); err != nil {
			return err
		}
	}
	return err
}
