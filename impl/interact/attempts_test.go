package interact

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store/memory"
)

// Guessing is bounded for a network too, whatever accounts it tries, and
// a neighbour does not suffer.
func TestNetworkAttempts(t *testing.T) {
	proof.Of(t, "ATK-98")
	c := newClock()
	a := &attempts{store: memory.New(), now: c.now}
	peer := netip.MustParseAddr("2001:db8:1:2::7")
	for i := range networkAttempts {
		if err := a.count(t.Context(), peer); err != nil {
			t.Fatalf("attempt %d: %v", i+1, err)
		}
	}
	sameNetwork := netip.MustParseAddr("2001:db8:1:2:ffff::1")
	if _, ok := errors.AsType[*TooManyAttempts](a.count(t.Context(), sameNetwork)); !ok {
		t.Error("another address of the same /64 is not refused")
	}
	for _, other := range []string{"2001:db8:1:3::7", "192.0.2.1"} {
		if err := a.count(t.Context(), netip.MustParseAddr(other)); err != nil {
			t.Errorf("%s: %v", other, err)
		}
	}
	c.advance(attemptWindow)
	if err := a.count(t.Context(), peer); err != nil {
		t.Errorf("after the window: %v", err)
	}
}

func TestNetwork(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":         "192.0.2.1",
		"::ffff:192.0.2.1":  "192.0.2.1",
		"2001:db8::1":       "2001:db8::/64",
		"fe80::1%eth0":      "fe80::/64",
		"2001:db8:0:1:2::3": "2001:db8:0:1::/64",
	} {
		if got := network(netip.MustParseAddr(addr)); got != want {
			t.Errorf("network(%s) = %s, want %s", addr, got, want)
		}
	}
	if got := network(netip.Addr{}); got != "unknown" {
		t.Errorf("network of no address = %s", got)
	}
}
