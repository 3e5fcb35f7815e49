package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// A Harness opens the store under test. Both functions may register clean-ups
// with t, which outlives the store. The kit closes one store, to see that it
// can; closing that one again must do no harm.
type Harness struct {
	// Open returns a new, empty store. The kit calls it once for each group and
	// each race.
	Open func(t testing.TB) store.Store
	// Replica returns another handle over the state of s, as another process
	// would hold it. Nil where there can be none.
	Replica func(t testing.TB, s store.Store) store.Store
}

// A group is a part of the contract: rules that share one store and use records
// of their own.
type group struct {
	name  string
	rules []rule
}

type rule struct {
	name  string
	check func(t testing.TB, s store.Store)
}

var groups = []group{
	roundTrips, refusals, allOrNothing, cascades, isolation, cancellation, texts, listings, sweeps, clocks, model, health,
}

// Run checks the whole contract. It takes well under a minute on a store in
// memory, some minutes where every write waits for a disk; -short shortens the
// races to a tenth.
func Run(t *testing.T, h Harness) {
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { g.run(t, h) })
	}
	t.Run("races", func(t *testing.T) { Races(t, h) })
}

func (g group) run(t testing.TB, h Harness) {
	s := h.Open(t)
	for _, r := range g.rules {
		step(t, r.name, func(t testing.TB) { r.check(t, s) })
	}
}

// step runs f as a subtest where t can have one.
func step(t testing.TB, name string, f func(testing.TB)) {
	if parent, ok := t.(interface {
		Run(string, func(*testing.T)) bool
	}); ok {
		parent.Run(name, func(t *testing.T) { f(t) })
		return
	}
	f(t)
}

// sentinels are the errors of the contract; each answer is exactly one of them.
var sentinels = []error{
	store.ErrNotFound, store.ErrConsumed, store.ErrConflict, store.ErrInvalid, store.ErrUnavailable,
}

// want reports an error that is not the one that the contract names. A nil
// target wants success.
func want(t testing.TB, what string, err, target error) {
	t.Helper()
	if problem := differs(err, target); problem != "" {
		t.Errorf("%s: %s", what, problem)
	}
}

// must is want for what later steps stand on.
func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// differs says how err is not target, and nothing when it is.
func differs(err, target error) string {
	if target == nil {
		if err != nil {
			return fmt.Sprintf("got %q, want success", err)
		}
		return ""
	}
	for _, s := range sentinels {
		if errors.Is(err, s) != errors.Is(target, s) {
			return fmt.Sprintf("got %v, want %q", err, target)
		}
	}
	return ""
}

// bg is the context of every call that is not about contexts.
var bg = context.Background()

var serial atomic.Int64

// fresh returns an identifier that the kit did not use before.
func fresh(what string) string { return fmt.Sprintf("%s-%06d", what, serial.Add(1)) }

// freshDigest returns a digest that the kit did not use before.
func freshDigest() store.Digest { return store.NewDigest(store.RefreshToken, fresh("value")) }

// epoch is the kit's now: between two seconds, so that a store that keeps
// seconds or milliseconds fails.
var epoch = time.Date(2026, time.March, 29, 0, 59, 59, 987654000, time.UTC)
