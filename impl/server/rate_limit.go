package server

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A rateLimit bounds how often one network may do something. It is a ceiling
// against floods, per process and forgotten at restart; what guards against
// guessing is counted in the store.
type rateLimit struct {
	perMinute int

	mu      sync.Mutex
	buckets map[netip.Addr]*rate.Limiter // guarded by mu
}

// maxBuckets bounds the memory of one limit to some megabytes. When it is
// reached the buckets that are full again, which say nothing, are dropped.
const maxBuckets = 1 << 15

func newRateLimit(perMinute int) *rateLimit {
	return &rateLimit{perMinute: perMinute, buckets: make(map[netip.Addr]*rate.Limiter)}
}

// allow takes one from the bucket of addr and reports whether there was one.
func (l *rateLimit) allow(addr netip.Addr, at time.Time) bool {
	if l.perMinute < 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bucket(network(addr), at).AllowN(at, 1)
}

// exhausted reports whether the bucket of addr is empty, taking nothing.
func (l *rateLimit) exhausted(addr netip.Addr, at time.Time) bool {
	if l.perMinute < 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[network(addr)]
	return ok && b.TokensAt(at) < 1
}

func (l *rateLimit) bucket(key netip.Addr, at time.Time) *rate.Limiter {
	b, ok := l.buckets[key]
	if !ok {
		if len(l.buckets) >= maxBuckets {
			l.drop(at)
		}
		b = rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
		l.buckets[key] = b
	}
	return b
}

func (l *rateLimit) drop(at time.Time) {
	for key, b := range l.buckets {
		if b.TokensAt(at) >= float64(l.perMinute) {
			delete(l.buckets, key)
		}
	}
	// A flood from this many networks at once is over the ceiling anyway.
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
}
