package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/charterauth/charter/impl/store"
)

var races = []race{
	{"ConsumeToken", raceConsume},
	{"AnswerRequest", raceAnswer},
	{"Once", raceOnce},
	{"Count", raceCount},
	{"RegisterClient", raceRegister},
	{"ReplaceClient", raceReplaceClient},
	{"DeleteClient", raceDeleteClient},
	{"Issue", raceIssue},
	{"RevokeGrants", raceRevoke},
	{"CreateAccount", raceAccount},
	{"ReplaceAccount", raceReplaceAccount},
	{"CreateKey", raceKey},
}

// only reports the racers whose token is there though they lost, and a winner
// whose token is not.
func only(s store.Store, tokens [racers]store.Token, winner int) string {
	for i, token := range tokens {
		_, _, err := s.Token(bg, token.Digest)
		if i == winner && err != nil {
			return fmt.Sprintf("the winner's token: %v", err)
		}
		if i != winner && !errors.Is(err, store.ErrNotFound) {
			return fmt.Sprintf("a token of loser %d: got %v, want %q", i, err, store.ErrNotFound)
		}
	}
	return ""
}

// raceConsume spends many tokens of one grant, one after the other, so that
// preparing a round costs nothing and every round meets a grant in use.
func raceConsume(t testing.TB, s store.Store) func() contest {
	var unspent []store.Token
	return func() contest {
		if len(unspent) == 0 {
			_, unspent = issued(t, s, 50)
		}
		token := unspent[0]
		unspent = unspent[1:]
		var next [racers]store.Token
		for i := range next {
			next[i] = aToken(store.Grant{ID: token.GrantID, ClientID: token.ClientID})
		}
		return contest{
			call: func(i int, s store.Store) error { return s.ConsumeToken(bg, spend(token, next[i])) },
			lost: store.ErrConsumed,
			settled: func(s store.Store, winner int) string {
				got, _, err := s.Token(bg, token.Digest)
				if err != nil || got.Successor != next[winner].Digest {
					return fmt.Sprintf("the spent token does not name the winner's successor (%v)", err)
				}
				return only(s, next, winner)
			},
		}
	}
}

func raceAnswer(t testing.TB, s store.Store) func() contest {
	return func() contest {
		r := aRequest()
		must(t, "CreateRequest", s.CreateRequest(bg, r))
		var grants [racers]store.Grant
		var tokens [racers]store.Token
		for i := range grants {
			grants[i] = aGrant()
			tokens[i] = aToken(grants[i])
		}
		return contest{
			call: func(i int, s store.Store) error { return s.AnswerRequest(bg, r.Handle, epoch, &grants[i], tokens[i]) },
			lost: store.ErrConsumed,
			settled: func(s store.Store, winner int) string {
				for i, g := range grants {
					if _, err := s.Grant(bg, g.ID); (err == nil) != (i == winner) {
						return fmt.Sprintf("racer %d won: the grant of racer %d: %v", winner, i, err)
					}
				}
				return only(s, tokens, winner)
			},
		}
	}
}

func raceOnce(testing.TB, store.Store) func() contest {
	return func() contest {
		id := fresh("id")
		return contest{
			call:    func(_ int, s store.Store) error { return s.Once(bg, "race", id, epoch) },
			lost:    store.ErrConsumed,
			settled: func(store.Store, int) string { return "" },
		}
	}
}

func raceCount(testing.TB, store.Store) func() contest {
	return func() contest {
		id := fresh("id")
		var values [racers]int
		return contest{
			call: func(i int, s store.Store) (err error) {
				values[i], err = s.Count(bg, "race", id, epoch, epoch.AddDate(1, 0, 0))
				return err
			},
			settled: func(store.Store, int) string {
				slices.Sort(values[:])
				for i, v := range values {
					if v != i+1 {
						return fmt.Sprintf("the racers counted %d", values)
					}
				}
				return ""
			},
		}
	}
}

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

func raceIssue(testing.TB, store.Store) func() contest {
	return func() contest {
		g := aGrant()
		var tokens [racers]store.Token
		for i := range tokens {
			tokens[i] = aToken(g)
		}
		return contest{
			call:    func(i int, s store.Store) error { return s.Issue(bg, g, tokens[i]) },
			lost:    store.ErrConflict,
			settled: func(s store.Store, winner int) string { return only(s, tokens, winner) },
		}
	}
}

func raceRevoke(t testing.TB, s store.Store) func() contest {
	return func() contest {
		g, _ := issued(t, s, 0)
		var counts [racers]int
		return contest{
			call: func(i int, s store.Store) (err error) {
				counts[i], err = s.RevokeGrants(bg, store.GrantFilter{Subject: g.Subject}, epoch)
				return err
			},
			settled: func(store.Store, int) string {
				slices.Sort(counts[:])
				if counts[racers-2] != 0 || counts[racers-1] != 1 {
					return fmt.Sprintf("one grant was revoked %d times", counts)
				}
				return ""
			},
		}
	}
}

func raceAccount(testing.TB, store.Store) func() contest {
	return func() contest {
		name := fresh("name")
		var accounts [racers]store.Account
		for i := range accounts {
			accounts[i] = anAccount()
			accounts[i].Name = name
		}
		return contest{
			call: func(i int, s store.Store) error { return s.CreateAccount(bg, accounts[i]) },
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
	a := anAccount()
	must(t, "CreateAccount", s.CreateAccount(bg, a))
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
