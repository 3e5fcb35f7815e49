package server

import (
	"context"
	"log/slog"
	"time"
)

// sweepBound is how many records one call removes; what is left waits for the
// next.
const sweepBound = 50_000

// A SweepReport says how far the sweeping of this Server has come.
type SweepReport struct {
	EndedAt time.Time     // of the last sweep; zero before the first
	Took    time.Duration // how long it took
	Removed int           // how many records it removed
	// Behind: it stopped at its bound, and records that are over remain. A Server
	// that stays so is one of too few for what expires.
	Behind bool
}

// LastSweep returns the report of the last sweep, for metrics. Every replica
// sweeps: what one left another may have removed.
func (s *Server) LastSweep() SweepReport {
	if r := s.swept.Load(); r != nil {
		return *r
	}
	return SweepReport{}
}

// Sweep removes records that nobody needs any more, in bounded batches, and
// returns how many. It is safe on every replica at once, and runs by itself once
// a minute, or a second after the last while it is behind; call it to sweep sooner.
func (s *Server) Sweep(ctx context.Context) (removed int, err error) {
	began, pace := s.now(), newSweepPace()
	for removed < sweepBound {
		n, more, err := pace.batch(ctx, s.store, s.now(), sweepBound-removed, s.now)
		removed += n
		if err != nil {
			return removed, err
		}
		if !more {
			break
		}
	}
	behind := removed == sweepBound
	report := SweepReport{EndedAt: s.now(), Took: s.now().Sub(began), Removed: removed, Behind: behind}
	s.swept.Store(&report)
	if removed > 0 {
		level := slog.LevelDebug
		if behind {
			level = slog.LevelWarn
		}
		s.logger().LogAttrs(ctx, level, "swept", slog.Int("records", removed), slog.Duration("took", report.Took), slog.Bool("behind", behind))
	}
	return removed, nil
}
