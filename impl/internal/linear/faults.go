package linear

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/pgtest"
)

// sessions is how many grants are in use at the same time.
const sessions = 6

// A system is what the check runs on, and what it breaks.
type system struct {
	fleet    *fleet.Fleet
	database *pgtest.Cluster
	wire     *fleet.Relay // between the processes and the database
	broken   map[string]int
	use      use
	browsers [sessions]*fleet.Browser // one for each goroutine
}

// breakThings breaks one thing after the other until ctx ends, and leaves
// everything whole.
func (s *system) breakThings(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(100+rand.IntN(500)) * time.Millisecond):
		}
		switch p := rand.IntN(20); {
		case p < 9:
			s.broken["process killed"]++
			s.kill()
		case p < 16:
			s.broken["connections cut"]++
			s.wire.Cut()
		case p < 18:
			s.broken["wire stalled"]++
			s.wire.Stall()
			time.Sleep(100 * time.Millisecond)
			s.wire.Cut()
			s.wire.Up()
		default:
			s.broken["database crashed"]++
			s.database.Crash()
			s.database.Restart()
		}
	}
}

// kill ends a process at whatever it does and starts it again. A start that meets
// another fault is tried again, as a supervisor does.
func (s *system) kill() {
	p := s.fleet.Processes[rand.IntN(len(s.fleet.Processes))]
	p.Kill()
	for range 50 {
		if _, err := p.Start(); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
