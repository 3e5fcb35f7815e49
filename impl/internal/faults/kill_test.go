package faults

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
)

// REL-5: processes, and now and then their database, are killed at random instants
// under load and started again. Nothing that was acknowledged is lost, nothing that
// was spent is good again, and who asks again what was not answered is not refused.
func TestKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killUnderLoad(t, nil) })
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) { killUnderLoad(t, engine.start(t)) })
	}
}

// killUnderLoad kills one process over an embedded database, or one of three over
// db and db itself.
func killUnderLoad(t *testing.T, db database) {
	o := fleet.Options{}
	if db != nil {
		o = fleet.Options{Store: db.URL(""), Processes: 3}
	}
	f := fleet.Start(t, o)
	c, l := f.Confidential(), &ledger{}
	browsers := signIn(t, f, c, 6)
	d := long(t, 4*time.Second)
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Minute+d)
	defer stop()
	end := time.Now().Add(d)
	var work sync.WaitGroup
	work.Go(func() { l.load(ctx, f, c, browsers) })
	kills, crashes, slowest := 0, 0, time.Duration(0)
	for ctx.Err() == nil && (time.Now().Before(end) || !l.enough()) { // a busy machine takes longer
		time.Sleep(time.Duration(50+rand.IntN(500)) * time.Millisecond)
		if db != nil && kills%5 == 2 && crashes <= kills/5 {
			db.Crash()
			db.Restart()
			crashes++
			continue
		}
		p := f.Processes[rand.IntN(len(f.Processes))]
		p.Kill()
		begin := time.Now()
		startAgain(t, p)
		kills++
		slowest = max(slowest, time.Since(begin))
	}
	stop()
	work.Wait()
	if db != nil && crashes == 0 {
		t.Error("the database was not killed")
	}
	t.Logf("%d kills, and %d of the database; the slowest start took %v", kills, crashes, slowest.Round(time.Millisecond))
	l.audit(t, f.Via(nil), c)
}

// startAgain starts a process as a supervisor does: again, when its database was
// not back yet.
func startAgain(t *testing.T, p *fleet.Process) {
	t.Helper()
	var err error
	for range 100 {
		if _, err = p.Start(); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal(err)
}
