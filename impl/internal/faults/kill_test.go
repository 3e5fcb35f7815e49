package faults

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/pgtest"
)

// REL-5: processes are killed at random instants under load and started again.
// Nothing that was acknowledged is lost, nothing that was spent is good again, and
// who asks again what was not answered is not refused.
func TestKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killUnderLoad(t, fleet.Options{}) })
	t.Run("postgres", func(t *testing.T) {
		killUnderLoad(t, fleet.Options{Store: pgtest.Start(t).URL(""), Processes: 3})
	})
}

func killUnderLoad(t *testing.T, o fleet.Options) {
	f := fleet.Start(t, o)
	c, l := f.Confidential(), &ledger{}
	browsers := signIn(t, f, c, 6)
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Minute)
	defer stop()
	end := time.Now().Add(long(t, 6*time.Second))
	var work sync.WaitGroup
	work.Go(func() { l.load(ctx, f, c, browsers) })
	kills, slowest := 0, time.Duration(0)
	for ctx.Err() == nil && (time.Now().Before(end) || !l.enough()) { // a busy machine takes longer
		time.Sleep(time.Duration(50+rand.IntN(500)) * time.Millisecond)
		p := f.Processes[rand.IntN(len(f.Processes))]
		p.Kill()
		begin := time.Now()
		if _, err := p.Start(); err != nil {
			t.Fatal(err)
		}
		kills++
		slowest = max(slowest, time.Since(begin))
	}
	stop()
	work.Wait()
	t.Logf("%d kills; the slowest start took %v", kills, slowest.Round(time.Millisecond))
	l.audit(t, f.Via(nil), c)
}
