package storetest

import (
	"testing"

	"github.com/charterauth/charter/impl/store"
)

// health is the last group to use its store, since it closes it.
var health = group{"health", []rule{
	{"Ping", func(t testing.TB, s store.Store) {
		for range 3 {
			want(t, "Ping", s.Ping(bg), nil)
		}
	}},
	{"Ping changes nothing", func(t testing.TB, s store.Store) {
		g, tokens := issued(t, s, 1)
		must(t, "Ping", s.Ping(bg))
		readToken(t, s, "after Ping", tokens[0], g)
		n, err := s.Sweep(bg, epoch.AddDate(0, 0, -1), 1000)
		want(t, "Sweep after Ping", err, nil)
		if n != 0 {
			t.Errorf("Ping left %d records to sweep", n)
		}
	}},
	{"Close", func(t testing.TB, s store.Store) { want(t, "Close", s.Close(), nil) }},
}}
