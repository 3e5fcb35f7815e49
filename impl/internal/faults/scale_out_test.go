package faults

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/pgtest"
)

// turns sends each request to the next process.
type turns struct {
	to   []http.RoundTripper
	next atomic.Int64
}

func inTurns(f *fleet.Fleet) *turns {
	var s turns
	for _, p := range f.Processes {
		s.to = append(s.to, f.Via(p))
	}
	return &s
}

func (s *turns) RoundTrip(r *http.Request) (*http.Response, error) {
	return s.to[int(s.next.Add(1))%len(s.to)].RoundTrip(r)
}

func threeProcesses(t *testing.T, flags ...string) (*fleet.Fleet, *pgtest.Cluster) {
	t.Helper()
	db := pgtest.Start(t)
	return fleet.Start(t, fleet.Options{Store: db.URL(""), Processes: 3, Flags: flags}), db
}

// Every request of a flow goes to another process than the one before, and finds
// what the one before has written.
func TestFlowOverThreeProcesses(t *testing.T) {
	f, db := threeProcesses(t)
	via, ctx := inTurns(f), context.Background()
	rs, c := f.ResourceServer(), f.Client()
	browser, err := f.Browser(0, via)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		code, err := browser.Code(c)
		if err != nil {
			t.Fatal(err)
		}
		a := c.Redeem(ctx, via, code).Must(t, "code")
		for range 5 {
			next := c.Renew(ctx, via, a.Refresh).Must(t, "refresh")
			for _, token := range []string{a.Access, next.Access} {
				if !rs.Introspect(ctx, via, token).Must(t, "introspection").Active {
					t.Fatal("a process does not know what another has issued")
				}
			}
			a = next
		}
		c.Revoke(ctx, via, a.Access).Must(t, "revocation")
		for range f.Processes {
			if rs.Introspect(ctx, via, a.Access).Must(t, "introspection").Active {
				t.Fatal("a process does not know what another has revoked")
			}
		}
		if again := c.Redeem(ctx, via, code); again.Outcome != fleet.Refused {
			t.Fatalf("a spent code: %v", again)
		}
	}
	if n := db.Connections(); n > len(f.Processes)*16+1 {
		t.Errorf("%d connections to the database; a process takes 16 at most", n)
	}
}

// 32 racers for one code, over three processes: one wins, and since another had
// the code, its tokens end (RFC 6749 §4.1.2). 32 for one refresh token share one
// successor.
func TestRaceOverThreeProcesses(t *testing.T) {
	f, _ := threeProcesses(t)
	via, ctx := inTurns(f), context.Background()
	rs, c := f.ResourceServer(), f.Client()
	browser, err := f.Browser(0, via)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		code, err := browser.Code(c)
		if err != nil {
			t.Fatal(err)
		}
		won := oneWinner(t, race(32, func() fleet.Answer { return c.Redeem(ctx, via, code) }))
		if rs.Introspect(ctx, via, won.Access).Must(t, "introspection").Active {
			t.Fatal("the code came 32 times, and its tokens live")
		}
		if code, err = browser.Code(c); err != nil {
			t.Fatal(err)
		}
		first := c.Redeem(ctx, via, code).Must(t, "code")
		racers := race(32, func() fleet.Answer { return c.Renew(ctx, via, first.Refresh) })
		for _, a := range racers {
			if a.Must(t, "racing refresh").Refresh != racers[0].Refresh || a.Access != racers[0].Access || a.Refresh == "" {
				t.Fatalf("two chains: %v and %v", a, racers[0])
			}
		}
		c.Renew(ctx, via, racers[0].Refresh).Must(t, "the successor")
	}
}

func race(n int, call func() fleet.Answer) []fleet.Answer {
	var work sync.WaitGroup
	start, answers := make(chan struct{}), make([]fleet.Answer, n)
	for i := range answers {
		work.Go(func() { <-start; answers[i] = call() })
	}
	close(start)
	work.Wait()
	return answers
}

func oneWinner(t *testing.T, answers []fleet.Answer) fleet.Answer {
	t.Helper()
	var won []fleet.Answer
	for _, a := range answers {
		switch {
		case a.Outcome == fleet.OK:
			won = append(won, a)
		case a.Outcome != fleet.Refused || a.Code != "invalid_grant":
			t.Fatalf("a loser got %v", a)
		}
	}
	if len(won) != 1 {
		t.Fatalf("%d winners", len(won))
	}
	return won[0]
}

// Processes are replaced one after the other while clients go on: no request
// fails (REL-21). They say that they leave before they do (--shutdown-notice).
func TestRollingRestart(t *testing.T) {
	f, _ := threeProcesses(t, "--shutdown-notice", "1s")
	rs, c := f.ResourceServer(), f.Client()
	stop, failed := make(chan struct{}), make(chan fleet.Answer, 64)
	var work sync.WaitGroup
	var served atomic.Int64
	for i := range 4 {
		via := f.Via(nil)
		browser, err := f.Browser(i, via)
		if err != nil {
			t.Fatal(err)
		}
		code, err := browser.Code(c)
		if err != nil {
			t.Fatal(err)
		}
		a := c.Redeem(context.Background(), via, code).Must(t, "code")
		work.Go(func() { useUntil(stop, via, rs, c, a, &served, failed) })
	}
	for range max(1, int(long(t, 4*time.Second)/(4*time.Second))) {
		for _, p := range f.Processes {
			if err := p.Terminate(); err != nil {
				t.Errorf("serve ended with %v", err)
			}
			if _, err := p.Start(); err != nil {
				t.Fatal(err)
			}
			inService(t, p)
		}
	}
	close(stop)
	work.Wait()
	close(failed)
	for a := range failed {
		t.Errorf("a request failed: %v", a)
	}
	if served.Load() < 100 {
		t.Errorf("only %d requests were made: nothing was tested", served.Load())
	}
	t.Logf("%d requests", served.Load())
}

// inService waits until the balancer has seen a process.
func inService(t *testing.T, p *fleet.Process) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !fleet.Ready(p.Addr); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a process does not become ready")
		}
	}
	time.Sleep(300 * time.Millisecond) // three rounds of the balancer's checks
}

// useUntil rotates one chain and looks at its tokens, at a client's pace.
func useUntil(stop chan struct{}, via http.RoundTripper, rs, c *fleet.Client, a fleet.Answer, served *atomic.Int64, failed chan<- fleet.Answer) {
	for ctx := context.Background(); ; time.Sleep(2 * time.Millisecond) {
		select {
		case <-stop:
			return
		default:
		}
		next := c.Renew(ctx, via, a.Refresh)
		if next.Outcome == fleet.OK {
			a = next
		}
		seen := rs.Introspect(ctx, via, a.Access)
		for _, answer := range []fleet.Answer{next, seen} {
			if answer.Outcome != fleet.OK {
				select {
				case failed <- answer:
				default:
				}
			}
		}
		served.Add(2)
	}
}
