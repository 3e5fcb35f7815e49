package nthcall

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// A Fault is what an engine can say.
type Fault struct {
	Name string
	Err  error
	// Transient: the store tries again itself, and succeeds.
	Transient bool
	// Undone: it is said only of what did not happen, so an answer that was lost
	// cannot look like this.
	Undone bool
	// Kept: what the calls before it did is not undone, as a write that replicas
	// are then waited for.
	Kept bool
}

// An Engine is one whose calls fail on demand.
type Engine interface {
	// Arm lets the nth call from now on fail, from 1, with every call after it if
	// every; after: the call happens, and its answer is lost.
	Arm(n int, every, after bool, f Fault)
	// Disarm ends that. It returns how many calls there were, and whether one
	// failed.
	Disarm() (calls int, failed bool)
}

// A trial is one verb on records of its own.
type trial struct {
	name    string
	prepare func(st store.Store, id string) error
	do      func(st store.Store, id string) error
	// applied reports whether all of it happened, or nothing; an error is a part.
	applied func(st store.Store, id string) (bool, error)
	again   error // what a repetition of what had happened gets
}

var (
	background = context.Background()
	noon       = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
)

func digestOf(id, what string) store.Digest { return store.NewDigest(store.RefreshToken, id+" "+what) }

func tokenOf(id, what string) store.Token {
	return store.Token{Digest: digestOf(id, what), Kind: store.RefreshToken, GrantID: id, ClientID: "client", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
}

func issueGrant(st store.Store, id string) error {
	g := store.Grant{ID: id, Subject: "alice", ClientID: "client", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	return st.Issue(background, &g, tokenOf(id, "first"), tokenOf(id, "second"))
}

// both reports whether two tokens are there, or neither.
func both(st store.Store, id, one, other string) (bool, error) {
	_, _, err1 := st.Token(background, digestOf(id, one))
	_, _, err2 := st.Token(background, digestOf(id, other))
	if (err1 == nil) != (err2 == nil) || err1 != nil && !errors.Is(err1, store.ErrNotFound) {
		return false, fmt.Errorf("half of it happened: %v, %v", err1, err2)
	}
	return err1 == nil, nil
}

var trials = []trial{
	{"Issue", func(store.Store, string) error { return nil }, issueGrant,
		func(st store.Store, id string) (bool, error) { return both(st, id, "first", "second") }, store.ErrConflict},
	{"ConsumeToken", issueGrant, func(st store.Store, id string) error {
		return st.ConsumeToken(background, store.Consumption{Token: digestOf(id, "first"), At: noon, Successor: digestOf(id, "third"), Successors: []store.Token{tokenOf(id, "third"), tokenOf(id, "fourth")}})
	}, func(st store.Store, id string) (bool, error) {
		added, err := both(st, id, "third", "fourth")
		if err != nil {
			return false, err
		}
		token, _, err := st.Token(background, digestOf(id, "first"))
		if err == nil && token.ConsumedAt.IsZero() == added {
			err = errors.New("half of it happened")
		}
		return added, err
	}, store.ErrConsumed},
	{"RevokeGrants", issueGrant, func(st store.Store, id string) error {
		_, err := st.RevokeGrants(background, store.GrantFilter{ID: id}, noon)
		return err
	}, func(st store.Store, id string) (bool, error) {
		_, grant, err := st.Token(background, digestOf(id, "first"))
		return !grant.RevokedAt.IsZero(), err
	}, nil},
	{"RegisterClient", func(store.Store, string) error { return nil }, func(st store.Store, id string) error {
		_, err := st.RegisterClient(background, store.Client{ID: id, Metadata: []byte(`{}`), Source: "dynamic", CreatedAt: noon, UpdatedAt: noon}, noon, tokenlessOf(id))
		return err
	}, func(st store.Store, id string) (bool, error) {
		_, err := st.Client(background, id)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}, store.ErrConflict},
	{"CreateSession", func(store.Store, string) error { return nil }, func(st store.Store, id string) error {
		return st.CreateSession(background, store.Session{Digest: digestOf(id, "session"), ID: id, Subject: "alice", AuthTime: noon, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}, store.Digest{})
	}, func(st store.Store, id string) (bool, error) {
		_, err := st.Session(background, digestOf(id, "session"))
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}, store.ErrConflict},
}

func tokenlessOf(id string) store.Token {
	return store.Token{Digest: digestOf(id, "registration"), Kind: store.RegistrationAccessToken, ClientID: id, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
}

// EngineCalls lets every call that verbs of st make to e fail once, with each of
// faults, before it took effect and after: what was acknowledged is there, what
// failed is whole or not there at all, and doing it again is right. It returns how
// often that was.
func EngineCalls(t *testing.T, st store.Store, e Engine, faults []Fault) (failures int) {
	t.Helper()
	for _, verb := range trials {
		for _, fault := range faults {
			for _, after := range []bool{false, true} {
				if after && (fault.Transient || fault.Undone) {
					continue
				}
				for n := 1; failOnce(t, st, e, verb, fault, n, after); n++ {
					failures++
				}
			}
			if fault.Transient {
				failAlways(t, st, e, verb, fault)
			}
		}
	}
	return failures
}

var trialsSoFar int

// failOnce lets the nth call fail and reports whether there was one.
func failOnce(t *testing.T, st store.Store, e Engine, verb trial, fault Fault, n int, after bool) bool {
	t.Helper()
	trialsSoFar++
	id := fmt.Sprintf("trial-%d", trialsSoFar)
	name := fmt.Sprintf("%s, %s at call %d, after %v", verb.name, fault.Name, n, after)
	if err := verb.prepare(st, id); err != nil {
		t.Fatal(err)
	}
	e.Arm(n, false, after, fault)
	err := verb.do(st, id)
	_, failed := e.Disarm()
	applied, half := verb.applied(st, id)
	if half != nil {
		t.Errorf("%s: %v", name, half)
	}
	switch {
	case err == nil && !applied:
		t.Errorf("%s: acknowledged, and did not happen", name)
	case err == nil && failed && !fault.Transient:
		t.Errorf("%s: acknowledged", name)
	case err != nil && fault.Transient:
		t.Errorf("%s: not tried again: %v", name, err)
	case err != nil && !errors.Is(err, store.ErrUnavailable):
		t.Errorf("%s: %v", name, err)
	case err != nil && !after && applied && !fault.Kept:
		t.Errorf("%s: failed, and happened", name)
	}
	want := error(nil)
	if applied {
		want = verb.again
	}
	if again := verb.do(st, id); !errors.Is(again, want) {
		t.Errorf("%s: done again it gets %v, want %v", name, again, want)
	}
	return failed
}

// failAlways lets every call fail with an error that is worth another try: the
// tries end.
func failAlways(t *testing.T, st store.Store, e Engine, verb trial, fault Fault) {
	t.Helper()
	trialsSoFar++
	id := fmt.Sprintf("trial-%d", trialsSoFar)
	if err := verb.prepare(st, id); err != nil {
		t.Fatal(err)
	}
	e.Arm(1, true, false, fault)
	err := verb.do(st, id)
	calls, _ := e.Disarm()
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%s, %s for ever: %v", verb.name, fault.Name, err)
	}
	if calls > 12 {
		t.Errorf("%s, %s for ever: %d calls", verb.name, fault.Name, calls)
	}
	if applied, half := verb.applied(st, id); applied || half != nil {
		t.Errorf("%s, %s for ever: happened %v, %v", verb.name, fault.Name, applied, half)
	}
}
