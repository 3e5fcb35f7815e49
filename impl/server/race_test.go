package server

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
)

// A gate lets nobody on who has read a token before as many as it waits for have
// read it too: what schedulers do once in a million runs.
type gate struct {
	store.Store
	mu      sync.Mutex
	waiting int
	open    chan struct{}
}

func newGate(st store.Store, readers int) *gate {
	return &gate{Store: st, waiting: readers, open: make(chan struct{})}
}

func (g *gate) Token(ctx context.Context, d store.Digest) (store.Token, store.Grant, error) {
	t, grant, err := g.Store.Token(ctx, d)
	g.mu.Lock()
	if g.waiting > 0 {
		if g.waiting--; g.waiting == 0 {
			close(g.open)
		}
	}
	g.mu.Unlock()
	<-g.open
	return t, grant, err
}

// raceThrough lets n requests read the same unspent token before one spends it.
func (x *tokenTest) raceThrough(n int, form url.Values) (won, lost []answer) {
	x.server.store = newGate(x.store, n)
	defer func() { x.server.store = x.store }()
	return x.race(n, func() answer { return x.post("/token", as("P1"), form) })
}

// race releases n calls at once.
func (x *tokenTest) race(n int, call func() answer) (won, lost []answer) {
	var work sync.WaitGroup
	start, answers := make(chan struct{}), make([]answer, n)
	for i := range answers {
		work.Go(func() { <-start; answers[i] = call() })
	}
	close(start)
	work.Wait()
	for _, a := range answers {
		if a.status == http.StatusOK {
			won = append(won, a)
		} else {
			lost = append(lost, a)
		}
	}
	return won, lost
}

// One wins, none sees a 500; and since two had
// the code, the winner's tokens end too (ATK-52).
func TestRaceForACode(t *testing.T) {
	proof.Of(t, "ATK-50", "ATK-51", "ATK-52", "REL-I1")
	for _, racers := range []int{2, 8, 32} {
		x := newTokenTest(t)
		code, _ := x.code(allowed{client: "P1"})
		won, lost := x.raceThrough(racers, codeForm(code))
		if len(won) != 1 || len(lost) != racers-1 {
			t.Fatalf("%d racers: %d won", racers, len(won))
		}
		for _, a := range lost {
			x.refused("loser", a, 400, "invalid_grant")
		}
		x.allDead(won[0])
		if x.happened("code_redeemed") != 1 || x.happened("code_replayed") == 0 {
			t.Errorf("events %+v", x.events)
		}
	}
}

// Racers share one successor, and it works.
func TestRaceForARefreshToken(t *testing.T) {
	proof.Of(t, "ATK-60", "ATK-61", "REL-I4")
	for _, racers := range []int{2, 8, 32} {
		x := newTokenTest(t)
		old := x.tokens(allowed{client: "P1"}).text("refresh_token")
		won, lost := x.raceThrough(racers, refreshForm(old))
		if len(lost) != 0 {
			t.Fatalf("%d racers: %d lost, %s", racers, len(lost), lost[0].raw)
		}
		for _, a := range won {
			if a.raw != won[0].raw {
				t.Fatal("two chains")
			}
		}
		x.ok(x.post("/token", as("P1"), refreshForm(won[0].text("refresh_token"))))
	}
}

// A racer that comes back after the grant was revoked gets nothing.
func TestRaceWithARevocation(t *testing.T) {
	x := newTokenTest(t)
	a := x.tokens(allowed{client: "P1"})
	x.server.store = revokesAfterReading{x.store, x}
	x.refused("refresh", x.post("/token", as("P1"), refreshForm(a.text("refresh_token"))), 400, "invalid_grant")
	x.server.store = x.store
	x.allDead(a)
}

// revokesAfterReading revokes a grant between a request's read and its write.
type revokesAfterReading struct {
	store.Store
	x *tokenTest
}

func (s revokesAfterReading) Token(ctx context.Context, d store.Digest) (store.Token, store.Grant, error) {
	t, g, err := s.Store.Token(ctx, d)
	if err == nil {
		_, err = s.RevokeGrants(ctx, store.GrantFilter{ID: g.ID}, s.x.now())
	}
	return t, g, err
}
