package fetch

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits are what strangers can make us send, all of them together and to one
// host. Who is over it is refused at once rather than queued.
type limits struct {
	perHost      rate.Limit // requests per second
	perHostBurst int
	overall      rate.Limit
	overallBurst int
	atOnce       int
	atOnceHost   int
}

var (
	// forDocuments: one is kept for a while, so a host is seldom asked.
	forDocuments = limits{perHost: 1, perHostBurst: 5, overall: 20, overallBurst: 40, atOnce: 16, atOnceHost: 2}
	// forMessages: each is sent once, and many clients may be at one host. One that
	// does not answer keeps no more than atOnceHost of the places.
	forMessages = limits{perHost: 20, perHostBurst: 40, overall: 200, overallBurst: 400, atOnce: 32, atOnceHost: 4}
)

const (
	backOffFor = 5 * time.Second // before a URL that failed is tried again
	maxTracked = 4096            // hosts, and URLs that failed
)

// budget limits requests by rate and number. What is forgotten because there is
// too much to track is still held by the overall limit.
type budget struct {
	limits
	mu      sync.Mutex // guards what follows
	all     *rate.Limiter
	running int
	hosts   map[string]*host
	failed  map[string]time.Time // when a URL may be tried again
}

type host struct {
	rate    *rate.Limiter
	running int
}

func newBudget(l limits) *budget {
	return &budget{limits: l, all: rate.NewLimiter(l.overall, l.overallBurst), hosts: map[string]*host{}, failed: map[string]time.Time{}}
}

// take returns how to give the place back, or an *Error.
func (b *budget) take(t target, now time.Time) (release func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until, found := b.failed[t.url]; found {
		if now.Before(until) && until.Sub(now) <= backOffFor {
			return nil, &Error{Reason: "backoff"}
		}
		delete(b.failed, t.url)
	}
	// The overall limits come first: beyond them nothing is looked up or tracked.
	if b.running >= b.atOnce || b.all.TokensAt(now) < 1 {
		return nil, &Error{Reason: "budget"}
	}
	h := b.host(t.host, now)
	if h.running >= b.atOnceHost || !h.rate.AllowN(now, 1) || !b.all.AllowN(now, 1) {
		return nil, &Error{Reason: "budget"}
	}
	b.running++
	h.running++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.running--
		h.running--
	}, nil
}

// host returns the host's state; idle ones whose allowance is whole again are
// forgotten when there are too many.
func (b *budget) host(name string, now time.Time) *host {
	if h, found := b.hosts[name]; found {
		return h
	}
	if len(b.hosts) >= maxTracked {
		for n, h := range b.hosts {
			if h.running == 0 && h.rate.TokensAt(now) >= float64(b.perHostBurst) {
				delete(b.hosts, n)
			}
		}
	}
	h := &host{rate: rate.NewLimiter(b.perHost, b.perHostBurst)}
	if len(b.hosts) < maxTracked {
		b.hosts[name] = h
	}
	return h
}

// backOff holds the next request for a URL back. Nothing of the failure is kept:
// this is a rate limit, not a cached error.
func (b *budget) backOff(url string, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.failed) >= maxTracked {
		for u, until := range b.failed {
			if !now.Before(until) {
				delete(b.failed, u)
			}
		}
	}
	if len(b.failed) < maxTracked {
		b.failed[url] = now.Add(backOffFor)
	}
}
