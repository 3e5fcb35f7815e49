package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// enqueuesOneByOne adds what it can before it meets what it cannot.
type enqueuesOneByOne struct{ store.Store }

func (s enqueuesOneByOne) Enqueue(ctx context.Context, deliveries ...store.Delivery) error {
	for _, d := range deliveries {
		if err := s.Store.Enqueue(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// claimsExpired does not look at when a delivery expires.
type claimsExpired struct {
	store.Store
	mu      *sync.Mutex
	expires map[string]time.Time
}

func (s claimsExpired) Enqueue(ctx context.Context, deliveries ...store.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var kept []store.Delivery
	for _, d := range deliveries {
		s.expires[d.ID] = d.ExpiresAt
		d.ExpiresAt = time.Time{}
		kept = append(kept, d)
	}
	return s.Store.Enqueue(ctx, kept...)
}

func (s claimsExpired) ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) ([]store.Delivery, error) {
	list, err := s.Store.ClaimDeliveries(ctx, at, until, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range list {
		list[i].ExpiresAt = s.expires[list[i].ID]
	}
	return list, err
}

// finishesForOthers does not ask who has the lease.
type finishesForOthers struct{ store.Store }

func (s finishesForOthers) FinishDelivery(ctx context.Context, id string, attempts int64, next time.Time) error {
	err := s.Store.FinishDelivery(ctx, id, attempts, next)
	for n := attempts + 1; errors.Is(err, store.ErrConflict) && n < attempts+5; n++ {
		err = s.Store.FinishDelivery(ctx, id, n, next)
	}
	return err
}

// finishesNothing keeps what is done, as long as nobody else asks.
type finishesNothing struct{ store.Store }

func (s finishesNothing) FinishDelivery(ctx context.Context, id string, attempts int64, next time.Time) error {
	if next.IsZero() {
		return nil
	}
	return s.Store.FinishDelivery(ctx, id, attempts, next)
}

// leasesNothing hands out what is due and leaves it due.
type leasesNothing struct{ store.Store }

func (s leasesNothing) ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) ([]store.Delivery, error) {
	list, err := s.Store.ClaimDeliveries(ctx, at, at, limit)
	for i := range list {
		list[i].NextAt = until
	}
	return list, err
}

// forgetsAttempts answers with what was read before it was leased.
type forgetsAttempts struct{ store.Store }

func (s forgetsAttempts) ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) ([]store.Delivery, error) {
	list, err := s.Store.ClaimDeliveries(ctx, at, until, limit)
	for i := range list {
		list[i].Attempts--
	}
	return list, err
}

// leasesAll does not know limits.
type leasesAll struct{ store.Store }

func (s leasesAll) ClaimDeliveries(ctx context.Context, at, until time.Time, _ int) ([]store.Delivery, error) {
	return s.Store.ClaimDeliveries(ctx, at, until, 1<<20)
}

// sharesPayload keeps the bytes that it was given.
type sharesPayload struct {
	store.Store
	mu       *sync.Mutex
	payloads map[string][]byte
}

func (s sharesPayload) Enqueue(ctx context.Context, deliveries ...store.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range deliveries {
		s.payloads[d.ID] = d.Payload
	}
	return s.Store.Enqueue(ctx, deliveries...)
}

func (s sharesPayload) ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) ([]store.Delivery, error) {
	list, err := s.Store.ClaimDeliveries(ctx, at, until, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range list {
		list[i].Payload = s.payloads[list[i].ID]
	}
	return list, err
}

// dueByItsOwnClock asks what time it is.
type dueByItsOwnClock struct{ store.Store }

func (s dueByItsOwnClock) ClaimDeliveries(ctx context.Context, _, until time.Time, limit int) ([]store.Delivery, error) {
	return s.Store.ClaimDeliveries(ctx, time.Now(), until, limit)
}

// countsByItsOwnClock does too.
type countsByItsOwnClock struct{ store.Store }

func (s countsByItsOwnClock) Count(ctx context.Context, scope, id string, _, until time.Time) (int, error) {
	return s.Store.Count(ctx, scope, id, time.Now(), until)
}

// startsAgainWhenSetBack takes an earlier time for a later window.
type startsAgainWhenSetBack struct {
	store.Store
	mu   *sync.Mutex
	last map[string]time.Time
}

func (s startsAgainWhenSetBack) Count(ctx context.Context, scope, id string, at, until time.Time) (int, error) {
	s.mu.Lock()
	back := at.Before(s.last[id])
	s.last[id] = at
	s.mu.Unlock()
	if back {
		id += "again"
	}
	return s.Store.Count(ctx, scope, id, at, until)
}

// revokesAgain moves the time of a revocation.
type revokesAgain struct{ store.Store }

func (s revokesAgain) Token(ctx context.Context, d store.Digest) (store.Token, store.Grant, error) {
	t, g, err := s.Store.Token(ctx, d)
	if !g.RevokedAt.IsZero() {
		g.RevokedAt = g.RevokedAt.Add(-time.Hour)
	}
	return t, g, err
}
