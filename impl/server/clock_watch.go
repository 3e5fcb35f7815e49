package server

import "time"

const (
	// clockTolerance is how far the clock may run from the time that passes
	// between two looks before it counts as a jump: more than NTP slews, less than
	// a mistake that matters.
	clockTolerance = 5 * time.Minute
	// clockDistrust is how long nothing is removed after a jump: an operator's time
	// to see it and set the clock right.
	clockDistrust = time.Hour
)

// A clockWatch notices that the clock was set. A clock that was set years ahead
// makes everything look expired; what is refused is good again once the clock is
// right, but what was swept is gone. It is used by one goroutine.
type clockWatch struct {
	clock   func() time.Time // what everything is judged by
	passing func() time.Time // time.Now, whose differences no setting changes

	lastClock, lastPassing time.Time
	jumped                 time.Time // by passing; zero: never
}

func newClockWatch(clock, passing func() time.Time) *clockWatch {
	return &clockWatch{clock: clock, passing: passing, lastClock: clock().Round(0), lastPassing: passing()}
}

// look returns how far the clock has jumped since the last look, zero when it has
// not, and whether it can be trusted with removing things.
func (w *clockWatch) look() (jump time.Duration, trusted bool) {
	clock, passing := w.clock().Round(0), w.passing()
	jump = clock.Sub(w.lastClock) - passing.Sub(w.lastPassing)
	w.lastClock, w.lastPassing = clock, passing
	if jump.Abs() <= clockTolerance {
		jump = 0
	} else {
		w.jumped = passing
	}
	return jump, w.jumped.IsZero() || passing.Sub(w.jumped) >= clockDistrust
}
