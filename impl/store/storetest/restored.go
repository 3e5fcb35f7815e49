package storetest

import (
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// restoredRoundTrip: the store of a copy tells from when on it is one, the same to
// all who ask, and a later restore counts from then.
func restoredRoundTrip(t testing.TB, s store.Store) {
	expect := func(what string, at, want time.Time) {
		t.Helper()
		got, err := store.RestoredAt(bg, s, at)
		if err != nil || !got.Equal(want) {
			t.Errorf("RestoredAt %s: %v, %v; want %v", what, got, err, want)
		}
	}
	first, later := epoch.Add(time.Microsecond), epoch.Add(time.Hour)
	expect("of what is no copy", first, time.Time{})
	must(t, "MarkCopy", store.MarkCopy(bg, s))
	expect("when a copy is opened", first, first)
	expect("when it is opened again", later, first)
	must(t, "MarkRestored", store.MarkRestored(bg, s, later))
	expect("after another restore", later.Add(time.Hour), later)
	must(t, "MarkCopy of what was restored", store.MarkCopy(bg, s))
	expect("when that is opened", later.Add(time.Minute), later.Add(time.Minute))
}
