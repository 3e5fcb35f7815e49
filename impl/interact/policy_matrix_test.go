package interact

import (
	"errors"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// A change is what somebody does between two phases: the person, or the operator.
type change struct {
	name string
	make func(w *walk, t testing.TB)
	// from is the first phase at which there is something to change.
	from string
	// but are the phases after the change that are not refused, with what they
	// give. Every phase that is not listed gives nothing, nor does one that needs
	// what was refused.
	but map[string]outcome
}

// personChanges and what they leave. A phase before anybody is known or anything
// was allowed cannot tell; a code that it leads to is good for nothing.
var personChanges = []change{
	{name: "account disabled", make: (*walk).disableAccount,
		but: map[string]outcome{"authorization request": given}}, // nobody is known yet
	{name: "account deleted", make: (*walk).deleteAccount,
		but: map[string]outcome{"authorization request": given}},
	{name: "client disabled", make: func(w *walk, t testing.TB) { w.disableClient(t, w.app.ID) }},
	{name: "client deleted", make: func(w *walk, t testing.TB) { w.deleteClient(t, w.app.ID) }},
	{name: "consent withdrawn", make: (*walk).withdraw, from: "redemption"},
	{name: "resource removed", make: (*walk).removeResource,
		but: map[string]outcome{"sign-in": given, "consent": given}}, // the code is redeemed for nothing
	{name: "scope removed", make: (*walk).removeScope,
		but: map[string]outcome{
			"authorization request": given, // an OpenID request is not refused for a scope that nobody knows
			"sign-in":               given, "consent": given, "redemption": narrowed, "introspection": narrowed, "protected call": narrowed, "userinfo": given,
			"refresh": narrowed, "introspection after refresh": narrowed, "protected call after refresh": narrowed, "userinfo after refresh": given,
		}},
}

// machineChanges are those of a client that acts for itself.
var machineChanges = []change{
	{name: "account deleted", make: (*walk).deleteAccount, // no person stands behind it
		but: map[string]outcome{"client credentials": given, "introspection": given, "protected call": given}},
	{name: "client disabled", make: func(w *walk, t testing.TB) { w.disableClient(t, w.machine.ID) }},
	{name: "client deleted", make: func(w *walk, t testing.TB) { w.deleteClient(t, w.machine.ID) }},
	{name: "resource removed", make: (*walk).removeResource},
	{name: "scope removed", make: (*walk).removeScope, // what a machine asks for it gets or not
		but: map[string]outcome{"introspection": narrowed, "protected call": narrowed}},
}

// Whatever is disabled, deleted, withdrawn or taken away between any two phases of
// a grant, the phases after it give no token and no active answer.
func TestChangeBetweenAnyTwoPhases(t *testing.T) {
	proof.Of(t, "GHSA-7qjx-gp9h-65qj", "ATK-57", "ATK-68", "REL-I3")
	hashCheaply(t)
	cells := 0
	for _, flow := range []struct {
		phases  []phase
		changes []change
	}{{personPhases, personChanges}, {machinePhases, machineChanges}} {
		for _, c := range flow.changes {
			for at := range flow.phases {
				if at < position(flow.phases, c.from) {
					continue
				}
				w := newWalk(t)
				w.goAhead(t, flow.phases[:at])
				c.make(w, t)
				cells += w.hold(t, c, flow.phases, at)
			}
		}
		// The control: with no change, every phase gives what it is for.
		newWalk(t).goAhead(t, flow.phases)
	}
	if cells < 250 {
		t.Errorf("%d cells: the matrix has holes", cells)
	}
}

// hold tries every phase from at on that has what it needs, and holds the outcome
// against the table.
func (w *walk) hold(t *testing.T, c change, phases []phase, at int) (cells int) {
	t.Helper()
	outcomes := map[string]outcome{}
	for _, p := range phases[at:] {
		want, ok := c.but[p.name]
		if !ok || outcomes[p.needs] == refused {
			want = refused
		}
		got := p.try(w)
		if got != want {
			t.Errorf("%s before %q: %q is %s, want %s", c.name, phases[at].name, p.name, got, want)
		}
		outcomes[p.name] = got
	}
	return len(outcomes)
}

// goAhead walks through phases that must give all.
func (w *walk) goAhead(t *testing.T, phases []phase) {
	t.Helper()
	for _, p := range phases {
		if got := p.try(w); got != given {
			t.Fatalf("control: %q is %s", p.name, got)
		}
	}
}

func position(phases []phase, name string) int {
	for i, p := range phases {
		if p.name == name {
			return i
		}
	}
	return 0
}

// Two changes leave the same whichever comes first.
func TestOrderOfChangesDoesNotMatter(t *testing.T) {
	proof.Of(t, "CVE-2026-9792")
	hashCheaply(t)
	at := position(personPhases, "redemption")
	for i, first := range personChanges {
		for _, second := range personChanges[:i] {
			var verdicts [2]string
			for order, both := range [][]change{{first, second}, {second, first}} {
				w := newWalk(t)
				w.goAhead(t, personPhases[:at])
				for _, c := range both {
					c.make(w, t)
				}
				for _, p := range personPhases[at:] {
					verdicts[order] += p.name + " " + string(p.try(w)) + "; "
				}
			}
			if verdicts[0] != verdicts[1] {
				t.Errorf("%s, then %s: %s\nthe other way: %s", first.name, second.name, verdicts[0], verdicts[1])
			}
		}
	}
}

// hashCheaply makes sign-ins cheap for a test that is not about them.
func hashCheaply(t testing.TB) {
	cost := currentCost
	t.Cleanup(func() { currentCost = cost })
	currentCost = argonParameters{memory: 8, passes: 1, threads: 1}
}

// changed fails the test unless err is nil: what is gone already cannot be changed
// any more, and need not be.
func changed(t testing.TB, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, ErrNoAccount) {
		t.Fatal(err)
	}
}

func (w *walk) disableAccount(t testing.TB) {
	changed(t, w.accounts.SetDisabled(t.Context(), aliceName, true))
}

func (w *walk) deleteAccount(t testing.TB) {
	a, err := w.store.AccountByName(t.Context(), aliceName)
	if err == nil {
		err = w.store.DeleteAccount(t.Context(), a.ID, w.Clock.Now())
	}
	changed(t, err)
}

func (w *walk) disableClient(t testing.TB, id string) {
	disabled := true
	_, _, err := server.UpdateClient(t.Context(), w.store, w.Clock.Now(), id, server.ClientUpdate{Disabled: &disabled})
	changed(t, err)
}

func (w *walk) deleteClient(t testing.TB, id string) {
	changed(t, server.RemoveClient(t.Context(), w.store, w.Clock.Now(), id))
}

func (w *walk) withdraw(t testing.TB) {
	_, err := server.EndGrants(t.Context(), w.store, w.Clock.Now(), store.GrantFilter{ClientID: w.app.ID})
	changed(t, err)
}

func (w *walk) removeResource(t testing.TB) {
	w.restart(t, func(c *server.Config) { c.Resources = []server.Resource{{URI: "https://other.example.com"}} })
}

func (w *walk) removeScope(t testing.TB) {
	w.restart(t, func(c *server.Config) { c.Scopes = []string{"read"} })
}
