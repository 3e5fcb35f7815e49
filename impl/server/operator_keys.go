package server

import (
	"context"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// ErrNoKeys: the store has no key. Keys are made by the first server that signs
// tokens or takes request objects.
var ErrNoKeys = errors.New("server: there are no keys")

// RotateStoredKeys is RotateKeys beside any running server: every algorithm that
// has a key gets the next one. The times are those of default Lifetimes; a server
// with longer ones puts them right within a minute. The errors are ErrNoKeys, a
// key that kek does not open, and the store's.
func RotateStoredKeys(ctx context.Context, st store.Store, kek *seal.KEK, now func() time.Time) error {
	r := &keyRing{
		store: st, kek: kek, lifetimes: Config{}.withDefaults().Lifetimes,
		now: func() time.Time { return now().UTC().Truncate(time.Microsecond) },
	}
	set, err := r.read(ctx)
	if err != nil {
		return err
	}
	if len(set.keys) == 0 {
		return ErrNoKeys
	}
	at := r.now()
	for _, alg := range set.algorithms() {
		if err := r.succeed(ctx, set, alg, at, at.Add(publishLead)); err != nil {
			return err
		}
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	recordOperator(ctx, st, at, store.Event{Reason: "keys_rotated_by_operator"})
	return nil
}

// KeyState says what a key does at a time: next (published, does not sign yet),
// active, retired (published, signs no more) or expired. A key to encrypt to is
// published while it is active, and opens messages in every state but expired.
func KeyState(k store.Key, at time.Time) string {
	switch {
	case expired(k.ExpiresAt, at):
		return "expired"
	case expired(k.RetiredAt, at):
		return "retired"
	case at.Before(k.ActiveAt):
		return "next"
	}
	return "active"
}
