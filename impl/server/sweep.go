package server

import (
	"context"
	"log/slog"
)

const (
	// sweepBatch keeps each transaction of a sweep so short that no request
	// notices it.
	sweepBatch = 500
	// sweepRounds bounds one call; what is left waits for the next.
	sweepRounds = 200
)

// Sweep removes records that nobody needs any more, in bounded batches, and
// returns how many. It is safe on every replica at once, and runs by itself once
// a minute; call it to sweep sooner.
func (s *Server) Sweep(ctx context.Context) (removed int, err error) {
	for range sweepRounds {
		n, err := s.store.Sweep(ctx, s.now(), sweepBatch)
		removed += n
		if err != nil {
			return removed, err
		}
		if n < sweepBatch {
			break
		}
	}
	if removed > 0 {
		s.logger().LogAttrs(ctx, slog.LevelDebug, "swept", slog.Int("records", removed))
	}
	return removed, nil
}
