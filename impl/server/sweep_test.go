package server

import (
	"bytes"
	"context"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A sweep ends at its bound, says that it is behind, and goes on soon; the next
// one that reaches the end says that it is not.
func TestSweepBehind(t *testing.T) {
	x := newTokenTest(t)
	var log bytes.Buffer
	x.server.cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)) // debug is not shown
	if r := x.server.LastSweep(); r != (SweepReport{}) || x.server.nextMaintenance() != maintenanceInterval {
		t.Errorf("before the first sweep: %+v", r)
	}
	const bound, rest = sweepBound, 10
	for i := range bound + rest {
		if err := x.store.Once(context.Background(), "sweep", strconv.Itoa(i), x.now().Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		removed int
		behind  bool
		next    time.Duration
		logged  int
	}{
		{bound, true, behindInterval, 1},
		{rest, false, maintenanceInterval, 1},
		{0, false, maintenanceInterval, 1},
	} {
		n, err := x.server.Sweep(context.Background())
		r := x.server.LastSweep()
		if err != nil || n != step.removed || r.Removed != n || r.Behind != step.behind || !r.EndedAt.Equal(x.now()) {
			t.Errorf("removed %d (%v), report %+v; want %d, behind %v", n, err, r, step.removed, step.behind)
		}
		if next := x.server.nextMaintenance(); next != step.next {
			t.Errorf("after %+v the next round is in %v", r, next)
		}
		if warnings := strings.Count(log.String(), "behind=true"); warnings != step.logged {
			t.Errorf("%d warnings: %s", warnings, log.String())
		}
	}
}
