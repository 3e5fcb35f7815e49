package rotation

import (
	"os"
	"reflect"
	"testing"
)

// REL-3: the rules hold for three rotations, two requests at a time, crashes and
// grace periods that end, whatever the order. CHARTER_TEST_LONG allows two of
// both instead of one.
func TestRulesHold(t *testing.T) {
	most := bounds{crashes: 1, ticks: 1}
	if os.Getenv("CHARTER_TEST_LONG") != "" {
		most = bounds{crashes: 2, ticks: 2}
	}
	states, found := explore(rules{}, most)
	if found != nil {
		t.Fatal(found)
	}
	t.Logf("%d states", states)
	if states < 100_000 {
		t.Errorf("only %d states: the model does not move", states)
	}
}

var broken = []struct {
	name  string
	rules rules
}{
	{"consumeSpent", rules{consumeSpent: true}},
	{"consumeInTwo", rules{consumeInTwo: true}},
	{"addFirst", rules{addFirst: true}},
	{"answerFirst", rules{answerFirst: true}},
	{"loserRefused", rules{loserRefused: true}},
	{"loserIssues", rules{loserIssues: true}},
	{"retryForever", rules{retryForever: true}},
	{"retryOfUsed", rules{retryOfUsed: true}},
	{"retryIssues", rules{retryIssues: true}},
	{"retryOfRevoked", rules{retryOfRevoked: true}},
	{"noRetry", rules{noRetry: true}},
	{"reuseIgnored", rules{reuseIgnored: true}},
	{"reuseEndsLeaf", rules{reuseEndsLeaf: true}},
	{"onlyLastAncestor", rules{onlyLastAncestor: true}},
	{"graceFromStart", rules{graceFromStart: true}},
	{"revocationFirst", rules{revocationFirst: true}},
	{"revocationEndsLeaf", rules{revocationEndsLeaf: true}},
	{"sweepSpent", rules{sweepSpent: true}},
	{"sweepForgets", rules{sweepForgets: true}},
	{"revokedIsNotLookedAt", rules{revokedIsNotLookedAt: true}},
}

// Every broken rule is found, by an invariant that it breaks.
func TestBrokenRulesAreFound(t *testing.T) {
	seen := make(map[error]bool)
	if n := reflect.TypeFor[rules]().NumField(); n != len(broken) {
		t.Errorf("there are %d rules, and %d are broken", n, len(broken))
	}
	for _, b := range broken {
		states, found := explore(b.rules, bounds{crashes: 1, ticks: 1})
		if found == nil {
			t.Errorf("%s: %d states, and nothing is broken", b.name, states)
			continue
		}
		seen[found.broken] = true
		t.Logf("%s: %v, after %d steps", b.name, found.broken, len(found.path))
	}
	for _, invariant := range []error{errTwoLeaves, errReuseServed, errReuseLives, errRevokedLives, errNotRevoked, errNotThere, errLostSession} {
		if !seen[invariant] {
			t.Errorf("no broken rule shows that this bites: %v", invariant)
		}
	}
}
