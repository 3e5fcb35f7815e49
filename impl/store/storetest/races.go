package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/charterauth/charter/impl/store"
)

var races = []race{
	{"RevokeGrants", raceRevoke},
	{"ConsumeToken", raceConsume},
	{"ConsumeToken and RevokeGrants", raceConsumeRevoke},
	{"ConsumeToken with a new grant", raceAnswer},
	{"Once", raceOnce},
	{"Count", raceCount},
	{"RegisterClient", raceRegister},
	{"ReplaceClient", raceReplaceClient},
	{"RegisterClient and ReplaceClient", raceRegisterReplace},
	{"DeleteClient", raceDeleteClient},
	{"Issue", raceIssue},
	{"ReplaceAccount by name", raceAccount},
	{"ReplaceAccount", raceReplaceAccount},
	{"CreateKey", raceKey},
	{"ClaimDeliveries", raceClaim},
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

// raceRevoke: all racers revoke the same grants. Each grant is revoked once, and
// the rows are locked in an order that lets everybody through.
func raceRevoke(t testing.TB, s store.Store) func() contest {
	return func() contest {
		const grants = 3
		subject := fresh("subject")
		for range grants {
			g := aGrant()
			g.Subject = subject
			must(t, "Issue", s.Issue(bg, &g))
		}
		var counts [racers]int
		return contest{
			call: func(i int, s store.Store) (err error) {
				counts[i], err = s.RevokeGrants(bg, store.GrantFilter{Subject: subject}, epoch)
				return err
			},
			settled: func(s store.Store, _ int) string {
				sum := 0
				for _, n := range counts {
					sum += n
				}
				live, err := grantsOf(s, subject)
				if sum != grants || len(live) != 0 || err != nil {
					return fmt.Sprintf("%d grants were revoked %d times, %d are live (%v)", grants, counts, len(live), err)
				}
				return ""
			},
		}
	}
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

// raceConsumeRevoke: noting a use of a grant must not undo its revocation.
func raceConsumeRevoke(t testing.TB, s store.Store) func() contest {
	return func() contest {
		g, tokens := issued(t, s, racers)
		return contest{
			call: func(i int, s store.Store) error {
				if i == 0 {
					_, err := s.RevokeGrants(bg, store.GrantFilter{ID: g.ID}, epoch)
					return err
				}
				err := s.ConsumeToken(bg, spend(tokens[i]))
				if errors.Is(err, store.ErrNotFound) {
					return nil // the revocation came first
				}
				return err
			},
			settled: func(s store.Store, _ int) string {
				_, got, err := s.Token(bg, tokens[0].Digest)
				if err != nil || got.RevokedAt.IsZero() {
					return fmt.Sprintf("the grant that was revoked is live (%v)", err)
				}
				return ""
			},
		}
	}
}

func raceAnswer(t testing.TB, s store.Store) func() contest {
	return func() contest {
		r := aRequest()
		must(t, "Issue of a request", s.Issue(bg, nil, r))
		var grants [racers]store.Grant
		var tokens [racers]store.Token
		for i := range grants {
			grants[i] = aGrant()
			tokens[i] = aToken(grants[i])
		}
		return contest{
			call: func(i int, s store.Store) error { return s.ConsumeToken(bg, answer(r, &grants[i], tokens[i])) },
			lost: store.ErrConsumed,
			settled: func(s store.Store, winner int) string {
				for i, g := range grants {
					if _, err := grantByID(s, g.ID); (err == nil) != (i == winner) {
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

func raceIssue(testing.TB, store.Store) func() contest {
	return func() contest {
		g := aGrant()
		var tokens [racers]store.Token
		for i := range tokens {
			tokens[i] = aToken(g)
		}
		return contest{
			call:    func(i int, s store.Store) error { return s.Issue(bg, &g, tokens[i]) },
			lost:    store.ErrConflict,
			settled: func(s store.Store, winner int) string { return only(s, tokens, winner) },
		}
	}
}
