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

// bad are the ways in which a network is bad, between a process and its database.
var bad = []struct {
	name  string
	begin func(*fleet.Relay)
}{
	{"partition", (*fleet.Relay).Stall},
	{"requests do not arrive", func(r *fleet.Relay) { r.StallOneWay(false) }},
	{"answers do not arrive", func(r *fleet.Relay) { r.StallOneWay(true) }},
	{"every fifth piece is lost", func(r *fleet.Relay) { r.Lose(20) }},
	{"300 ms away", func(r *fleet.Relay) { r.Delay(150 * time.Millisecond) }},
	{"refused", (*fleet.Relay).Down},
}

// REL-19: each of three processes has its own way to the database, and now and
// then one of the ways is bad, for so long that calls time out or just not.
// Whatever was acknowledged holds.
func TestNetwork(t *testing.T) {
	db := pgtest.Start(t)
	var ways []*fleet.Relay
	var urls []string
	for range 3 {
		way := fleet.NewRelay(t, func() []string { return []string{db.Addr()} })
		ways, urls = append(ways, way), append(urls, db.URL(way.Addr))
	}
	f := fleet.Start(t, fleet.Options{Store: db.URL(""), Ways: urls, Processes: 3})
	c, l := f.Confidential(), &ledger{}
	browsers := signIn(t, f, c, 6)
	d := long(t, 4*time.Second)
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Minute+d)
	defer stop()
	end, was := time.Now().Add(d), map[string]int{}
	var work sync.WaitGroup
	work.Go(func() { l.load(ctx, f, c, browsers) })
	for turn := 0; ctx.Err() == nil && (time.Now().Before(end) || !l.enough() || len(was) < len(bad)); turn++ {
		way, fault := ways[rand.IntN(len(ways))], bad[turn%len(bad)]
		fault.begin(way)
		was[fault.name]++
		time.Sleep(time.Duration(100+rand.IntN(900)) * time.Millisecond)
		if turn%7 == 6 {
			time.Sleep(5 * time.Second) // longer than anybody waits
		}
		if rand.IntN(2) == 0 {
			way.Cut() // what was on its way is gone
		}
		way.Up()
		way.Delay(0)
		way.Lose(0)
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	work.Wait()
	t.Logf("%v", was)
	for _, p := range f.Processes {
		inService(t, p)
	}
	l.audit(t, f.Via(nil), c)
}
