package server

import (
	"testing"
	"time"
)

// REL-25: a clock that was set, either way, removes nothing for an hour.
func TestClockWatch(t *testing.T) {
	clock := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	passing := clock
	w := newClockWatch(func() time.Time { return clock }, func() time.Time { return passing })
	for i, row := range []struct {
		passes, clockMoves time.Duration
		jump               time.Duration
		trusted            bool
	}{
		{time.Minute, time.Minute, 0, true},
		{time.Minute, 3 * time.Minute, 0, true}, // slewed
		{time.Minute, 10*365*24*time.Hour + time.Minute, 10 * 365 * 24 * time.Hour, false},
		{time.Minute, time.Minute, 0, false},
		{58 * time.Minute, 58 * time.Minute, 0, false},
		{time.Minute, time.Minute, 0, true},
		{time.Minute, -time.Hour, -61 * time.Minute, false},
		{time.Hour, time.Hour, 0, true},
	} {
		passing, clock = passing.Add(row.passes), clock.Add(row.clockMoves)
		if jump, trusted := w.look(); jump != row.jump || trusted != row.trusted {
			t.Errorf("row %d: jump %v, trusted %v", i, jump, trusted)
		}
	}
}
