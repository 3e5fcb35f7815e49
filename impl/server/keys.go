package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// A keyRing holds the signing keys that the store keeps. The state of a key
// follows from its times alone, so processes need not talk to each other: a key
// is published before any of them signs with it, and until the last token that
// any of them signed with it is dead.
//
// Keys exist only for the algorithms that something needs; where every token is
// opaque and there are no ID Tokens there is none, and the JWK Set is empty.
type keyRing struct {
	store      store.Store
	kek        *seal.KEK
	now        func() time.Time
	lifetimes  Lifetimes
	algorithms []jose.Algorithm

	reading sync.Mutex // one read of the store at a time
	current atomic.Pointer[keySet]
}

// A keySet is what one read of the store told. It does not change.
type keySet struct {
	readAt time.Time
	keys   []ringKey // by algorithm and generation
}

type ringKey struct {
	store.Key
	signer *jose.Key
}

const (
	signingKeyUse = "sig"

	// keySetLife is how old a keySet may be that answers for the published keys.
	keySetLife = 15 * time.Second
	// keySetDeath is how old a keySet may be that signs. A process that cannot
	// read the store must stop before others count on it having heard of a
	// rotation; it could store no token anyway.
	keySetDeath = 5 * time.Minute
	// publishLead is how long a key is published before it signs: longer than
	// keySetDeath and than any verifier may cache our JWK Set (its max-age in
	// openapi.yaml).
	publishLead = time.Hour
	// retireSlack is how long a key stays published after its last token died,
	// for clocks that disagree.
	retireSlack = 10 * time.Minute
)

// newKeyRing reads the keys and makes those that are missing. A key that kek does
// not open is an error: a server that went on would make a second set of keys
// beside the first.
func newKeyRing(ctx context.Context, st store.Store, kek *seal.KEK, now func() time.Time, l Lifetimes, algorithms []string) (*keyRing, error) {
	r := &keyRing{store: st, kek: kek, now: now, lifetimes: l}
	for _, a := range algorithms {
		r.algorithms = append(r.algorithms, jose.Algorithm(a))
	}
	set, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.createMissing(ctx, set, r.algorithms...); err != nil {
		return nil, err
	}
	return r, r.maintain(ctx)
}

// read replaces the current set by what the store holds now.
func (r *keyRing) read(ctx context.Context) (*keySet, error) {
	r.reading.Lock()
	defer r.reading.Unlock()
	now := r.now()
	stored, err := r.store.Keys(ctx)
	if err != nil {
		return nil, err
	}
	set := &keySet{readAt: now}
	for _, k := range stored {
		if k.Use != signingKeyUse || expired(k.ExpiresAt, now) {
			continue
		}
		signer, err := r.open(k)
		if err != nil {
			return nil, err
		}
		set.keys = append(set.keys, ringKey{k, signer})
	}
	r.current.Store(set)
	return set, nil
}

// open unseals a key. What is published is computed from the private part, so a
// changed row publishes nothing.
func (r *keyRing) open(k store.Key) (*jose.Key, error) {
	private, err := r.kek.Open(k.Sealed, keyIdentity(k.ID, k.Algorithm))
	if errors.Is(err, seal.ErrWrongKey) {
		return nil, fmt.Errorf("signing key %s was sealed under another key-encryption key than the configured one: %w", k.ID, err)
	}
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
	}
	defer clear(private)
	signer, err := jose.ParseKey(jose.Algorithm(k.Algorithm), private)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
	}
	if signer.Public().ID() != k.ID {
		return nil, fmt.Errorf("signing key %s: the stored id is not the key's thumbprint", k.ID)
	}
	return signer, nil
}

// keyIdentity ties a sealed key to its row.
func keyIdentity(id, algorithm string) []byte { return seal.Identity("key", id, algorithm) }

// fresh returns a set that is at most age old, reading it again when it must.
// What fails then is told only when there is no younger set than keySetDeath.
func (r *keyRing) fresh(ctx context.Context, age time.Duration) (*keySet, error) {
	set, now := r.current.Load(), r.now()
	if now.Sub(set.readAt) <= age {
		return set, nil
	}
	renewed, err := r.read(ctx)
	if err == nil {
		return renewed, nil
	}
	if now.Sub(set.readAt) <= keySetDeath {
		return set, nil
	}
	return nil, fmt.Errorf("signing keys could not be read for %v: %w", keySetDeath, err)
}

// sign returns claims as a JWT of header typ, signed by the active key of alg.
func (r *keyRing) sign(ctx context.Context, alg, typ string, claims any) (string, error) {
	set, err := r.fresh(ctx, keySetDeath)
	if err != nil {
		return "", err
	}
	key := set.active(alg, r.now())
	if key == nil {
		return "", fmt.Errorf("no active signing key for %s", alg)
	}
	return key.signer.Sign(typ, claims)
}

// ensure makes the first key of each algorithm that a client registered, where
// there is none. It is asked for when somebody is about to sign in, so that the key is
// published before it signs.
func (r *keyRing) ensure(ctx context.Context, algorithms ...jose.Algorithm) error {
	known := r.current.Load()
	if !slices.ContainsFunc(algorithms, func(alg jose.Algorithm) bool { return known.newest(string(alg)) == nil }) {
		return nil
	}
	set, err := r.read(ctx)
	if err != nil {
		return err
	}
	if err := r.createMissing(ctx, set, algorithms...); err != nil {
		return err
	}
	_, err = r.read(ctx)
	return err
}

// active returns the key of alg that signs at at: the newest of those whose time
// has come. Where none's has, the clock is behind that of the process which made
// the first one, as it may be by a moment: then that one signs.
func (s *keySet) active(alg string, at time.Time) *ringKey {
	var first *ringKey
	for i := len(s.keys) - 1; i >= 0; i-- {
		k := &s.keys[i]
		if k.Algorithm != alg {
			continue
		}
		if !at.Before(k.ActiveAt) && !expired(k.RetiredAt, at) {
			return k
		}
		first = k
	}
	if first != nil && at.Before(first.ActiveAt) {
		return first
	}
	return nil
}

// algorithms are those that have a key, each once. They are rotated whether this
// process needs them or not: another, or a client, may.
func (s *keySet) algorithms() []jose.Algorithm {
	var algorithms []jose.Algorithm
	for _, k := range s.keys {
		if alg := jose.Algorithm(k.Algorithm); !slices.Contains(algorithms, alg) {
			algorithms = append(algorithms, alg)
		}
	}
	return algorithms
}

// newest returns the key of alg with the highest generation, active or not.
func (s *keySet) newest(alg string) *ringKey {
	for i := len(s.keys) - 1; i >= 0; i-- {
		if s.keys[i].Algorithm == alg {
			return &s.keys[i]
		}
	}
	return nil
}

// published returns the public keys that verifiers need now.
func (r *keyRing) published(ctx context.Context) ([]jose.PublicKey, error) {
	set, err := r.fresh(ctx, keySetLife)
	if err != nil {
		return nil, err
	}
	now := r.now()
	public := []jose.PublicKey{}
	for _, k := range set.keys {
		if !expired(k.ExpiresAt, now) {
			public = append(public, k.signer.Public())
		}
	}
	return public, nil
}

// create makes and stores a key. ErrConflict of the store means that another
// process made this generation.
func (r *keyRing) create(ctx context.Context, alg jose.Algorithm, generation int64, now, activeAt time.Time) error {
	signer, err := jose.Generate(alg)
	if err != nil {
		return err
	}
	private, err := signer.MarshalPrivate()
	if err != nil {
		return err
	}
	defer clear(private)
	public, err := json.Marshal(signer.Public())
	if err != nil {
		return err
	}
	id := signer.Public().ID()
	return r.store.CreateKey(ctx, store.Key{
		ID: id, Use: signingKeyUse, Algorithm: string(alg), Generation: generation,
		Sealed: r.kek.Seal(private, keyIdentity(id, string(alg))), Public: public,
		CreatedAt: now, ActiveAt: activeAt,
	})
}

// expired reports whether a time that may be zero, for never, has come at at.
func expired(t, at time.Time) bool { return !t.IsZero() && !at.Before(t) }
