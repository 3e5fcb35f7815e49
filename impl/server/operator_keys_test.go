package server

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

func (r *ringTest) states() map[string]int {
	r.t.Helper()
	keys, err := r.store.Keys(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	n := map[string]int{}
	for _, k := range keys {
		n[k.Algorithm+" "+KeyState(k, r.now())]++
	}
	return n
}

// An operator's rotation publishes the next key of every algorithm before it
// signs, keeps the old one until nobody needs it, and makes no key where there was
// none.
func TestRotateStoredKeys(t *testing.T) {
	r := newRingTest(t)
	ctx := context.Background()
	if err := RotateStoredKeys(ctx, r.store, r.kek, r.now); !errors.Is(err, ErrNoKeys) || len(r.states()) != 0 {
		t.Errorf("without keys: %v, %v", err, r.states())
	}
	ring := r.process("ES256", "EdDSA")
	if err := RotateStoredKeys(ctx, r.store, testKEK(t), r.now); err == nil {
		t.Error("rotated with another key-encryption key")
	}
	if got := r.states(); got["ES256 active"] != 1 || got["EdDSA active"] != 1 || len(got) != 2 {
		t.Errorf("before: %v", got)
	}
	for range 2 { // while the next key waits there is no other
		if err := RotateStoredKeys(ctx, r.store, r.kek, r.now); err != nil {
			t.Fatal(err)
		}
		if got := r.states(); got["ES256 active"] != 1 || got["ES256 next"] != 1 || got["EdDSA active"] != 1 || got["EdDSA next"] != 1 || len(got) != 4 {
			t.Errorf("rotated: %v", got)
		}
	}
	events, err := r.store.Events(ctx, "", 10)
	if err != nil || len(events) != 2 || events[0].Reason != "keys_rotated_by_operator" {
		t.Errorf("recorded %+v, %v", events, err)
	}
	r.pass(publishLead - time.Minute)
	old := r.sign(ring)
	r.pass(time.Minute)
	if got := r.states(); got["ES256 retired"] != 1 || got["ES256 active"] != 1 || len(got) != 4 {
		t.Errorf("after the lead: %v", got)
	}
	restarted := r.process("ES256", "EdDSA")
	if err := r.verify(restarted, old); err != nil {
		t.Errorf("a token of the retired key: %v", err)
	}
	if err := r.verify(restarted, r.sign(restarted)); err != nil {
		t.Errorf("a token of the new key: %v", err)
	}
	for _, k := range mustKeys(t, r.store) {
		if !k.ExpiresAt.IsZero() && KeyState(k, k.ExpiresAt) != "expired" {
			t.Errorf("at its end a key is %s", KeyState(k, k.ExpiresAt))
		}
	}
	// An algorithm whose keys have all expired is not made again.
	r.pass(365 * 24 * time.Hour)
	for _, k := range mustKeys(t, r.store) {
		if err := r.store.RetireKey(ctx, k.ID, r.now(), r.now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := RotateStoredKeys(ctx, r.store, r.kek, r.now); !errors.Is(err, ErrNoKeys) {
		t.Errorf("with expired keys alone: %v", err)
	}
}

func mustKeys(t *testing.T, st store.Store) []store.Key {
	t.Helper()
	keys, err := st.Keys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
