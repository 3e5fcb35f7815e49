package faults

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/require"
)

// REL-18: the primary of a synchronously replicated pair dies under load, Patroni
// promotes the standby, the old primary comes back as standby, and then the new
// one dies. Nothing that was acknowledged is lost. It takes some minutes, and runs
// when CHARTER_TEST_PATRONI is set.
func TestFailover(t *testing.T) {
	if os.Getenv("CHARTER_TEST_PATRONI") == "" {
		t.Skip("CHARTER_TEST_PATRONI is not set")
	}
	for _, program := range []string{"patroni", "etcd"} {
		_, err := exec.LookPath(program)
		require.Engine(t, program, err == nil, program+" is not in PATH")
	}
	p := newPair(t)
	f := fleet.Start(t, fleet.Options{Store: p.url(), Processes: 3})
	c, l := f.Confidential(), &ledger{}
	browsers := signIn(t, f, c, 6)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var work sync.WaitGroup
	work.Go(func() { l.load(ctx, f, c, browsers) })
	for range 2 {
		time.Sleep(10 * time.Second)
		dead := p.role("leader")
		if dead == nil {
			t.Fatal("there is no primary")
		}
		i := 0
		if dead == &p.nodes[1] {
			i = 1
		}
		p.die(i)
		begin := time.Now()
		p.await("a new primary", func() bool { n := p.role("leader"); return n != nil && n != dead })
		promoted := time.Since(begin)
		p.await("a server that is ready", func() bool { return fleet.Ready(f.Processes[0].Addr) })
		t.Logf("%s died; another was promoted after %v, requests were served after %v", dead.name, promoted.Round(time.Second), time.Since(begin).Round(time.Second))
		time.Sleep(5 * time.Second)
		p.run(i)
		p.await("a synchronous standby again", func() bool { return p.role("sync_standby") != nil })
	}
	stop()
	work.Wait()
	l.audit(t, f.Via(nil), c)
}
