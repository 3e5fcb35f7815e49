package storetest

import (
	"fmt"
	"testing"

	"github.com/charterauth/charter/impl/store"
)

func raceAccount(testing.TB, store.Store) func() contest {
	return func() contest {
		name := fresh("name")
		var accounts [racers]store.Account
		for i := range accounts {
			accounts[i] = anAccount()
			accounts[i].Name = name
		}
		return contest{
			call: func(i int, s store.Store) error { return s.ReplaceAccount(bg, accounts[i]) },
			lost: store.ErrConflict,
			settled: func(s store.Store, winner int) string {
				a, err := s.AccountByName(bg, name)
				if err != nil || a.ID != accounts[winner].ID {
					return fmt.Sprintf("racer %d won with %s, stored: %s (%v)", winner, accounts[winner].ID, a.ID, err)
				}
				return ""
			},
		}
	}
}

func raceReplaceAccount(t testing.TB, s store.Store) func() contest {
	a := created(t, s, anAccount())
	return func() contest {
		read, err := s.Account(bg, a.ID)
		must(t, "Account", err)
		return contest{
			call: func(i int, s store.Store) error {
				next := read
				next.PasswordHash = fmt.Sprint("racer ", i)
				return s.ReplaceAccount(bg, next)
			},
			lost: store.ErrConflict,
			settled: func(s store.Store, winner int) string {
				got, err := s.Account(bg, a.ID)
				if err != nil || got.Revision != read.Revision+1 || got.PasswordHash != fmt.Sprint("racer ", winner) {
					return fmt.Sprintf("racer %d won, stored: %s at revision %d after %d (%v)", winner, got.PasswordHash, got.Revision, read.Revision, err)
				}
				return ""
			},
		}
	}
}

// raceKey: processes that all find a key missing make one.
func raceKey(testing.TB, store.Store) func() contest {
	use, generation := fresh("use"), int64(0)
	return func() contest {
		generation++
		var keys [racers]store.Key
		for i := range keys {
			keys[i] = aKey()
			keys[i].Use, keys[i].Generation = use, generation
		}
		return contest{
			call:    func(i int, s store.Store) error { return s.CreateKey(bg, keys[i]) },
			lost:    store.ErrConflict,
			settled: func(store.Store, int) string { return "" },
		}
	}
}
