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
	{"consumption with a new grant", requestRoundTrip},
	{"grant and token", grantRoundTrip},
	{"token without grant", looseTokenRoundTrip},
	{"consumption", consumptionRoundTrip},
	{"session", sessionRoundTrip},
	{"account", accountRoundTrip},
	{"key", keyRoundTrip},
	{"event", eventRoundTrip},
	{"delivery", deliveryRoundTrip},
	{"times", timesRoundTrip},
	{"bytes", bytesRoundTrip},
	{"empty is nil", emptyIsNil},
	{"restored", restoredRoundTrip},
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

// requestRoundTrip: a token that belongs to no grant is spent for a new one.
func requestRoundTrip(t testing.TB, s store.Store) {
	r := filled[store.Token](t)
	mark := r
	r = untouched(r)
	r.GrantID = ""
	must(t, "Issue", s.Issue(bg, nil, r))
	readToken(t, s, "Issue", r, store.Grant{})

	grant, token := fullGrant(t)
	c := store.Consumption{
		Token: r.Digest, At: mark.ConsumedAt, Successor: mark.Successor, Reply: mark.Reply, Grant: &grant, Successors: []store.Token{token},
	}
	must(t, "ConsumeToken", s.ConsumeToken(bg, c))
	r.ConsumedAt, r.Successor, r.Reply = c.At, c.Successor, c.Reply
	readToken(t, s, "the consumed token", r, store.Grant{})
	readToken(t, s, "the successor", token, grant)

	bare, without := aRequest(), aGrant()
	must(t, "Issue", s.Issue(bg, nil, bare))
	must(t, "ConsumeToken without successors", s.ConsumeToken(bg, answer(bare, &without)))
	got, err := grantByID(s, without.ID)
	must(t, "Grants", err)
	same(t, "ConsumeToken without successors", got, without)
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
	must(t, "Issue", s.Issue(bg, &g, token))
	readToken(t, s, "Issue", token, g)
	got, err := grantByID(s, g.ID)
	must(t, "Grant", err)
	same(t, "Grant", got, g)
	list, err := grantsOf(s, g.Subject)
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
	must(t, "Issue of tokens", s.Issue(bg, nil, added))
	readToken(t, s, "Issue of tokens", added, store.Grant{})
	c := aClient()
	withClient.ClientID = c.ID
	registered(t, s, c, withClient)
	readToken(t, s, "RegisterClient", withClient, store.Grant{})
}

func consumptionRoundTrip(t testing.TB, s store.Store) {
	g, token := fullGrant(t)
	must(t, "Issue", s.Issue(bg, &g, token))
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
	renewed := aSession(session.Subject)
	renewed.ID = next.ID
	must(t, "CreateSession with the ID of the old one", s.CreateSession(bg, renewed, next.Digest))
	other := aSession(session.Subject)
	must(t, "CreateSession", s.CreateSession(bg, other, store.Digest{}))
	must(t, "EndSession", s.EndSession(bg, next.ID))
	_, err = s.Session(bg, renewed.Digest)
	want(t, "Session that was ended", err, store.ErrNotFound)
	_, err = s.Session(bg, other.Digest)
	want(t, "another session of the subject", err, nil)
}

func accountRoundTrip(t testing.TB, s store.Store) {
	a := filled[store.Account](t)
	a = created(t, s, a)
	readAccount(t, s, "ReplaceAccount of a new one", a)
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

func deliveryRoundTrip(t testing.TB, s store.Store) {
	d := filled[store.Delivery](t)
	must(t, "Enqueue", s.Enqueue(bg, d, aDelivery()))
	must(t, "Enqueue of nothing", s.Enqueue(bg))
	due, until := d.NextAt, d.NextAt.Add(time.Minute)
	waits := aDelivery() // its turn is after all of these
	waits.NextAt, waits.ExpiresAt = due.Add(3*time.Hour), time.Time{}
	must(t, "Enqueue of one that waits", s.Enqueue(bg, waits))
	claim := func(what string, at time.Time, want ...store.Delivery) {
		list, err := s.ClaimDeliveries(bg, at, until, 1000)
		must(t, what, err)
		mine := slices.DeleteFunc(list, func(x store.Delivery) bool { return x.ID != d.ID })
		if len(mine) != len(want) {
			t.Fatalf("%s: %d deliveries, want %d", what, len(mine), len(want))
		}
		for i := range want {
			same(t, what, mine[i], want[i])
		}
	}
	claim("ClaimDeliveries too early", due.Add(-time.Microsecond))
	d.Attempts, d.NextAt = d.Attempts+1, until
	claim("ClaimDeliveries", due, d)
	claim("ClaimDeliveries within the lease", until.Add(-time.Microsecond))
	until = until.Add(time.Hour)
	d.Attempts, d.NextAt = d.Attempts+1, until
	claim("ClaimDeliveries after the lease", due.Add(time.Minute), d)

	again := due.Add(30 * time.Minute)
	want(t, "FinishDelivery by who lost the lease", s.FinishDelivery(bg, d.ID, d.Attempts-1, again), store.ErrConflict)
	must(t, "FinishDelivery with a next try", s.FinishDelivery(bg, d.ID, d.Attempts, again))
	d.Attempts++
	claim("ClaimDeliveries at the next try", again, d)
	must(t, "FinishDelivery for good", s.FinishDelivery(bg, d.ID, d.Attempts-1, time.Time{}))
	claim("ClaimDeliveries of what is done", until.Add(time.Hour))
	want(t, "FinishDelivery of what is done", s.FinishDelivery(bg, d.ID, d.Attempts, again), store.ErrNotFound)

	d, until = waits, until.Add(3*time.Hour)
	claim("ClaimDeliveries before the turn of one that waits", waits.NextAt.Add(-time.Microsecond))
	d.Attempts, d.NextAt = waits.Attempts+1, until
	claim("ClaimDeliveries of one that waited", waits.NextAt, d)

	over, at := aDelivery(), until.Add(2*time.Hour)
	over.NextAt, over.ExpiresAt = at, at
	must(t, "Enqueue", s.Enqueue(bg, over))
	d = over
	claim("ClaimDeliveries of what is expired", at)
	if list, err := s.ClaimDeliveries(bg, at, at, 0); err != nil || len(list) != 0 {
		t.Errorf("ClaimDeliveries with limit 0: %d deliveries (%v)", len(list), err)
	}
	// What others left is out of the way.
	if _, err := s.ClaimDeliveries(bg, at.Add(time.Hour), at.AddDate(1, 0, 0), 1000); err != nil {
		t.Fatal(err)
	}
	at = at.Add(time.Hour)
	for range 3 {
		more := aDelivery()
		more.NextAt, more.ExpiresAt = at, time.Time{}
		must(t, "Enqueue", s.Enqueue(bg, more))
	}
	for _, n := range []int{2, 1} {
		if list, err := s.ClaimDeliveries(bg, at, at.Add(time.Hour), 2); err != nil || len(list) != n {
			t.Errorf("ClaimDeliveries with limit 2: %d deliveries (%v), want %d", len(list), err, n)
		}
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
