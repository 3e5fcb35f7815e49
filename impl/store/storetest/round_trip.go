package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// roundTrips: what went in comes out, field by field, over every way in.
var roundTrips = group{"round trip", []rule{
	{"client", clientRoundTrip},
	{"request", requestRoundTrip},
	{"grant and token", grantRoundTrip},
	{"token without grant", looseTokenRoundTrip},
	{"consumption", consumptionRoundTrip},
	{"session", sessionRoundTrip},
	{"account", accountRoundTrip},
	{"key", keyRoundTrip},
	{"event", eventRoundTrip},
	{"times", timesRoundTrip},
	{"bytes", bytesRoundTrip},
	{"empty is nil", emptyIsNil},
}}

func clientRoundTrip(t testing.TB, s store.Store) {
	c := filled[store.Client](t)
	got, err := s.RegisterClient(bg, c, epoch)
	must(t, "RegisterClient", err)
	same(t, "RegisterClient", got, c)
	readClient(t, s, "Client after RegisterClient", c)

	next := filled[store.Client](t)
	next.ID, next.Revision = c.ID, c.Revision
	must(t, "ReplaceClient", s.ReplaceClient(bg, next))
	next.Revision++
	readClient(t, s, "Client after ReplaceClient", next)

	list, err := s.Clients(bg, "", 1000)
	must(t, "Clients", err)
	i := slices.IndexFunc(list, func(x store.Client) bool { return x.ID == c.ID })
	if i < 0 {
		t.Fatalf("Clients: the client is not listed")
	}
	same(t, "Clients", list[i], next)

	used, until := next.LastUsedAt.Add(time.Hour), next.ExpiresAt.Add(time.Hour)
	must(t, "RenewClient", s.RenewClient(bg, c.ID, used, until))
	must(t, "RenewClient with earlier times", s.RenewClient(bg, c.ID, epoch, epoch))
	next.LastUsedAt, next.ExpiresAt = used, until
	readClient(t, s, "Client after RenewClient", next)

	forever := aClient()
	forever.ExpiresAt = time.Time{}
	registered(t, s, forever)
	must(t, "RenewClient", s.RenewClient(bg, forever.ID, epoch, epoch.Add(time.Hour)))
	forever.LastUsedAt = epoch
	readClient(t, s, "RenewClient of a client that never expires", forever)
}

func readClient(t testing.TB, s store.Store, what string, want store.Client) {
	t.Helper()
	got, err := s.Client(bg, want.ID)
	must(t, what, err)
	same(t, what, got, want)
}

func requestRoundTrip(t testing.TB, s store.Store) {
	r := filled[store.Request](t)
	answeredAt := r.AnsweredAt
	r.AnsweredAt = time.Time{}
	must(t, "CreateRequest", s.CreateRequest(bg, r))
	got, err := s.Request(bg, r.Handle)
	must(t, "Request", err)
	same(t, "Request that waits", got, r)

	grant, token := fullGrant(t)
	must(t, "AnswerRequest", s.AnswerRequest(bg, r.Handle, answeredAt, &grant, token))
	r.AnsweredAt = answeredAt
	complete(t, r)
	got, err = s.Request(bg, r.Handle)
	must(t, "Request", err)
	same(t, "Request that is answered", got, r)
	readToken(t, s, "AnswerRequest", token, grant)
}

// fullGrant returns a grant and a token of it with everything set that is not
// another verb's to set.
func fullGrant(t testing.TB) (store.Grant, store.Token) {
	g, token := filled[store.Grant](t), filled[store.Token](t)
	g.RevokedAt = time.Time{}
	token.GrantID = g.ID
	return g, untouched(token)
}

func untouched(t store.Token) store.Token {
	t.ConsumedAt, t.Successor, t.Reply = time.Time{}, store.Digest{}, nil
	return t
}

func readToken(t testing.TB, s store.Store, what string, token store.Token, grant store.Grant) {
	t.Helper()
	gotToken, gotGrant, err := s.Token(bg, token.Digest)
	must(t, what+": Token", err)
	same(t, what+": Token", gotToken, token)
	same(t, what+": the grant of Token", gotGrant, grant)
}

func grantRoundTrip(t testing.TB, s store.Store) {
	g, token := fullGrant(t)
	must(t, "Issue", s.Issue(bg, g, token))
	readToken(t, s, "Issue", token, g)
	got, err := s.Grant(bg, g.ID)
	must(t, "Grant", err)
	same(t, "Grant", got, g)
	list, err := s.Grants(bg, g.Subject, epoch, "", 10)
	must(t, "Grants", err)
	if len(list) != 1 {
		t.Fatalf("Grants: %d grants, want 1", len(list))
	}
	same(t, "Grants", list[0], g)

	g.RevokedAt = epoch.Add(time.Minute)
	n, err := s.RevokeGrants(bg, store.GrantFilter{ID: g.ID}, g.RevokedAt)
	must(t, "RevokeGrants", err)
	if n != 1 {
		t.Errorf("RevokeGrants: %d, want 1", n)
	}
	complete(t, g)
	readToken(t, s, "RevokeGrants", token, g)
}

func looseTokenRoundTrip(t testing.TB, s store.Store) {
	added, withClient := untouched(filled[store.Token](t)), untouched(filled[store.Token](t))
	added.GrantID, withClient.GrantID = "", ""
	must(t, "AddToken", s.AddToken(bg, added))
	readToken(t, s, "AddToken", added, store.Grant{})
	c := aClient()
	withClient.ClientID = c.ID
	registered(t, s, c, withClient)
	readToken(t, s, "RegisterClient", withClient, store.Grant{})
}

func consumptionRoundTrip(t testing.TB, s store.Store) {
	g, token := fullGrant(t)
	must(t, "Issue", s.Issue(bg, g, token))
	next, mark := untouched(filled[store.Token](t)), filled[store.Token](t)
	next.GrantID = g.ID
	c := store.Consumption{
		Token: token.Digest, At: mark.ConsumedAt, Successor: mark.Successor, Reply: mark.Reply,
		Successors: []store.Token{next, untouched(aToken(g))}, GrantExpiresAt: g.ExpiresAt.Add(time.Hour),
	}
	must(t, "ConsumeToken", s.ConsumeToken(bg, c))
	token.ConsumedAt, token.Successor, token.Reply = c.At, c.Successor, c.Reply
	complete(t, token)
	g.LastUsedAt, g.ExpiresAt = c.At, c.GrantExpiresAt
	readToken(t, s, "the consumed token", token, g)
	readToken(t, s, "the first successor", next, g)
	readToken(t, s, "the second successor", c.Successors[1], g)

	// Of a later and an earlier expiry the later one stays; zero is the latest.
	for _, step := range []struct{ given, want time.Time }{
		{g.ExpiresAt.Add(-time.Minute), g.ExpiresAt}, {time.Time{}, time.Time{}}, {g.ExpiresAt, time.Time{}},
	} {
		spent := next
		next = aToken(g)
		c := spend(spent, next)
		c.GrantExpiresAt = step.given
		must(t, "ConsumeToken", s.ConsumeToken(bg, c))
		g.LastUsedAt, g.ExpiresAt = c.At, step.want
		readToken(t, s, "ConsumeToken with GrantExpiresAt "+step.given.String(), next, g)
	}
}

func sessionRoundTrip(t testing.TB, s store.Store) {
	session := filled[store.Session](t)
	must(t, "CreateSession", s.CreateSession(bg, session, store.Digest{}))
	got, err := s.Session(bg, session.Digest)
	must(t, "Session", err)
	same(t, "Session", got, session)

	next := aSession(session.Subject)
	must(t, "CreateSession", s.CreateSession(bg, next, session.Digest))
	_, err = s.Session(bg, session.Digest)
	want(t, "Session that was replaced", err, store.ErrNotFound)
	must(t, "EndSession", s.EndSession(bg, next.Digest))
	_, err = s.Session(bg, next.Digest)
	want(t, "Session that was ended", err, store.ErrNotFound)
}

func accountRoundTrip(t testing.TB, s store.Store) {
	a := filled[store.Account](t)
	must(t, "CreateAccount", s.CreateAccount(bg, a))
	readAccount(t, s, "CreateAccount", a)
	oldName := a.Name
	next := filled[store.Account](t)
	next.ID, next.Revision = a.ID, a.Revision
	must(t, "ReplaceAccount", s.ReplaceAccount(bg, next))
	next.Revision++
	readAccount(t, s, "ReplaceAccount", next)
	_, err := s.AccountByName(bg, oldName)
	want(t, "AccountByName of a name given up", err, store.ErrNotFound)
}

func readAccount(t testing.TB, s store.Store, what string, want store.Account) {
	t.Helper()
	got, err := s.Account(bg, want.ID)
	must(t, what+": Account", err)
	same(t, what+": Account", got, want)
	got, err = s.AccountByName(bg, want.Name)
	must(t, what+": AccountByName", err)
	same(t, what+": AccountByName", got, want)
	list, err := s.Accounts(bg, "", 1000)
	must(t, what+": Accounts", err)
	if i := slices.IndexFunc(list, func(x store.Account) bool { return x.ID == want.ID }); i < 0 {
		t.Errorf("%s: Accounts does not list the account", what)
	} else {
		same(t, what+": Accounts", list[i], want)
	}
}

func keyRoundTrip(t testing.TB, s store.Store) {
	k := filled[store.Key](t)
	must(t, "CreateKey", s.CreateKey(bg, k))
	readKey(t, s, "CreateKey", k)
	k.RetiredAt, k.ExpiresAt = epoch.Add(time.Minute), epoch.Add(time.Hour)
	must(t, "RetireKey", s.RetireKey(bg, k.ID, k.RetiredAt, k.ExpiresAt))
	readKey(t, s, "RetireKey", k)
}

func readKey(t testing.TB, s store.Store, what string, want store.Key) {
	t.Helper()
	keys, err := s.Keys(bg)
	must(t, what+": Keys", err)
	if i := slices.IndexFunc(keys, func(x store.Key) bool { return x.ID == want.ID }); i < 0 {
		t.Errorf("%s: Keys does not list the key", what)
	} else {
		same(t, what+": Keys", keys[i], want)
	}
}

func eventRoundTrip(t testing.TB, s store.Store) {
	events := []store.Event{filled[store.Event](t), filled[store.Event](t)}
	must(t, "Record", s.Record(bg, events...))
	must(t, "Record of nothing", s.Record(bg))
	list, err := s.Events(bg, "", 1000)
	must(t, "Events", err)
	for _, e := range events {
		if i := slices.IndexFunc(list, func(x store.Event) bool { return x.ID == e.ID }); i < 0 {
			t.Errorf("Events does not list %s", e.ID)
		} else {
			same(t, "Events", list[i], e)
		}
	}
}
