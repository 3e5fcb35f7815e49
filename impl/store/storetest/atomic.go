package storetest

import (
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// allOrNothing: a verb that is refused has changed nothing, wherever in it the
// refusal comes from.
var allOrNothing = group{"all or nothing", []rule{
	{"ConsumeToken", consumeAllOrNothing},
	{"ConsumeToken with a new grant", answerAllOrNothing},
	{"Issue", issueAllOrNothing},
	{"Issue of tokens", addAllOrNothing},
	{"RegisterClient", registerAllOrNothing},
	{"CreateSession", sessionAllOrNothing},
	{"Record", recordAllOrNothing},
	{"Enqueue", enqueueAllOrNothing},
}}

// badTails returns lists of new tokens that no verb may add: after a good one
// comes one whose digest is taken, by a stored token or by its neighbour, or one
// that cannot be held.
func badTails(t testing.TB, s store.Store, g store.Grant) map[string]struct {
	tokens []store.Token
	want   error
} {
	_, taken := issued(t, s, 1)
	stored, twice, unheld := aToken(g), aToken(g), aToken(g)
	stored.Digest, unheld.Digest = taken[0].Digest, store.Digest{}
	return map[string]struct {
		tokens []store.Token
		want   error
	}{
		"digest taken":       {[]store.Token{aToken(g), stored}, store.ErrConflict},
		"digest given twice": {[]store.Token{aToken(g), twice, twice}, store.ErrConflict},
		"zero digest":        {[]store.Token{aToken(g), unheld}, store.ErrInvalid},
	}
}

func consumeAllOrNothing(t testing.TB, s store.Store) {
	g, tokens := issued(t, s, 1)
	for what, tail := range badTails(t, s, g) {
		c := spend(tokens[0], tail.tokens...)
		c.At, c.GrantExpiresAt = epoch.AddDate(1, 0, 0), epoch.AddDate(1, 0, 0)
		want(t, what, s.ConsumeToken(bg, c), tail.want)
		unspent(t, s, what, tokens...)
		absent(t, s, what, tail.tokens[0])
		got, err := grantByID(s, g.ID)
		must(t, "Grant", err)
		same(t, what+": the grant", got, g)
	}
	want(t, "ConsumeToken with a good successor", s.ConsumeToken(bg, spend(tokens[0], aToken(g))), nil)
}

func answerAllOrNothing(t testing.TB, s store.Store) {
	r := aRequest()
	must(t, "Issue of a request", s.Issue(bg, nil, r))
	waits := func(what string) {
		readToken(t, s, what, r, store.Grant{})
	}
	taken, _ := issued(t, s, 0)
	fine := aToken(taken)
	want(t, "grant ID taken", s.ConsumeToken(bg, answer(r, &taken, fine)), store.ErrConflict)
	waits("grant ID taken")
	absent(t, s, "grant ID taken", fine)

	g := aGrant()
	for what, tail := range badTails(t, s, g) {
		want(t, what, s.ConsumeToken(bg, answer(r, &g, tail.tokens...)), tail.want)
		waits(what)
		noGrant(t, s, what, g)
		absent(t, s, what, tail.tokens[0])
	}
	token := aToken(g)
	want(t, "ConsumeToken with good tokens", s.ConsumeToken(bg, answer(r, &g, token)), nil)
	readToken(t, s, "ConsumeToken with good tokens", token, g)
}

func noGrant(t testing.TB, s store.Store, what string, g store.Grant) {
	t.Helper()
	_, err := grantByID(s, g.ID)
	want(t, what+": Grant", err, store.ErrNotFound)
}

func issueAllOrNothing(t testing.TB, s store.Store) {
	g := aGrant()
	for what, tail := range badTails(t, s, g) {
		want(t, what, s.Issue(bg, &g, tail.tokens...), tail.want)
		noGrant(t, s, what, g)
		absent(t, s, what, tail.tokens[0])
	}
	taken, _ := issued(t, s, 0)
	fine := aToken(taken)
	want(t, "grant ID taken", s.Issue(bg, &taken, fine), store.ErrConflict)
	absent(t, s, "grant ID taken", fine)
	want(t, "Issue with a good token", s.Issue(bg, &g, aToken(g)), nil)
}

func addAllOrNothing(t testing.TB, s store.Store) {
	for what, tail := range badTails(t, s, store.Grant{}) {
		want(t, what, s.Issue(bg, nil, tail.tokens...), tail.want)
		absent(t, s, what, tail.tokens[0])
	}
	want(t, "Issue of good tokens", s.Issue(bg, nil, aToken(store.Grant{}), aToken(store.Grant{})), nil)
}

func registerAllOrNothing(t testing.TB, s store.Store) {
	c := aClient()
	for what, tail := range badTails(t, s, store.Grant{}) {
		_, err := s.RegisterClient(bg, c, epoch, tail.tokens...)
		want(t, what, err, tail.want)
		_, err = s.Client(bg, c.ID)
		want(t, what+": Client", err, store.ErrNotFound)
		absent(t, s, what, tail.tokens[0])
	}
	fine := aToken(store.Grant{})
	taken := registered(t, s, aClient())
	_, err := s.RegisterClient(bg, taken, epoch, fine)
	want(t, "ID taken", err, store.ErrConflict)
	absent(t, s, "ID taken", fine)
	registered(t, s, c, fine)
}

func sessionAllOrNothing(t testing.TB, s store.Store) {
	old, taken := aSession("a"), aSession("b")
	must(t, "CreateSession", s.CreateSession(bg, old, store.Digest{}))
	must(t, "CreateSession", s.CreateSession(bg, taken, store.Digest{}))
	sameDigest, sameID := aSession("c"), aSession("c")
	sameDigest.Digest, sameID.ID = taken.Digest, taken.ID
	for what, next := range map[string]store.Session{"digest taken": sameDigest, "ID taken": sameID} {
		want(t, "CreateSession, "+what, s.CreateSession(bg, next, old.Digest), store.ErrConflict)
		got, err := s.Session(bg, old.Digest)
		must(t, "the session that was to be replaced", err)
		same(t, "the session that was to be replaced", got, old)
	}
}

func enqueueAllOrNothing(t testing.TB, s store.Store) {
	taken := aDelivery()
	must(t, "Enqueue", s.Enqueue(bg, taken))
	nameless, twice := aDelivery(), aDelivery()
	nameless.ID = ""
	for what, tail := range map[string]struct {
		deliveries []store.Delivery
		want       error
	}{
		"ID taken":       {[]store.Delivery{taken}, store.ErrConflict},
		"ID given twice": {[]store.Delivery{twice, twice}, store.ErrConflict},
		"no ID":          {[]store.Delivery{nameless}, store.ErrInvalid},
	} {
		first := aDelivery()
		want(t, "Enqueue, "+what, s.Enqueue(bg, append([]store.Delivery{first}, tail.deliveries...)...), tail.want)
		want(t, "FinishDelivery of the first, "+what, s.FinishDelivery(bg, first.ID, 0, time.Time{}), store.ErrNotFound)
	}
	want(t, "Enqueue of good deliveries", s.Enqueue(bg, aDelivery(), aDelivery()), nil)
}

func recordAllOrNothing(t testing.TB, s store.Store) {
	before := len(events(t, s))
	nameless := anEvent()
	nameless.ID = ""
	want(t, "Record", s.Record(bg, anEvent(), nameless), store.ErrInvalid)
	if after := len(events(t, s)); after != before {
		t.Errorf("Record that failed left %d events", after-before)
	}
	want(t, "Record of good events", s.Record(bg, anEvent(), anEvent()), nil)
}

func events(t testing.TB, s store.Store) []store.Event {
	t.Helper()
	list, err := s.Events(bg, "", 1000)
	must(t, "Events", err)
	return list
}
