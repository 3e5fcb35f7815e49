package server

import (
	"context"

	"github.com/charterauth/charter/impl/jose/jwe"
)

// encryptionKeys returns the public halves that clients may encrypt to now: of
// each type the active one, so that nobody who reads the JWK Set anew encrypts to
// one that goes.
func (r *keyRing) encryptionKeys(ctx context.Context) ([]*jwe.PrivateKey, error) {
	set, err := r.fresh(ctx, keySetLife)
	if err != nil {
		return nil, err
	}
	var keys []*jwe.PrivateKey
	for _, alg := range set.algorithms() {
		if k := set.active(alg, r.now()); k != nil && k.opener != nil {
			keys = append(keys, k.opener)
		}
	}
	return keys, nil
}

// decrypt returns what somebody encrypted to this server. A key that another
// process has just made is looked for once. The error is jwe.ErrMessage, or that of
// the store.
func (r *keyRing) decrypt(ctx context.Context, s string) ([]byte, error) {
	message, err := jwe.ParseMessage(s)
	if err != nil {
		return nil, err
	}
	set, err := r.fresh(ctx, keySetDeath)
	if err != nil {
		return nil, err
	}
	keys := set.openersOf(message)
	if len(keys) == 0 {
		if set, err = r.fresh(ctx, keySetLife); err != nil {
			return nil, err
		}
		keys = set.openersOf(message)
	}
	for _, key := range keys {
		if plain, err := key.Decrypt(message); err == nil {
			return plain, nil
		}
	}
	return nil, jwe.ErrMessage
}

// openersOf returns the keys that a message may be for, newest first: one, if it
// names it. Those that have expired are not in the set for long.
func (s *keySet) openersOf(m jwe.Message) []*jwe.PrivateKey {
	var keys []*jwe.PrivateKey
	for i := len(s.keys) - 1; i >= 0; i-- {
		if k := s.keys[i].opener; k != nil && m.IsFor(k) {
			keys = append(keys, k)
		}
	}
	return keys
}
