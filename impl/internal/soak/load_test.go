package soak

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
)

// workers is how many clients are at work at the same time.
const workers = 16

// A load is what clients do, and how it went.
type load struct {
	fleet  *fleet.Fleet
	client *fleet.Client

	served atomic.Int64

	mu     sync.Mutex
	failed []string                   // what should not be; guarded by mu, as all below
	took   map[string][]time.Duration // by what was asked for; one of so many is kept
}

// run uses the server for d. Everybody signs in before, one after the other: a
// server that hashes as many passwords as it has processors for turns others away.
func (l *load) run(d time.Duration) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	start := make(chan struct{})
	var work sync.WaitGroup
	for i := range workers {
		via := l.fleet.Via(l.fleet.Processes[0])
		browser, err := l.fleet.Browser(i, via)
		if err == nil {
			_, err = browser.Code(l.client)
		}
		if err != nil {
			l.fail("sign-in", err.Error())
			continue
		}
		work.Go(func() {
			defer via.CloseIdleConnections()
			<-start
			for n := 0; ctx.Err() == nil; n++ {
				l.life(via, browser, n)
			}
		})
	}
	close(start)
	time.AfterFunc(d, stop)
	work.Wait()
}

// life is one sign-in and what follows from it.
func (l *load) life(via http.RoundTripper, browser *fleet.Browser, n int) {
	ctx, begin := context.Background(), time.Now()
	code, err := browser.Code(l.client)
	if err != nil {
		l.fail("authorization", err.Error())
		return
	}
	l.note("authorization and consent", begin)
	a := l.ask("code", func() fleet.Answer { return l.client.Redeem(ctx, via, code) })
	for range 4 {
		next := l.ask("refresh", func() fleet.Answer { return l.client.Renew(ctx, via, a.Refresh) })
		for _, token := range []string{a.Access, next.Access} {
			if seen := l.ask("introspection", func() fleet.Answer { return l.client.Introspect(ctx, via, token) }); !seen.Active {
				l.fail("introspection", "an acknowledged token is not active")
			}
		}
		l.ask("client credentials", func() fleet.Answer { return l.client.Own(ctx, via) })
		a = next
	}
	if n%2 == 0 {
		l.ask("revocation", func() fleet.Answer { return l.client.Revoke(ctx, via, a.Access) })
		if seen := l.ask("introspection", func() fleet.Answer { return l.client.Introspect(ctx, via, a.Access) }); seen.Active {
			l.fail("introspection", "a revoked token is active")
		}
	}
}

func (l *load) ask(what string, request func() fleet.Answer) fleet.Answer {
	begin := time.Now()
	a := request()
	l.note(what, begin)
	if a.Outcome != fleet.OK {
		l.fail(what, a.String())
	}
	return a
}

func (l *load) note(what string, begin time.Time) {
	took := time.Since(begin)
	if l.served.Add(1)%8 != 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took[what] = append(l.took[what], took)
}

func (l *load) fail(what, why string) {
	why = why[:min(len(why), 300)]
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = append(l.failed, what+": "+why)
}

// percentiles tells how long requests took.
func (l *load) percentiles() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for what, took := range l.took {
		slices.Sort(took)
		at := func(p float64) time.Duration { return took[int(p*float64(len(took)-1))].Round(10 * time.Microsecond) }
		lines = append(lines, fmt.Sprintf("%-26s p50 %v  p99 %v  most %v", what, at(0.5), at(0.99), at(1)))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
