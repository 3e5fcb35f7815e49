package servertest

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// Quiet is st for tests that say themselves when messages to clients are sent: the
// server's own look at the queue, which it takes whenever it likes, finds nothing.
func Quiet(st store.Store) store.Store { return quiet{st} }

type quiet struct{ store.Store }

type asking struct{}

// Asking marks ctx as the test's, to which a Quiet store shows its queue.
func Asking(ctx context.Context) context.Context { return context.WithValue(ctx, asking{}, true) }

func (q quiet) ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) ([]store.Delivery, error) {
	if ctx.Value(asking{}) == nil {
		return nil, nil
	}
	return q.Store.ClaimDeliveries(ctx, at, until, limit)
}

// DeliverNow sends what is due now, of a Quiet store, and returns how many attempts
// that took.
func (s *Server) DeliverNow() int {
	s.t.Helper()
	n, err := s.Deliver(Asking(s.t.Context()))
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// Events returns the events so far, in order.
func (s *Server) Events() []store.Event {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	return append([]store.Event(nil), s.events.list...)
}
