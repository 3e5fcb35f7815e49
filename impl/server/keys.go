package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/jose/jwe"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// A keyRing holds the keys that the store keeps: those that sign, and those that
// clients encrypt to. The state of a key follows from its times alone, so processes
// need not talk to each other: a key is published before any of them signs with
// it, and until the last token that any of them signed with it is dead. One to
// encrypt to is published while it is active, when every process has it, and opens
// messages until those who saw it then have made and sent theirs.
//
// Keys exist only for the algorithms that something needs; where every token is
// opaque and there are no ID Tokens and no request objects there is none, and the
// JWK Set is empty.
type keyRing struct {
	store     store.Store
	kek       *seal.KEK
	now       func() time.Time
	lifetimes Lifetimes

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
	signer *jose.Key       // of a key that signs
	opener *jwe.PrivateKey // of one that decrypts
}

// The uses of keys (RFC 7517 §4.2). An algorithm is of one of them alone.
const (
	signingKeyUse    = "sig"
	encryptionKeyUse = "enc"
)

// useOf returns what a key of alg is for.
func useOf(alg string) string {
	if slices.Contains(jwe.KeyTypes(), alg) {
		return encryptionKeyUse
	}
	return signingKeyUse
}

const (

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
	set, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.createMissing(ctx, set, algorithms...); err != nil {
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
		if k.Use != signingKeyUse && k.Use != encryptionKeyUse || k.Use != useOf(k.Algorithm) || expired(k.ExpiresAt, now) {
			continue
		}
		key, err := r.open(k)
		if err != nil {
			return nil, err
		}
		set.keys = append(set.keys, key)
	}
	r.current.Store(set)
	return set, nil
}

// open unseals a key. What is published is computed from the private part, so a
// changed row publishes nothing.
func (r *keyRing) open(k store.Key) (ringKey, error) {
	private, err := r.kek.Open(k.Sealed, keyIdentity(k.ID, k.Algorithm))
	if errors.Is(err, seal.ErrWrongKey) {
		return ringKey{}, fmt.Errorf("key %s was sealed under another key-encryption key than the configured one: %w", k.ID, err)
	}
	if err != nil {
		return ringKey{}, fmt.Errorf("key %s: %w", k.ID, err)
	}
	defer clear(private)
	opened := ringKey{Key: k}
	id := ""
	if k.Use == encryptionKeyUse {
		if opened.opener, err = jwe.ParsePrivateKey(k.Algorithm, private); err == nil {
			id = opened.opener.ID()
		}
	} else if opened.signer, err = jose.ParseKey(jose.Algorithm(k.Algorithm), private); err == nil {
		id = opened.signer.Public().ID()
	}
	switch {
	case err != nil:
		return ringKey{}, fmt.Errorf("key %s: %w", k.ID, err)
	case id != k.ID:
		return ringKey{}, fmt.Errorf("key %s: the stored id is not the key's thumbprint", k.ID)
	}
	return opened, nil
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
	return nil, fmt.Errorf("keys could not be read for %v: %w", keySetDeath, err)
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
	for _, alg := range algorithms {
		if err := r.createMissing(ctx, set, string(alg)); err != nil {
			return err
		}
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
func (s *keySet) algorithms() []string {
	var algorithms []string
	for _, k := range s.keys {
		if !slices.Contains(algorithms, k.Algorithm) {
			algorithms = append(algorithms, k.Algorithm)
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

// published returns the public keys that verify signatures now.
func (r *keyRing) published(ctx context.Context) ([]jose.PublicKey, error) {
	set, err := r.fresh(ctx, keySetLife)
	if err != nil {
		return nil, err
	}
	now := r.now()
	public := []jose.PublicKey{}
	for _, k := range set.keys {
		if k.signer != nil && !expired(k.ExpiresAt, now) {
			public = append(public, k.signer.Public())
		}
	}
	return public, nil
}

// expired reports whether a time that may be zero, for never, has come at at.
func expired(t, at time.Time) bool { return !t.IsZero() && !at.Before(t) }
