package server

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// SweepStore removes every record that nobody needs any more, as of the time that
// now says at first, in bounded batches, beside any running server. It calls
// progress after each batch with how many it has removed so far, and returns how
// many it removed.
func SweepStore(ctx context.Context, st store.Store, now func() time.Time, progress func(removed int)) (removed int, err error) {
	at, pace := now().UTC().Truncate(time.Microsecond), newSweepPace()
	for more := true; more; {
		var n int
		n, more, err = pace.batch(ctx, st, at, largestBatch, now)
		removed += n
		if err != nil {
			return removed, err
		}
		progress(removed)
	}
	return removed, nil
}
