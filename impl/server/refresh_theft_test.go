package server

import (
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
)

// Whoever of thief and owner refreshes first, the second ends the grant for both:
// neither can keep a chain of their own.
func TestStolenRefreshToken(t *testing.T) {
	proof.Of(t, "ATK-62", "MAD-20")
	for _, rounds := range []int{1, 2, 5} { // how often the first of them refreshes before the other does
		x := newTokenTest(t)
		stolen := x.tokens(allowed{client: "P1"})
		first := stolen
		for range rounds {
			x.pass(2 * time.Minute)
			first = x.ok(x.post("/token", as("P1"), refreshForm(first.text("refresh_token"))))
		}
		x.pass(2 * time.Minute)
		if !x.live(first.text("access_token")) {
			t.Fatal("control: the first has nothing")
		}
		x.refused("the second", x.post("/token", as("P1"), refreshForm(stolen.text("refresh_token"))), 400, "invalid_grant")
		x.allDead(stolen, first)
		if x.happened("refresh_reuse_detected") != 1 {
			t.Errorf("events %+v", x.events)
		}
	}
}
