package server

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// A sweepPace keeps a sweep from being noticed. Where there is one writer, as in
// SQLite, requests that write wait for a batch; everywhere it takes the disk's
// time. So a batch is as large as it may be to end soon, and after it the sweep
// stands still for three times as long as it worked.
type sweepPace struct{ size int }

const (
	// sweepTook is how long a batch may take, about.
	sweepTook = 20 * time.Millisecond
	// smallestBatch and largestBatch are numbers of records. Smaller ones would be
	// spent on transactions, larger ones hold locks for longer than anybody should
	// wait.
	smallestBatch, firstBatch, largestBatch = 25, 100, 500
	// longestStand is for clocks that jump.
	longestStand = time.Second
)

func newSweepPace() *sweepPace { return &sweepPace{firstBatch} }

// batch removes at most most of what is over at at. more is false when nothing is
// left.
func (p *sweepPace) batch(ctx context.Context, st store.Store, at time.Time, most int, now func() time.Time) (removed int, more bool, err error) {
	size, begin := min(p.size, most), now()
	n, err := st.Sweep(ctx, at, size)
	if err != nil || n < size {
		return n, false, err
	}
	took := now().Sub(begin)
	switch {
	case took > 2*sweepTook:
		p.size = max(p.size/2, smallestBatch)
	case took < sweepTook/2:
		p.size = min(p.size*2, largestBatch)
	}
	return n, true, stand(ctx, min(3*took, longestStand))
}

// stand waits for d, or until ctx ends.
func stand(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
