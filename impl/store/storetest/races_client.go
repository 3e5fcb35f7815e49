package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/charterauth/charter/impl/store"
)

// raceRegister: the same public client, registered by all at once, is one.
func raceRegister(testing.TB, store.Store) func() contest {
	return func() contest {
		fingerprint := freshDigest()
		var given, got [racers]store.Client
		for i := range given {
			given[i] = aClient()
			given[i].Fingerprint = fingerprint
		}
		return contest{
			call: func(i int, s store.Store) (err error) {
				got[i], err = s.RegisterClient(bg, given[i], epoch)
				return err
			},
			settled: func(s store.Store, _ int) string {
				for i := range got {
					if got[i].ID != got[0].ID {
						return fmt.Sprintf("racers got clients %s and %s", got[0].ID, got[i].ID)
					}
					_, err := s.Client(bg, given[i].ID)
					if (err == nil) != (given[i].ID == got[0].ID) {
						return fmt.Sprintf("all got %s: client %s: %v", got[0].ID, given[i].ID, err)
					}
				}
				return ""
			},
		}
	}
}

// raceReplaceClient lets every racer change what it read, round after round.
func raceReplaceClient(t testing.TB, s store.Store) func() contest {
	id := registered(t, s, aClient()).ID
	return func() contest {
		read, err := s.Client(bg, id)
		must(t, "Client", err)
		return contest{
			call: func(i int, s store.Store) error {
				c := read
				c.Metadata = fmt.Appendf(nil, `{"racer":%d}`, i)
				return s.ReplaceClient(bg, c)
			},
			lost: store.ErrConflict,
			settled: func(s store.Store, winner int) string {
				c, err := s.Client(bg, id)
				if err != nil || c.Revision != read.Revision+1 || string(c.Metadata) != fmt.Sprintf(`{"racer":%d}`, winner) {
					return fmt.Sprintf("racer %d won, stored: %s at revision %d after %d (%v)", winner, c.Metadata, c.Revision, read.Revision, err)
				}
				return ""
			},
		}
	}
}

// raceRegisterReplace: whoever read the client before it was shared may not
// change it after.
func raceRegisterReplace(t testing.TB, s store.Store) func() contest {
	return func() contest {
		c := aClient()
		c.Fingerprint = freshDigest()
		read := registered(t, s, c)
		return contest{
			call: func(i int, s store.Store) error {
				if i%2 == 0 {
					again := aClient()
					again.Fingerprint = c.Fingerprint
					_, err := s.RegisterClient(bg, again, epoch)
					return err
				}
				if err := s.ReplaceClient(bg, read); !errors.Is(err, store.ErrConflict) {
					return err
				}
				return nil
			},
			settled: func(s store.Store, _ int) string {
				got, err := s.Client(bg, c.ID)
				if err != nil || !got.Shared {
					return fmt.Sprintf("the client that answered for several registrants is not shared (%v)", err)
				}
				return ""
			},
		}
	}
}

func raceDeleteClient(t testing.TB, s store.Store) func() contest {
	return func() contest {
		c := registered(t, s, aClient())
		return contest{
			call:    func(_ int, s store.Store) error { return s.DeleteClient(bg, c.ID, epoch) },
			lost:    store.ErrNotFound,
			settled: func(store.Store, int) string { return "" },
		}
	}
}
