package server

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charterauth/charter/impl/fetch"
	"github.com/charterauth/charter/impl/store"
)

const (
	// deliveryPoll is between two looks at the queue of a process that nobody wakes:
	// what another one put down, and what is tried again.
	deliveryPoll = 5 * time.Second
	// deliveriesAtOnce bounds what one process has under way; package fetch bounds
	// how much of it is at one host.
	deliveriesAtOnce = 32
	// attemptTimeout bounds one attempt, with all that it has to fetch.
	attemptTimeout = 20 * time.Second
	// deliveryLease is how long nobody else tries: after it a process that was killed
	// in the middle has lost what it had taken. Longer than an attempt.
	deliveryLease = 30 * time.Second
	// The pause after a failure is the first of these, and three times as long after
	// each further one, up to the second (Back-Channel Logout §2.5).
	firstPause, longestPause = 5 * time.Second, time.Hour
)

// DeliveryCounts say what became of the messages that this Server sent to clients,
// since it was made. They only grow.
type DeliveryCounts struct {
	Delivered int64 // arrived, and were taken
	Refused   int64 // the client said no, or there is nobody to tell
	GivenUp   int64 // could not be handed over for a day
	Retried   int64 // attempts that failed and are made again
}

// deliveries is the part of a Server that empties the queue.
type deliveries struct {
	wake   chan struct{} // holds one: look at the queue now
	places chan struct{} // one for each attempt under way

	delivered, refused, givenUp, retried atomic.Int64
}

func newDeliveries() deliveries {
	return deliveries{wake: make(chan struct{}, 1), places: make(chan struct{}, deliveriesAtOnce)}
}

// Deliveries returns the counts, for metrics. Every replica delivers: what one does
// not count another may have.
func (s *Server) Deliveries() DeliveryCounts {
	d := &s.deliveries
	return DeliveryCounts{d.delivered.Load(), d.refused.Load(), d.givenUp.Load(), d.retried.Load()}
}

// lookNow makes this process look at the queue without waiting for its next turn.
func (d *deliveries) lookNow() {
	select {
	case d.wake <- struct{}{}:
	default: // it will
	}
}

// deliverAlways hands over what is due, from New until Close. No request waits for
// it, and none of it waits for another: a client that hangs has its own places.
func (s *Server) deliverAlways(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.deliveries.wake:
		case <-time.After(deliveryPoll):
		}
		if _, err := s.startDue(ctx, &running); err != nil && ctx.Err() == nil {
			s.logger().LogAttrs(ctx, slog.LevelWarn, "the queue of deliveries cannot be read", slog.Any("error", err))
		}
	}
}

// Deliver hands over every message to clients that is due, and returns how many
// attempts it made. It is safe on every replica at once, and runs by itself as soon
// as this Server ends a session, and every five seconds; call it to have it done at
// a certain time, as in tests or before a process ends.
func (s *Server) Deliver(ctx context.Context) (attempts int, err error) {
	var running sync.WaitGroup
	defer running.Wait()
	return s.startDue(ctx, &running)
}

// startDue claims what is due, no more than there are places for, and starts an
// attempt at each.
func (s *Server) startDue(ctx context.Context, running *sync.WaitGroup) (started int, err error) {
	for {
		places := s.deliveries.take(ctx)
		if places == 0 {
			return started, ctx.Err()
		}
		now := s.now()
		due, err := s.store.ClaimDeliveries(ctx, now, now.Add(deliveryLease), places)
		s.deliveries.giveBack(places - len(due))
		for _, d := range due {
			running.Go(func() {
				defer s.deliveries.giveBack(1)
				s.attempt(ctx, d)
			})
		}
		started += len(due)
		if err != nil || len(due) < places {
			return started, err
		}
	}
}

// take waits for one place and returns it with those that are free beside it; none
// when ctx ends.
func (d *deliveries) take(ctx context.Context) (places int) {
	select {
	case d.places <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for places = 1; places < deliveriesAtOnce; places++ {
		select {
		case d.places <- struct{}{}:
		default:
			return places
		}
	}
	return places
}

func (d *deliveries) giveBack(places int) {
	for range places {
		<-d.places
	}
}

// A refusedDelivery is the error of a delivery that is not made again.
type refusedDelivery struct {
	reason string // a slug, for the audit trail
	status int    // of HTTP, if that is why
	said   string // the client's error code; "" without
}

func (r *refusedDelivery) Error() string {
	return fmt.Sprintf("refused: %s %d %s", r.reason, r.status, r.said)
}

// errNotWanted ends a delivery that the client no longer asks for.
var errNotWanted = errors.New("the client is not told")

// errOtherIssuer puts a delivery off: a server of the issuer has to come by it.
var errOtherIssuer = errors.New("it is of another issuer over this store")

// attempt makes one attempt at a delivery and settles what becomes of it.
func (s *Server) attempt(ctx context.Context, d store.Delivery) {
	limited, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	var p deliveryPayload
	err := json.Unmarshal(d.Payload, &p)
	switch {
	case err != nil:
	case p.Closing != nil:
		err = p.Closing.carryOut(limited, s.store, s.now(), d.ID)
		if err == nil {
			s.deliveries.lookNow() // it may have found clients to tell
			err = errNotWanted     // and itself told none
		}
	case p.Logout != nil && p.Logout.Issuer != "" && p.Logout.Issuer != s.issuer.identifier:
		err = errOtherIssuer
	case p.Logout != nil:
		err = s.sendLogout(limited, d, *p.Logout)
	default:
		err = errors.New("nothing that this version delivers")
	}
	// What happened has happened, also when the server is told to stop meanwhile.
	settled, done := context.WithTimeout(context.WithoutCancel(ctx), attemptTimeout)
	defer done()
	if err != nil && ctx.Err() != nil {
		err = s.store.FinishDelivery(settled, d.ID, d.Attempts, s.now()) // for another replica, at once
	} else {
		err = s.settle(settled, d, p, err)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrConflict) {
		s.logger().LogAttrs(ctx, slog.LevelWarn, "a delivery could not be settled; it is made again", slog.String("client_id", d.ClientID), slog.Any("error", err))
	}
}

// settle ends a delivery, or puts it off. It leaves the queue before it is told of:
// a crash in between costs a line of the audit trail, not a second message.
func (s *Server) settle(ctx context.Context, d store.Delivery, p deliveryPayload, failure error) error {
	refused, final := errors.AsType[*refusedDelivery](failure)
	next := s.now().Add(pauseAfter(d.Attempts, failure))
	var reason string
	var count *atomic.Int64
	switch {
	case failure == nil:
		reason, count = "backchannel_logout_delivered", &s.deliveries.delivered
	case failure == errNotWanted:
		return s.store.FinishDelivery(ctx, d.ID, d.Attempts, time.Time{})
	case final:
		reason, count = "backchannel_logout_refused", &s.deliveries.refused
	case next.After(d.CreatedAt.Add(logoutLifetime)) && p.Closing != nil:
		reason, count = "session_closing_given_up", &s.deliveries.givenUp
	case next.After(d.CreatedAt.Add(logoutLifetime)):
		reason, count = "backchannel_logout_given_up", &s.deliveries.givenUp
	default:
		s.deliveries.retried.Add(1)
		s.logRetry(ctx, d, failure, next)
		return s.store.FinishDelivery(ctx, d.ID, d.Attempts, next)
	}
	if err := s.store.FinishDelivery(ctx, d.ID, d.Attempts, time.Time{}); err != nil {
		return err
	}
	count.Add(1)
	e := store.Event{Reason: reason, ClientID: d.ClientID}
	detail := deliveryDetail{Attempts: d.Attempts}
	if p.Logout != nil {
		e.Subject, detail.SessionID = p.Logout.Subject, p.Logout.SessionID
	}
	if refused != nil {
		detail.Why, detail.Status, detail.Error = refused.reason, refused.status, refused.said
	}
	var err error
	e.Detail, err = json.Marshal(detail)
	s.emit(ctx, e)
	return err
}

// deliveryDetail is store.Event.Detail of the end of a delivery.
type deliveryDetail struct {
	SessionID string `json:"sid,omitempty"`
	Attempts  int64  `json:"attempts"`
	Why       string `json:"why,omitempty"`
	Status    int    `json:"status,omitempty"`
	Error     string `json:"error,omitempty"`
}

// pauseAfter returns how long to wait after so many attempts, a part of it by
// chance, so that what failed together does not come back together. Where the client
// had no part in it, since we held it back or it is not ours, it is a minute at most.
func pauseAfter(attempts int64, failure error) time.Duration {
	longest := longestPause
	if held, ok := errors.AsType[*fetch.Error](failure); ok && held.Reason == "budget" || failure == errOtherIssuer {
		longest = time.Minute
	}
	pause := firstPause
	for i := int64(1); i < attempts && pause < longest; i++ {
		pause *= 3
	}
	pause = min(pause, longest)
	var chance [2]byte
	rand.Read(chance[:])
	return pause + pause/4*time.Duration(binary.BigEndian.Uint16(chance[:]))/(1<<16)
}

func (s *Server) logRetry(ctx context.Context, d store.Delivery, failure error, next time.Time) {
	attributes := []slog.Attr{slog.String("client_id", d.ClientID), slog.Int64("attempts", d.Attempts), slog.Time("next", next), slog.Any("error", failure)}
	if e, ok := errors.AsType[*fetch.Error](failure); ok {
		attributes = append(attributes, slog.String("why", e.Reason), slog.Any("cause", e.Unwrap()))
	}
	s.logger().LogAttrs(ctx, slog.LevelInfo, "a delivery failed; it is made again", attributes...)
}
