package server

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// A slowSweep takes a time for every record, and has any number of them.
type slowSweep struct {
	store.Store
	each    time.Duration
	batches []int
	worked  time.Duration
}

func (s *slowSweep) Sweep(_ context.Context, _ time.Time, limit int) (int, error) {
	s.batches = append(s.batches, limit)
	s.worked += time.Duration(limit) * s.each
	time.Sleep(time.Duration(limit) * s.each)
	return limit, nil
}

// Batches become so large that they take as long as they may, and three quarters of
// the time the store is left alone.
func TestSweepPace(t *testing.T) {
	for _, row := range []struct {
		each        time.Duration
		least, most int // of the size of a batch, in the end
	}{
		{0, largestBatch, largestBatch},
		{10 * time.Microsecond, largestBatch, largestBatch},
		{100 * time.Microsecond, 100, 400},
		{500 * time.Microsecond, 20, 80},
		{10 * time.Millisecond, smallestBatch, smallestBatch},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, pace, begin := &slowSweep{each: row.each}, newSweepPace(), time.Now()
			for range 50 {
				if _, more, err := pace.batch(context.Background(), s, begin, sweepBound, time.Now); err != nil || !more {
					t.Fatal(more, err)
				}
			}
			last := s.batches[len(s.batches)-1]
			if last < row.least || last > row.most {
				t.Errorf("at %v a record the batches become %v", row.each, s.batches)
			}
			// A batch of seconds is not waited for three times.
			if passed := time.Since(begin); passed < 4*s.worked && row.each < time.Millisecond {
				t.Errorf("at %v a record the sweep worked %v of %v", row.each, s.worked, passed)
			}
		})
	}
}

// A sweep that stands still ends with its server.
func TestSweepStandsNoLongerThanItsServer(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := stand(ctx, time.Hour); err == nil {
		t.Error("it stood for an hour")
	}
}
