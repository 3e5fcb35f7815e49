package interact

import (
	"context"
	"net/netip"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// networkAttempts bounds how often people of one network can try to sign in
// within attemptWindow, successes included: an office behind one address has
// room, somebody who tries one password on many accounts has not.
const networkAttempts = 100

// attempts counts what is tried from a network, in the store.
type attempts struct {
	store store.Store
	now   func() time.Time
}

// count refuses with *TooManyAttempts.
func (a *attempts) count(ctx context.Context, peer netip.Addr) error {
	now := a.now()
	n, err := a.store.Count(ctx, "login network", network(peer), now, now.Add(attemptWindow))
	if err != nil {
		return err
	}
	if n > networkAttempts {
		return &TooManyAttempts{Wait: attemptWindow}
	}
	return nil
}

// networkSignUps bounds how often people of one network can try to make an account
// within attemptWindow: a class that signs up together has room, somebody who looks
// for the names that exist, or fills the store, has little.
const networkSignUps = 30

// countSignUp refuses with *TooManyAttempts.
func (a *attempts) countSignUp(ctx context.Context, peer netip.Addr) error {
	now := a.now()
	n, err := a.store.Count(ctx, "sign-up network", network(peer), now, now.Add(attemptWindow))
	if err != nil {
		return err
	}
	if n > networkSignUps {
		return &TooManyAttempts{Wait: attemptWindow}
	}
	return nil
}

// network names what one subscriber has: an IPv4 address, or an IPv6 /64.
func network(addr netip.Addr) string {
	addr = addr.Unmap()
	if !addr.IsValid() {
		return "unknown"
	}
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return "unknown"
	}
	return prefix.String()
}
