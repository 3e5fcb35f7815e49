package protect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/charterauth/charter/impl/jose"
)

// How long the issuer's keys are used. A key that it withdrew is gone here after
// freshFor, or staleFor while the issuer cannot be reached.
const (
	freshFor     = 5 * time.Minute
	staleFor     = time.Hour
	forcedEvery  = 30 * time.Second // for key ids that are not there: anybody can make them up
	backOffAfter = 5 * time.Second  // a failure
)

// A keySet is the issuer's published keys (RFC 7517 §5), fetched when needed.
type keySet struct {
	url     string
	server  upstream
	now     func() time.Time
	flights singleflight.Group

	mu                            sync.Mutex // guards what follows
	keys                          []jose.PublicKey
	fetchedAt, failedAt, forcedAt time.Time
	lastErr                       error // of the last fetch; nil after a success
}

// key is a jose.Keys.
func (s *keySet) key(ctx context.Context, kid string) (jose.PublicKey, error) {
	keys, err := s.current(ctx)
	if err != nil {
		return jose.PublicKey{}, err
	}
	k, err := jose.StaticKeys(keys...)(ctx, kid)
	if !errors.Is(err, jose.ErrUnknownKey) {
		return k, err
	}
	// It may be newer than our copy.
	if keys, err = s.share(ctx, "unknown", s.refetch); err != nil {
		return jose.PublicKey{}, err
	}
	return jose.StaticKeys(keys...)(ctx, kid)
}

// current returns the keys, fetched anew when they are no longer fresh.
func (s *keySet) current(ctx context.Context) ([]jose.PublicKey, error) {
	s.mu.Lock()
	keys, age := s.keys, s.now().Sub(s.fetchedAt)
	s.mu.Unlock()
	if keys != nil && age < freshFor {
		return keys, nil
	}
	fresh, err := s.share(ctx, "old", s.renew)
	if err != nil && keys != nil && age < staleFor {
		return keys, nil
	}
	return fresh, err
}

// renew fetches unless that has just failed.
func (s *keySet) renew(ctx context.Context) ([]jose.PublicKey, error) {
	s.mu.Lock()
	keys, err, now := s.keys, s.lastErr, s.now()
	fresh := keys != nil && now.Sub(s.fetchedAt) < freshFor
	failed := err != nil && now.Sub(s.failedAt) < backOffAfter
	s.mu.Unlock()
	switch {
	case fresh: // by a flight that ended a moment ago
		return keys, nil
	case failed:
		return nil, err
	}
	return s.fetch(ctx)
}

// refetch fetches at most once in forcedEvery. In between, an id that is not
// there is unknown; when the last attempt failed, that cannot be told.
func (s *keySet) refetch(ctx context.Context) ([]jose.PublicKey, error) {
	s.mu.Lock()
	keys, err, now := s.keys, s.lastErr, s.now()
	recently := !s.forcedAt.IsZero() && now.Sub(s.forcedAt) < forcedEvery
	if !recently {
		s.forcedAt = now
	}
	s.mu.Unlock()
	if recently {
		return keys, err
	}
	return s.fetch(ctx)
}

// share lets concurrent callers wait for one fetch, which none of them can cancel.
func (s *keySet) share(ctx context.Context, name string, fetch func(context.Context) ([]jose.PublicKey, error)) ([]jose.PublicKey, error) {
	flight := s.flights.DoChan(name, func() (any, error) { return fetch(context.WithoutCancel(ctx)) })
	select {
	case r := <-flight:
		keys, _ := r.Val.([]jose.PublicKey)
		return keys, r.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *keySet) fetch(ctx context.Context) ([]jose.PublicKey, error) {
	r, err := http.NewRequest(http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	started := s.now()
	body, err := s.server.json(ctx, r)
	var keys []jose.PublicKey
	if err == nil {
		keys, err = jose.ParseJWKSet(body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failedAt, s.lastErr = started, fmt.Errorf("keys of the issuer: %w", err)
		return nil, s.lastErr
	}
	s.keys, s.fetchedAt, s.lastErr = keys, started, nil
	return keys, nil
}
