package storetest

import (
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// refusals: which error each verb answers with, and that it is no other.
var refusals = group{"refusals", []rule{
	{"not found", notFound},
	{"identifier taken", identifierTaken},
	{"consumed", alreadyConsumed},
	{"revision changed", revisionChanged},
	{"same registration", sameRegistration},
	{"counter restarts", counterRestarts},
	{"grant revoked", grantRevoked},
	{"names nothing", namesNothing},
	{"zero time marks nothing", zeroTime},
}}

func notFound(t testing.TB, s store.Store) {
	nobody, nothing := fresh("nobody"), freshDigest()
	_, err := s.Client(bg, nobody)
	want(t, "Client", err, store.ErrNotFound)
	c := aClient()
	want(t, "ReplaceClient", s.ReplaceClient(bg, c), store.ErrNotFound)
	want(t, "RenewClient", s.RenewClient(bg, nobody, epoch, epoch), store.ErrNotFound)
	want(t, "DeleteClient", s.DeleteClient(bg, nobody, epoch), store.ErrNotFound)
	g := aGrant()
	want(t, "ConsumeToken with a new grant", s.ConsumeToken(bg, store.Consumption{Token: nothing, At: epoch, Grant: &g}), store.ErrNotFound)
	_, err = grantByID(s, g.ID)
	want(t, "Grant", err, store.ErrNotFound)
	_, _, err = s.Token(bg, nothing)
	want(t, "Token", err, store.ErrNotFound)
	want(t, "ConsumeToken", s.ConsumeToken(bg, spend(aToken(g))), store.ErrNotFound)
	_, err = s.Session(bg, nothing)
	want(t, "Session", err, store.ErrNotFound)
	want(t, "EndSession", s.EndSession(bg, nobody), nil)
	_, err = s.Account(bg, nobody)
	want(t, "Account", err, store.ErrNotFound)
	_, err = s.AccountByName(bg, nobody)
	want(t, "AccountByName", err, store.ErrNotFound)
	a := anAccount()
	a.Revision = 1
	want(t, "ReplaceAccount", s.ReplaceAccount(bg, a), store.ErrNotFound)
	want(t, "FinishDelivery", s.FinishDelivery(bg, nobody, 0, epoch), store.ErrNotFound)
	want(t, "FinishDelivery for good", s.FinishDelivery(bg, nobody, 0, time.Time{}), store.ErrNotFound)
	want(t, "DeleteAccount", s.DeleteAccount(bg, nobody, epoch), store.ErrNotFound)
	want(t, "RetireKey", s.RetireKey(bg, nobody, epoch, epoch), store.ErrNotFound)
	n, err := s.RevokeGrants(bg, store.GrantFilter{ID: nobody}, epoch)
	want(t, "RevokeGrants", err, nil)
	if n != 0 {
		t.Errorf("RevokeGrants: %d, want 0", n)
	}
}

func identifierTaken(t testing.TB, s store.Store) {
	c := registered(t, s, aClient())
	_, err := s.RegisterClient(bg, c, epoch)
	want(t, "RegisterClient", err, store.ErrConflict)
	r := aRequest()
	must(t, "Issue of a request", s.Issue(bg, nil, r))
	want(t, "Issue of a request", s.Issue(bg, nil, r), store.ErrConflict)
	g, tokens := issued(t, s, 1)
	want(t, "Issue", s.Issue(bg, &g), store.ErrConflict)
	loose := tokens[0]
	loose.GrantID = ""
	want(t, "Issue of tokens", s.Issue(bg, nil, loose), store.ErrConflict)
	session := aSession(fresh("subject"))
	must(t, "CreateSession", s.CreateSession(bg, session, store.Digest{}))
	want(t, "CreateSession", s.CreateSession(bg, session, store.Digest{}), store.ErrConflict)

	a := anAccount()
	a = created(t, s, a)
	sameID, sameName, other := anAccount(), anAccount(), anAccount()
	sameID.ID, sameName.Name = a.ID, a.Name
	want(t, "ReplaceAccount of a new one with a taken ID", s.ReplaceAccount(bg, sameID), store.ErrConflict)
	want(t, "ReplaceAccount of a new one with a taken name", s.ReplaceAccount(bg, sameName), store.ErrConflict)
	other = created(t, s, other)
	other.Name = a.Name
	want(t, "ReplaceAccount with a taken name", s.ReplaceAccount(bg, other), store.ErrConflict)

	k := aKey()
	must(t, "CreateKey", s.CreateKey(bg, k))
	sameKeyID, sameGeneration, next := aKey(), aKey(), k
	sameKeyID.ID = k.ID
	sameGeneration.Use = k.Use
	next.ID, next.Generation = fresh("key"), k.Generation+1
	want(t, "CreateKey with a taken ID", s.CreateKey(bg, sameKeyID), store.ErrConflict)
	want(t, "CreateKey with a taken generation", s.CreateKey(bg, sameGeneration), store.ErrConflict)
	want(t, "CreateKey of the next generation", s.CreateKey(bg, next), nil)
}

func alreadyConsumed(t testing.TB, s store.Store) {
	r := aRequest()
	must(t, "Issue of a request", s.Issue(bg, nil, r))
	must(t, "ConsumeToken of a request, denied", s.ConsumeToken(bg, answer(r, nil)))
	g := aGrant()
	want(t, "ConsumeToken of a request again", s.ConsumeToken(bg, answer(r, &g, aToken(g))), store.ErrConsumed)
	_, err := grantByID(s, g.ID)
	want(t, "Grant of the second answer", err, store.ErrNotFound)

	// The second call is the same as the first: an UPDATE that changes nothing
	// must not be taken for one that found nothing, or for a success (ATK-183).
	_, tokens := issued(t, s, 1)
	c := spend(tokens[0])
	must(t, "ConsumeToken", s.ConsumeToken(bg, c))
	want(t, "ConsumeToken again", s.ConsumeToken(bg, c), store.ErrConsumed)
	loose := aToken(store.Grant{})
	must(t, "Issue of tokens", s.Issue(bg, nil, loose))
	must(t, "ConsumeToken without a grant", s.ConsumeToken(bg, spend(loose)))
	want(t, "ConsumeToken without a grant again", s.ConsumeToken(bg, spend(loose)), store.ErrConsumed)

	scope, id := fresh("scope"), fresh("id")
	must(t, "Once", s.Once(bg, scope, id, epoch))
	want(t, "Once again", s.Once(bg, scope, id, epoch.Add(time.Hour)), store.ErrConsumed)
	want(t, "Once with another id", s.Once(bg, scope, fresh("id"), epoch), nil)
	want(t, "Once in another scope", s.Once(bg, fresh("scope"), id, epoch), nil)
}

func revisionChanged(t testing.TB, s store.Store) {
	c := registered(t, s, aClient())
	want(t, "ReplaceClient", s.ReplaceClient(bg, c), nil)
	want(t, "ReplaceClient with the old revision", s.ReplaceClient(bg, c), store.ErrConflict)
	c.Revision++
	want(t, "ReplaceClient with the new revision", s.ReplaceClient(bg, c), nil)
	a := anAccount()
	a = created(t, s, a)
	want(t, "ReplaceAccount", s.ReplaceAccount(bg, a), nil)
	want(t, "ReplaceAccount with the old revision", s.ReplaceAccount(bg, a), store.ErrConflict)
	a.Revision++
	want(t, "ReplaceAccount with the new revision", s.ReplaceAccount(bg, a), nil)
}

func sameRegistration(t testing.TB, s store.Store) {
	first := aClient()
	first.Fingerprint = freshDigest()
	registered(t, s, first)
	again := aClient()
	again.Fingerprint, again.ExpiresAt = first.Fingerprint, first.ExpiresAt.Add(time.Hour)
	token := aToken(store.Grant{})
	token.ClientID = again.ID

	expected := first
	expected.Shared, expected.ExpiresAt, expected.Revision = true, again.ExpiresAt, first.Revision+1
	got := registered(t, s, again, token)
	same(t, "RegisterClient of the same metadata", got, expected)
	readClient(t, s, "RegisterClient of the same metadata", expected)
	absent(t, s, "RegisterClient that added nothing", token)
	want(t, "ReplaceClient by who read it before it was shared", s.ReplaceClient(bg, first), store.ErrConflict)
	again.ExpiresAt = epoch.Add(time.Minute)
	same(t, "RegisterClient a third time", registered(t, s, again), expected)

	forever, later := aClient(), aClient()
	forever.Fingerprint, forever.ExpiresAt = freshDigest(), time.Time{}
	later.Fingerprint = forever.Fingerprint
	registered(t, s, forever)
	expected = forever
	expected.Shared, expected.Revision = true, forever.Revision+1
	same(t, "RegisterClient of the metadata of one that never expires", registered(t, s, later), expected)

	for what, change := range map[string]func(known, again *store.Client){
		"another fingerprint": func(_, again *store.Client) { again.Fingerprint = freshDigest() },
		"no fingerprint": func(known, again *store.Client) {
			known.Fingerprint, again.Fingerprint = store.Digest{}, store.Digest{}
		},
		"created before the window": func(known, _ *store.Client) { known.CreatedAt = epoch.Add(-time.Second) },
		"disabled":                  func(known, _ *store.Client) { known.DisabledAt = epoch },
		"expired":                   func(_, again *store.Client) { again.CreatedAt = epoch.Add(2 * time.Hour) },
	} {
		known, again := aClient(), aClient()
		known.Fingerprint = freshDigest()
		again.Fingerprint = known.Fingerprint
		change(&known, &again)
		registered(t, s, known)
		same(t, "RegisterClient, "+what, registered(t, s, again), again)
		readClient(t, s, "the earlier client, "+what, known)
	}
}

func counterRestarts(t testing.TB, s store.Store) {
	scope, id := fresh("scope"), fresh("id")
	until := epoch.Add(time.Minute)
	for _, step := range []struct {
		scope, id string
		at, until time.Time
		want      int
	}{
		{scope, id, epoch, until, 1},
		{scope, id, epoch, until, 2},
		{scope, id, until.Add(-time.Microsecond), until.Add(time.Hour), 3},
		{scope, fresh("id"), epoch, until, 1},
		{fresh("scope"), id, epoch, until, 1},
		{scope, id, until, until.Add(time.Minute), 1},
		{scope, id, until, until.Add(time.Minute), 2},
	} {
		n, err := s.Count(bg, step.scope, step.id, step.at, step.until)
		must(t, "Count", err)
		if n != step.want {
			t.Errorf("Count at %v: %d, want %d", step.at, n, step.want)
		}
	}
}

func grantRevoked(t testing.TB, s store.Store) {
	g, tokens := issued(t, s, 1)
	_, err := s.RevokeGrants(bg, store.GrantFilter{ID: g.ID}, epoch.Add(time.Hour))
	must(t, "RevokeGrants", err)
	next := aToken(g)
	want(t, "ConsumeToken", s.ConsumeToken(bg, spend(tokens[0], next)), store.ErrNotFound)
	absent(t, s, "successor under a revoked grant", next)
	unspent(t, s, "the token under a revoked grant", tokens...)
}

// namesNothing: the empty identifier and the zero digest are not looked up and
// not kept; a grant with an empty ID would own every token that has none.
func namesNothing(t testing.TB, s store.Store) {
	_, _, err := s.Token(bg, store.Digest{})
	want(t, "Token of the zero digest", err, store.ErrNotFound)
	_, err = s.Session(bg, store.Digest{})
	want(t, "Session of the zero digest", err, store.ErrNotFound)
	_, err = grantByID(s, "")
	want(t, "Grant of no ID", err, store.ErrNotFound)

	token, session, nameless, g, c := aToken(store.Grant{}), aSession("x"), aSession("x"), aGrant(), aClient()
	token.Digest, session.Digest, nameless.ID, g.ID, c.ID = store.Digest{}, store.Digest{}, "", "", ""
	want(t, "Issue of tokens with the zero digest", s.Issue(bg, nil, token), store.ErrInvalid)
	want(t, "CreateSession with the zero digest", s.CreateSession(bg, session, store.Digest{}), store.ErrInvalid)
	want(t, "CreateSession without an ID", s.CreateSession(bg, nameless, store.Digest{}), store.ErrInvalid)
	want(t, "Issue without an ID", s.Issue(bg, &g), store.ErrInvalid)
	_, err = s.RegisterClient(bg, c, epoch)
	want(t, "RegisterClient without an ID", err, store.ErrInvalid)
}

func zeroTime(t testing.TB, s store.Store) {
	_, tokens := issued(t, s, 1)
	c := spend(tokens[0])
	c.At = time.Time{}
	want(t, "ConsumeToken", s.ConsumeToken(bg, c), store.ErrInvalid)
	r := aRequest()
	must(t, "Issue of a request", s.Issue(bg, nil, r))
	denied := answer(r, nil)
	denied.At = time.Time{}
	want(t, "ConsumeToken of a request", s.ConsumeToken(bg, denied), store.ErrInvalid)
	_, err := s.RevokeGrants(bg, store.GrantFilter{ID: tokens[0].GrantID}, time.Time{})
	want(t, "RevokeGrants", err, store.ErrInvalid)
}
