package server

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// SweepStore removes every record that nobody needs any more, in bounded
// batches, beside any running server. It calls progress after each batch with how
// many it has removed so far, and returns how many it removed.
func SweepStore(ctx context.Context, st store.Store, at time.Time, progress func(removed int)) (removed int, err error) {
	at = at.UTC().Truncate(time.Microsecond)
	for {
		n, err := st.Sweep(ctx, at, sweepBatch)
		removed += n
		if err != nil {
			return removed, err
		}
		progress(removed)
		if n < sweepBatch {
			return removed, nil
		}
	}
}
