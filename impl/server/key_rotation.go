package server

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/jose/jwe"
	"github.com/charterauth/charter/impl/store"
)

// RotateKeys replaces every key. The new signing keys are published at once and
// sign after an hour, so that verifiers have seen them by then; the old ones stay
// published until their last token is dead. A new key to encrypt to takes the place
// of the old one after an hour, which goes on to open what was encrypted to it. A rotation that is already under way
// is left as it is.
func (s *Server) RotateKeys(ctx context.Context) error {
	set, err := s.keys.read(ctx)
	if err != nil {
		return err
	}
	now := s.now()
	for _, alg := range set.algorithms() {
		if err := s.keys.succeed(ctx, set, alg, now, now.Add(publishLead)); err != nil {
			return err
		}
	}
	return s.keys.settle(ctx)
}

// maintain starts the rotations that are due and finishes those that were left
// half done. Any number of processes may run it at once.
func (r *keyRing) maintain(ctx context.Context) error {
	set, err := r.read(ctx)
	if err != nil {
		return err
	}
	now := r.now()
	for _, alg := range set.algorithms() {
		newest := set.newest(alg)
		due := newest.ActiveAt.Add(r.lifetimes.SigningKey)
		if now.Before(due.Add(-publishLead)) {
			continue
		}
		// A server that slept through the date still publishes before use.
		if err := r.succeed(ctx, set, alg, now, later(due, now.Add(publishLead))); err != nil {
			return err
		}
	}
	return r.settle(ctx)
}

// createMissing makes the first key of each algorithm. It signs at once: there is
// no older one to bridge the time with.
func (r *keyRing) createMissing(ctx context.Context, set *keySet, algorithms ...string) error {
	now := r.now()
	for _, alg := range algorithms {
		if set.newest(alg) != nil {
			continue
		}
		// ErrConflict: another process was faster, and its key is read next.
		if err := r.create(ctx, alg, 1, now, now); err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return nil
}

// succeed creates the next generation, unless one already waits for its time.
func (r *keyRing) succeed(ctx context.Context, set *keySet, alg string, now, activeAt time.Time) error {
	newest := set.newest(alg)
	if newest == nil || now.Before(newest.ActiveAt) {
		return nil
	}
	err := r.create(ctx, alg, newest.Generation+1, now, activeAt)
	if errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}

// create makes and stores a key. ErrConflict of the store means that another
// process made this generation.
func (r *keyRing) create(ctx context.Context, alg string, generation int64, now, activeAt time.Time) error {
	id, private, public, err := generate(alg)
	if err != nil {
		return err
	}
	defer clear(private)
	return r.store.CreateKey(ctx, store.Key{
		ID: id, Use: useOf(alg), Algorithm: alg, Generation: generation,
		Sealed: r.kek.Seal(private, keyIdentity(id, alg)), Public: public,
		CreatedAt: now, ActiveAt: activeAt,
	})
}

// generate makes a key: its id, its private half in PKCS#8, and its public JWK.
func generate(alg string) (id string, private, public []byte, err error) {
	if useOf(alg) == encryptionKeyUse {
		opener, err := jwe.Generate(alg)
		if err != nil {
			return "", nil, nil, err
		}
		if public, err = opener.PublicJWK(); err != nil {
			return "", nil, nil, err
		}
		private, err = opener.MarshalPrivate()
		return opener.ID(), private, public, err
	}
	signer, err := jose.Generate(jose.Algorithm(alg))
	if err != nil {
		return "", nil, nil, err
	}
	if public, err = json.Marshal(signer.Public()); err != nil {
		return "", nil, nil, err
	}
	private, err = signer.MarshalPrivate()
	return signer.Public().ID(), private, public, err
}

// settle retires every key that has a successor. The times follow from the
// successor's alone, so it does not matter which process writes them, or how
// often.
func (r *keyRing) settle(ctx context.Context) error {
	set, err := r.read(ctx)
	if err != nil {
		return err
	}
	changed := false
	for i, k := range set.keys {
		if i+1 == len(set.keys) || set.keys[i+1].Algorithm != k.Algorithm {
			continue
		}
		retiredAt := set.keys[i+1].ActiveAt
		expiresAt := retiredAt.Add(keySetDeath + r.lifetimes.signed() + retireSlack)
		if k.opener != nil {
			expiresAt = retiredAt.Add(keySetDeath + publishLead + requestObjectLife + retireSlack)
		}
		if k.RetiredAt.Equal(retiredAt) && !k.ExpiresAt.Before(expiresAt) {
			continue
		}
		if err := r.store.RetireKey(ctx, k.ID, retiredAt, expiresAt); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		changed = true
	}
	if changed {
		_, err = r.read(ctx)
	}
	return err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
