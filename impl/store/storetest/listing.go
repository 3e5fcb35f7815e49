package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// listings: in the order of the bytes, behind after, at most limit.
var listings = group{"listings", []rule{
	{"Clients", listClients},
	{"Accounts", listAccounts},
	{"Events", listEvents},
	{"Grants", listGrants},
	{"Keys", listKeys},
}}

// ordered are identifiers in the order of their bytes, in which a collation
// would not put them.
var ordered = []string{"!", "-a", "A", "B", "Z", "_", "a", "a b", "aB", "aa", "ab", "b", "é", "ｂ", "🔑"}

func listClients(t testing.TB, s store.Store) {
	for _, i := range shuffled {
		c := aClient()
		c.ID = ordered[i]
		registered(t, s, c)
	}
	pages(t, func(after string, limit int) (ids []string, err error) {
		list, err := s.Clients(bg, after, limit)
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		return ids, err
	})
}

func listAccounts(t testing.TB, s store.Store) {
	for _, i := range shuffled {
		a := anAccount()
		a.ID = ordered[i]
		a = created(t, s, a)
	}
	pages(t, func(after string, limit int) (ids []string, err error) {
		list, err := s.Accounts(bg, after, limit)
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		return ids, err
	})
}

func listEvents(t testing.TB, s store.Store) {
	for _, i := range shuffled {
		e := anEvent()
		e.ID = ordered[i]
		must(t, "Record", s.Record(bg, e))
	}
	pages(t, func(after string, limit int) (ids []string, err error) {
		list, err := s.Events(bg, after, limit)
		for _, e := range list {
			ids = append(ids, e.ID)
		}
		return ids, err
	})
}

func listGrants(t testing.TB, s store.Store) {
	subject, at := fresh("subject"), epoch
	add := func(id string, expiresAt time.Time) {
		g := aGrant()
		g.ID, g.Subject, g.ExpiresAt = id, subject, expiresAt
		must(t, "Issue", s.Issue(bg, &g))
	}
	for _, i := range shuffled {
		add(ordered[i], []time.Time{{}, at.Add(time.Microsecond)}[i%2])
	}
	add("aaa expired now", at)
	add("aaa expired before", at.Add(-time.Hour))
	add("aaa revoked", time.Time{})
	_, err := s.RevokeGrants(bg, store.GrantFilter{ID: "aaa revoked"}, epoch)
	must(t, "RevokeGrants", err)
	issued(t, s, 0) // somebody else's
	all, err := s.Grants(bg, store.GrantFilter{Subject: subject}, time.Time{}, "", 1000)
	must(t, "Grants", err)
	if len(all) != len(ordered)+3 {
		t.Errorf("Grants at no time: %d grants, want those that are over too: %d", len(all), len(ordered)+3)
	}
	pages(t, func(after string, limit int) (ids []string, err error) {
		list, err := s.Grants(bg, store.GrantFilter{Subject: subject}, at, after, limit)
		for _, g := range list {
			ids = append(ids, g.ID)
		}
		return ids, err
	})
}

// shuffled is an order to add the ordered identifiers in that no index keeps.
var shuffled = []int{7, 2, 14, 0, 9, 4, 11, 6, 13, 1, 8, 3, 10, 5, 12}

// pages reads a listing whose store holds exactly the ordered identifiers with
// every page size, and behind what is not there.
func pages(t testing.TB, list func(after string, limit int) ([]string, error)) {
	t.Helper()
	for _, limit := range []int{1, 2, 7, len(ordered), 1000} {
		var all []string
		for after := ""; ; after = all[len(all)-1] {
			ids, err := list(after, limit)
			must(t, "list", err)
			if len(ids) > limit {
				t.Fatalf("limit %d: %d records", limit, len(ids))
			}
			if len(ids) == 0 || len(all) > len(ordered) {
				break
			}
			all = append(all, ids...)
		}
		if !slices.Equal(all, ordered) {
			t.Errorf("limit %d: %q, want %q", limit, all, ordered)
		}
	}
	for after, expected := range map[string]string{"a a": "a b", "aC": "aa", "AZ": "B", "": "!"} {
		ids, err := list(after, 1)
		must(t, "list", err)
		if !slices.Equal(ids, []string{expected}) {
			t.Errorf("behind %q: %q, want %q", after, ids, expected)
		}
	}
	for _, limit := range []int{0, -1} {
		ids, err := list("", limit)
		must(t, "list", err)
		if len(ids) != 0 {
			t.Errorf("limit %d: %d records", limit, len(ids))
		}
	}
}

func listKeys(t testing.TB, s store.Store) {
	use := fresh("use")
	var expected []string
	for _, suffix := range []string{"A", "a"} {
		for _, algorithm := range []string{"ES256", "EdDSA", "RS256"} {
			for _, generation := range []int64{1, 2, 9, 10, 100} {
				expected = append(expected, fmt.Sprint(use+suffix, algorithm, generation))
			}
		}
	}
	for i := range expected {
		i = i * 7 % len(expected)
		k := aKey()
		k.Use = use + []string{"A", "a"}[i/15]
		k.Algorithm = []string{"ES256", "EdDSA", "RS256"}[i/5%3]
		k.Generation = []int64{1, 2, 9, 10, 100}[i%5]
		must(t, "CreateKey", s.CreateKey(bg, k))
	}
	keys, err := s.Keys(bg)
	must(t, "Keys", err)
	var got []string
	for _, k := range keys {
		got = append(got, fmt.Sprint(k.Use, k.Algorithm, k.Generation))
	}
	if !slices.Equal(got, expected) {
		t.Errorf("Keys: %q, want %q", got, expected)
	}
}
