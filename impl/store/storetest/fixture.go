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

// aRequest is a token that belongs to no grant until somebody answers it.
func aRequest() store.Token {
	return store.Token{
		Digest: freshDigest(), Kind: store.AuthorizationRequest, ClientID: fresh("client"),
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
		Digest: freshDigest(), ID: fresh("session"), Subject: subject, AuthTime: epoch, CreatedAt: epoch, ExpiresAt: epoch.Add(time.Hour),
	}
}

func anAccount() store.Account {
	return store.Account{
		ID: fresh("account"), Name: fresh("name"), PasswordHash: "$argon2id$",
		CreatedAt: epoch, UpdatedAt: epoch,
	}
}

func aKey() store.Key {
	return store.Key{
		ID: fresh("key"), Use: fresh("use"), Algorithm: "ES256", Generation: 1,
		Sealed: []byte("sealed"), CreatedAt: epoch, ActiveAt: epoch,
	}
}

func aDelivery() store.Delivery {
	return store.Delivery{
		ID: fresh("delivery"), ClientID: fresh("client"), Target: "https://client.example/logout", Payload: []byte(`{}`),
		NextAt: epoch, CreatedAt: epoch, ExpiresAt: epoch.Add(time.Hour),
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
	must(t, "Issue", s.Issue(bg, &g, all...))
	return g, all
}

// created adds an account and returns it with the revision that it has then.
func created(t testing.TB, s store.Store, a store.Account) store.Account {
	t.Helper()
	a.Revision = 0
	must(t, "ReplaceAccount of a new one", s.ReplaceAccount(bg, a))
	a.Revision = 1
	return a
}

// grantByID reads one grant, whatever its state.
func grantByID(s store.Store, id string) (store.Grant, error) {
	list, err := s.Grants(bg, store.GrantFilter{ID: id}, time.Time{}, "", 1)
	if err != nil {
		return store.Grant{}, err
	}
	if len(list) == 0 {
		return store.Grant{}, store.ErrNotFound
	}
	return list[0], nil
}

// grantsOf lists the live grants of a subject.
func grantsOf(s store.Store, subject string) ([]store.Grant, error) {
	return s.Grants(bg, store.GrantFilter{Subject: subject}, epoch, "", 10)
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

// answer is the consumption of a request at epoch.
func answer(r store.Token, grant *store.Grant, tokens ...store.Token) store.Consumption {
	return store.Consumption{Token: r.Digest, At: epoch, Grant: grant, Successors: tokens}
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
