package storetest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// TestPlantedBugs shows that every part of the kit can fail: each bug is caught
// by the rule that is there for it, and the same rule passes without the bug.
func TestPlantedBugs(t *testing.T) {
	proof.Of(t, "REL-10")
	type wrap func(store.Store) store.Store
	for _, bug := range []struct {
		name  string
		plant wrap
		rule  string
	}{
		{"read then write", func(s store.Store) store.Store { return readThenWrite{s} }, "races/ConsumeToken"},
		{"successors first", func(s store.Store) store.Store { return successorsFirst{s} }, "races/ConsumeToken"},
		{"whole row written back", func(s store.Store) store.Store {
			return writesBack{s, new(sync.Mutex), map[string]time.Time{}}
		}, "races/ConsumeToken and RevokeGrants"},
		{"last write wins", func(s store.Store) store.Store { return lastWins{s} }, "races/RegisterClient and ReplaceClient"},
		{"everybody answers", func(s store.Store) store.Store { return answersEverybody{s} }, "races/ConsumeToken with a new grant"},
		{"check then mark", func(s store.Store) store.Store {
			return onceLater{s, new(sync.Mutex), map[string]bool{}}
		}, "races/Once"},
		{"lost update", func(s store.Store) store.Store {
			return lostUpdate{s, new(sync.Mutex), map[string]int{}}
		}, "races/Count"},
		{"claimed anew", func(s store.Store) store.Store { return claimsAnew{s} }, "races/ClaimDeliveries"},
		{"claimed anew", func(s store.Store) store.Store { return claimsAnew{s} }, "round trip/delivery"},
		{"look then register", func(s store.Store) store.Store { return lookThenRegister{s} }, "races/RegisterClient"},
		{"last write wins", func(s store.Store) store.Store { return lastWins{s} }, "races/ReplaceClient"},
		{"last write wins", func(s store.Store) store.Store { return lastWins{s} }, "refusals/revision changed"},

		{"answer forgets the grant", func(s store.Store) store.Store { return forgetsGrant{s} }, "round trip/consumption with a new grant"},
		{"forgotten field", func(s store.Store) store.Store { return forgetsField{s} }, "round trip/grant and token"},
		{"whole seconds", func(s store.Store) store.Store { return wholeSeconds{s} }, "round trip/times"},
		{"zero time taken for now", func(s store.Store) store.Store { return revivesZero{s} }, "refusals/zero time marks nothing"},
		{"revocation ignored", func(s store.Store) store.Store { return ignoresRevocation{s} }, "refusals/grant revoked"},
		{"revocation ignored", func(s store.Store) store.Store { return ignoresRevocation{s} }, "cascades/DeleteClient"},
		{"counter never restarts", func(s store.Store) store.Store { return neverRestarts{s} }, "refusals/counter restarts"},
		{"mark first", func(s store.Store) store.Store { return marksFirst{s} }, "all or nothing/ConsumeToken"},
		{"insert one by one", func(s store.Store) store.Store { return insertsOneByOne{s} }, "all or nothing/Issue"},
		{"empty filter matches all", func(s store.Store) store.Store {
			return revokesAll{s, new(sync.Mutex), map[string]bool{}}
		}, "cascades/RevokeGrants by an empty filter"},
		{"revocation not seen by Token", func(s store.Store) store.Store { return staleGrants{s} }, "cascades/RevokeGrants"},
		{"revocation not seen by Token", func(s store.Store) store.Store { return staleGrants{s} }, "cascades/DeleteAccount"},
		{"sessions outlive the account", func(s store.Store) store.Store {
			return keepsSessions{s, new(sync.Mutex), map[store.Digest]store.Session{}}
		}, "cascades/DeleteAccount"},
		{"shared slices", func(s store.Store) store.Store {
			return shares{s, new(sync.Mutex), map[string]store.Grant{}}
		}, "isolation/grant and token"},
		{"cancelled is not found", func(s store.Store) store.Store { return believesCancelled{s} }, "cancellation/context already cancelled"},
		{"cut in two", func(s store.Store) store.Store { return cutInTwo{s} }, "cancellation/context cancelled under way"},
		{"case folded", func(s store.Store) store.Store { return foldsCase{s} }, "texts/looked up exactly"},
		{"truncated", func(s store.Store) store.Store { return truncates{s} }, "texts/kept exactly or refused"},
		{"truncated", func(s store.Store) store.Store { return truncates{s} }, "texts/long enough"},
		{"NUL reaches the engine", func(s store.Store) store.Store { return unavailableText{s} }, "texts/not found, not an error"},
		{"page skips", func(s store.Store) store.Store { return skipsOne{s} }, "listings/Clients"},
		{"expired grants listed", func(s store.Store) store.Store { return listsDead{s} }, "listings/Grants"},
		{"spent tokens swept", func(s store.Store) store.Store {
			return sweepsSpent{s, new(sync.Mutex), map[store.Digest]bool{}, map[store.Digest]bool{}}
		}, "sweep/consumed token"},
		{"swept early", func(s store.Store) store.Store { return sweepsEarly{s} }, "sweep/what is needed stays"},
		{"nothing swept", func(s store.Store) store.Store { return sweepsNothing{s} }, "sweep/what is over goes"},
		{"counter never restarts", func(s store.Store) store.Store { return neverRestarts{s} }, "model/random verbs"},
		{"deliveries one by one", func(s store.Store) store.Store { return enqueuesOneByOne{s} }, "all or nothing/Enqueue"},
		{"expired deliveries leased", func(s store.Store) store.Store {
			return claimsExpired{s, new(sync.Mutex), map[string]time.Time{}}
		}, "round trip/delivery"},
		{"expired deliveries kept", func(s store.Store) store.Store {
			return claimsExpired{s, new(sync.Mutex), map[string]time.Time{}}
		}, "sweep/what is over goes"},
		{"lease of others finished", func(s store.Store) store.Store { return finishesForOthers{s} }, "round trip/delivery"},
		{"done and kept", func(s store.Store) store.Store { return finishesNothing{s} }, "round trip/delivery"},
		{"done and kept", func(s store.Store) store.Store { return finishesNothing{s} }, "refusals/not found"},
		{"leased and due", func(s store.Store) store.Store { return leasesNothing{s} }, "round trip/delivery"},
		{"leased and due", func(s store.Store) store.Store { return leasesNothing{s} }, "races/ClaimDeliveries"},
		{"attempts forgotten", func(s store.Store) store.Store { return forgetsAttempts{s} }, "round trip/delivery"},
		{"leases without limit", func(s store.Store) store.Store { return leasesAll{s} }, "round trip/delivery"},
		{"shared payload", func(s store.Store) store.Store {
			return sharesPayload{s, new(sync.Mutex), map[string][]byte{}}
		}, "isolation/delivery"},
		{"due by its own clock", func(s store.Store) store.Store { return dueByItsOwnClock{s} }, "clock/of another age"},
		{"counter by its own clock", func(s store.Store) store.Store { return countsByItsOwnClock{s} }, "clock/of another age"},
		{"counter starts again", func(s store.Store) store.Store {
			return startsAgainWhenSetBack{s, new(sync.Mutex), map[string]time.Time{}}
		}, "clock/set back"},
		{"revoked earlier", func(s store.Store) store.Store { return revokesAgain{s} }, "clock/set back"},
		{"sweep without limit", func(s store.Store) store.Store { return sweepsAtOnce{s} }, "sweep/limit"},
	} {
		t.Run(bug.name+" in "+strings.ReplaceAll(bug.rule, "/", ", "), func(t *testing.T) {
			check := ruleNamed(t, bug.rule)
			if failed, log := Observe(t, func(t testing.TB) { check(t, memory.New()) }); failed {
				t.Fatalf("fails without the bug:\n%s", log)
			}
			failed, log := Observe(t, func(t testing.TB) { check(t, bug.plant(memory.New())) })
			if !failed {
				t.Fatal("passes with the bug")
			}
			t.Logf("caught:\n%s", log)
			if strings.Contains(log, "panic") {
				t.Errorf("caught by a panic:\n%s", log)
			}
		})
	}
}

// ruleNamed returns the one rule or race of a name.
func ruleNamed(t *testing.T, name string) func(testing.TB, store.Store) {
	t.Helper()
	for _, g := range groups {
		for _, r := range g.rules {
			if g.name+"/"+r.name == name {
				return r.check
			}
		}
	}
	for _, r := range races {
		if "races/"+r.name == name {
			return func(t testing.TB, s store.Store) {
				r.run(t, Harness{Open: func(testing.TB) store.Store { return s }})
			}
		}
	}
	t.Fatalf("the kit has no rule %q", name)
	return nil
}

// TestRaces shows what a third party does to prove the races on its own engine.
func TestRaces(t *testing.T) {
	planted := Harness{Open: func(testing.TB) store.Store { return readThenWrite{memory.New()} }}
	failed, log := Observe(t, func(t testing.TB) { Races(t, planted) })
	if !failed || !strings.Contains(log, "ConsumeToken") {
		t.Errorf("a read-then-write store passes the races:\n%s", log)
	}
}

// TestReplicas shows that the racers meet over the replicas: handles that share
// nothing all win.
func TestReplicas(t *testing.T) {
	h := Harness{
		Open:    func(testing.TB) store.Store { return memory.New() },
		Replica: func(testing.TB, store.Store) store.Store { return memory.New() },
	}
	if failed, log := Observe(t, func(t testing.TB) { Races(t, h) }); !failed {
		t.Errorf("replicas that share nothing pass the races:\n%s", log)
	}
	h.Replica = func(_ testing.TB, s store.Store) store.Store { return s }
	if failed, log := Observe(t, func(t testing.TB) { races[1].run(t, h) }); failed {
		t.Errorf("replicas that share all fail the races:\n%s", log)
	}
}

func TestObserve(t *testing.T) {
	for _, step := range []struct {
		name   string
		f      func(testing.TB)
		failed bool
		log    string
	}{
		{"nothing", func(testing.TB) {}, false, ""},
		{"log", func(t testing.TB) { t.Logf("a %d", 1) }, false, "a 1\n"},
		{"error", func(t testing.TB) { t.Error("a", 1); t.Log("after") }, true, "a 1\nafter\n"},
		{"fatal", func(t testing.TB) { t.Fatalf("a"); t.Log("after") }, true, "a\n"},
		{"panic", func(testing.TB) { panic("a") }, true, "panic: a\n"},
	} {
		failed, log := Observe(t, step.f)
		if failed != step.failed || log != step.log {
			t.Errorf("%s: failed %v, log %q; want %v, %q", step.name, failed, log, step.failed, step.log)
		}
	}
}

// The kit must fail, and not pass in silence, when a record gets a field of a
// kind that it cannot fill.
func TestFillRefusesUnknownKinds(t *testing.T) {
	type strange struct{ F float64 }
	if failed, log := Observe(t, func(t testing.TB) { filled[strange](t) }); !failed || !strings.Contains(log, "cannot fill") {
		t.Errorf("failed %v: %s", failed, log)
	}
}
