package storetest

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Each type below, and in planted_test.go, is a store with one planted bug: the reference with one verb
// done wrong, as real servers did it.

// readThenWrite looks whether the token is unspent, and then spends it with an
// UPDATE that does not look again.
type readThenWrite struct{ store.Store }

func (s readThenWrite) ConsumeToken(ctx context.Context, c store.Consumption) error {
	t, _, err := s.Token(ctx, c.Token)
	if err != nil {
		return err
	}
	if !t.ConsumedAt.IsZero() {
		return store.ErrConsumed
	}
	runtime.Gosched()
	err = s.Store.ConsumeToken(ctx, c)
	if errors.Is(err, store.ErrConsumed) {
		return s.Issue(ctx, nil, c.Successors...)
	}
	return err
}

// successorsFirst adds the successors and then finds out who won.
type successorsFirst struct{ store.Store }

func (s successorsFirst) ConsumeToken(ctx context.Context, c store.Consumption) error {
	if err := s.Issue(ctx, nil, c.Successors...); err != nil {
		return err
	}
	c.Successors = nil
	return s.Store.ConsumeToken(ctx, c)
}

// writesBack notes the use of a grant by writing the whole row that it read.
type writesBack struct {
	store.Store
	mu      *sync.Mutex
	revoked map[string]time.Time
}

func (s writesBack) read(id string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revoked[id]
}

func (s writesBack) write(id string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked[id] = at
}

func (s writesBack) RevokeGrants(_ context.Context, f store.GrantFilter, at time.Time) (int, error) {
	s.write(f.ID, at)
	return 1, nil
}

func (s writesBack) Token(ctx context.Context, d store.Digest) (store.Token, store.Grant, error) {
	t, g, err := s.Store.Token(ctx, d)
	g.RevokedAt = s.read(g.ID)
	return t, g, err
}

func (s writesBack) ConsumeToken(ctx context.Context, c store.Consumption) error {
	_, g, err := s.Token(ctx, c.Token)
	if err != nil || !g.RevokedAt.IsZero() {
		return cmp.Or(err, store.ErrNotFound)
	}
	runtime.Gosched()
	s.write(g.ID, g.RevokedAt)
	return s.Store.ConsumeToken(ctx, c)
}

// onceLater is the same mistake in the replay guard.
type onceLater struct {
	store.Store
	mu   *sync.Mutex
	seen map[string]bool
}

func (s onceLater) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[id]
}

func (s onceLater) Once(_ context.Context, scope, id string, _ time.Time) error {
	if s.has(scope + " " + id) {
		return store.ErrConsumed
	}
	runtime.Gosched()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[scope+" "+id] = true
	return nil
}

// lostUpdate counts by reading and writing.
type lostUpdate struct {
	store.Store
	mu     *sync.Mutex
	values map[string]int
}

func (s lostUpdate) Count(_ context.Context, _, id string, _, _ time.Time) (int, error) {
	s.mu.Lock()
	n := s.values[id] + 1
	s.mu.Unlock()
	runtime.Gosched()
	s.mu.Lock()
	s.values[id] = n
	s.mu.Unlock()
	return n, nil
}

// lookThenRegister finds no registration with the fingerprint and adds one.
type lookThenRegister struct{ store.Store }

func (s lookThenRegister) RegisterClient(ctx context.Context, c store.Client, since time.Time, tokens ...store.Token) (store.Client, error) {
	known, err := s.Clients(ctx, "", 1<<20)
	if err != nil {
		return store.Client{}, err
	}
	for _, k := range known {
		if k.Fingerprint == c.Fingerprint && !c.Fingerprint.IsZero() {
			return k, nil
		}
	}
	runtime.Gosched()
	fingerprint := c.Fingerprint
	c.Fingerprint = store.Digest{}
	if c, err = s.Store.RegisterClient(ctx, c, since, tokens...); err != nil {
		return c, err
	}
	c.Fingerprint = fingerprint
	if err := s.ReplaceClient(ctx, c); err != nil {
		return c, err
	}
	c.Revision++
	return c, nil
}

// lastWins replaces whatever the revision.
type lastWins struct{ store.Store }

func (s lastWins) ReplaceClient(ctx context.Context, c store.Client) error {
	for {
		known, err := s.Client(ctx, c.ID)
		if err != nil {
			return err
		}
		c.Revision = known.Revision
		if err := s.Store.ReplaceClient(ctx, c); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// answersEverybody adds the grant of a request that somebody else has answered.
type answersEverybody struct{ store.Store }

func (s answersEverybody) ConsumeToken(ctx context.Context, c store.Consumption) error {
	err := s.Store.ConsumeToken(ctx, c)
	if errors.Is(err, store.ErrConsumed) && c.Grant != nil {
		return s.Issue(ctx, c.Grant, c.Successors...)
	}
	return err
}

// claimsAnew leases what somebody else has leased.
type claimsAnew struct{ store.Store }

func (s claimsAnew) ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) ([]store.Delivery, error) {
	return s.Store.ClaimDeliveries(ctx, at.Add(2*time.Hour), until, limit)
}
