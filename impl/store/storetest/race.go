package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

const (
	racers   = 8
	replicas = 3
	// rounds is how often each verb is raced, when the store is fast enough. Of
	// a read-then-write store of a known kind, 200 rounds caught 30 %, 4,000
	// caught 95 %.
	rounds = 4000
	// patience is after how long a race of a slow store ends early, but not
	// before leastRounds.
	patience    = 2 * time.Second
	leastRounds = 200
)

// A contest is one round of a race. All racers call at once; exactly one may get
// nil, and lost is what the others get. A nil lost is a race that everybody
// wins. settled then says what is wrong with the state, or nothing.
type contest struct {
	call    func(racer int, s store.Store) error
	lost    error
	settled func(s store.Store, winner int) string
}

// A race prepares its contests: start once, and what it returns for each round.
type race struct {
	name  string
	start func(t testing.TB, s store.Store) func() contest
}

// Races checks only the verbs of which exactly one caller wins. With -short they
// take a tenth of their rounds. Each race stops at its first violation.
//
// Each race has a store of its own: the handle of h.Open and, where h.Replica is
// not nil, two replicas of it.
func Races(t testing.TB, h Harness) {
	for _, r := range races {
		step(t, r.name, func(t testing.TB) { r.run(t, h) })
	}
}

// open returns the handles that the racers share, their connections open.
func open(t testing.TB, h Harness) []store.Store {
	t.Helper()
	handles := []store.Store{h.Open(t)}
	for h.Replica != nil && len(handles) < replicas {
		handles = append(handles, h.Replica(t, handles[0]))
	}
	warm(t, handles)
	return handles
}

// warm opens the connections of every handle. A pool that opens one while the
// others already run serialises the racers and hides the race.
func warm(t testing.TB, handles []store.Store) {
	t.Helper()
	for range 8 {
		for _, s := range handles {
			for _, err := range together(func(int) error { return s.Ping(bg) }) {
				must(t, "Ping", err)
			}
		}
	}
}

// together calls f for every racer, released at once, and returns the answers.
func together(f func(racer int) error) [racers]error {
	var errs [racers]error
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	ready.Add(racers)
	for i := range racers {
		done.Go(func() {
			ready.Done()
			<-gate
			errs[i] = f(i)
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
	return errs
}

func (r race) run(t testing.TB, h Harness) {
	handles := open(t, h)
	most, least, limit := rounds, leastRounds, patience
	if testing.Short() {
		most, least, limit = most/10, least/10, limit/10
	}
	next, began, ran := r.start(t, handles[0]), time.Now(), 0
	for ; ran < most && (ran < least || time.Since(began) < limit); ran++ {
		c := next()
		errs := together(func(i int) error { return c.call(i, handles[i%len(handles)]) })
		if problem := c.judge(handles[ran%len(handles)], errs); problem != "" {
			t.Fatalf("%s, round %d: %s", r.name, ran+1, problem)
		}
	}
	if ran < most {
		t.Logf("%s: %d of %d rounds in %v", r.name, ran, most, limit)
	}
}

func (c contest) judge(s store.Store, errs [racers]error) string {
	winner, winners := 0, 0
	for i, err := range errs {
		if err == nil {
			winner = i
			winners++
			continue
		}
		if problem := differs(err, c.lost); problem != "" {
			return fmt.Sprintf("racer %d: %s", i, problem)
		}
	}
	if c.lost != nil && winners != 1 {
		return fmt.Sprintf("%d of %d racers won, want 1", winners, racers)
	}
	return c.settled(s, winner)
}
