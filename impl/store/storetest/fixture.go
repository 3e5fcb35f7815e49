package storetest

import (
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// The records below are the smallest that the verbs accept; each call returns
// new identifiers. None of them is used up, revoked or expired at epoch.

func aClient() store.Client {
	return store.Client{
		ID: fresh("client"), Metadata: []byte(`{}`), Source: "dynamic", Revision: 1,
		CreatedAt: epoch, UpdatedAt: epoch, ExpiresAt: epoch.Add(time.Hour),
	}
}

func aRequest() store.Request {
	return store.Request{
		Handle: freshDigest(), Browser: freshDigest(), ClientID: fresh("client"),
		Parameters: []byte(`{}`), CreatedAt: epoch, ExpiresAt: epoch.Add(time.Hour),
	}
}

func aGrant() store.Grant {
	return store.Grant{
		ID: fresh("grant"), Subject: fresh("subject"), ClientID: fresh("client"),
		CreatedAt: epoch, LastUsedAt: epoch, ExpiresAt: epoch.Add(time.Hour),
	}
}

func aToken(g store.Grant) store.Token {
	return store.Token{
		Digest: freshDigest(), Kind: store.RefreshToken, GrantID: g.ID, ClientID: g.ClientID,
		CreatedAt: epoch, ExpiresAt: epoch.Add(time.Hour),
	}
}

func aSession(subject string) store.Session {
	return store.Session{
		Digest: freshDigest(), Subject: subject, AuthTime: epoch, CreatedAt: epoch, ExpiresAt: epoch.Add(time.Hour),
	}
}

func anAccount() store.Account {
	return store.Account{
		ID: fresh("account"), Name: fresh("name"), PasswordHash: "$argon2id$", Revision: 1,
		CreatedAt: epoch, UpdatedAt: epoch,
	}
}

func aKey() store.Key {
	return store.Key{
		ID: fresh("key"), Use: fresh("use"), Algorithm: "ES256", Generation: 1,
		Sealed: []byte("sealed"), CreatedAt: epoch, ActiveAt: epoch,
	}
}

func anEvent() store.Event { return store.Event{ID: fresh("event"), At: epoch, Reason: "test"} }

// issued adds a grant with tokens and returns them.
func issued(t testing.TB, s store.Store, tokens int) (store.Grant, []store.Token) {
	t.Helper()
	g := aGrant()
	var all []store.Token
	for range tokens {
		all = append(all, aToken(g))
	}
	must(t, "Issue", s.Issue(bg, g, all...))
	return g, all
}

func registered(t testing.TB, s store.Store, c store.Client, tokens ...store.Token) store.Client {
	t.Helper()
	got, err := s.RegisterClient(bg, c, epoch, tokens...)
	must(t, "RegisterClient", err)
	return got
}

// spend is the consumption of a token at epoch.
func spend(t store.Token, successors ...store.Token) store.Consumption {
	c := store.Consumption{Token: t.Digest, At: epoch, Successors: successors, GrantExpiresAt: epoch}
	if len(successors) > 0 {
		c.Successor = successors[0].Digest
	}
	return c
}

// absent reports a token that should not be there.
func absent(t testing.TB, s store.Store, what string, tokens ...store.Token) {
	t.Helper()
	for _, token := range tokens {
		_, _, err := s.Token(bg, token.Digest)
		want(t, what+": Token", err, store.ErrNotFound)
	}
}

// unspent reports a token that is gone or was used.
func unspent(t testing.TB, s store.Store, what string, tokens ...store.Token) {
	t.Helper()
	for _, token := range tokens {
		got, _, err := s.Token(bg, token.Digest)
		want(t, what+": Token", err, nil)
		if !got.ConsumedAt.IsZero() || !got.Successor.IsZero() || got.Reply != nil {
			t.Errorf("%s: the token is marked consumed", what)
		}
	}
}
