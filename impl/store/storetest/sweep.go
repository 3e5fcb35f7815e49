package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// sweeps: what is over goes, in bounded steps; what any verb still needs, replay
// marks among it, stays.
var sweeps = group{"sweep", []rule{
	{"what is over goes", sweepRemoves},
	{"what is needed stays", sweepKeeps},
	{"consumed token", sweepConsumed},
	{"revoked grant", sweepRevoked},
	{"limit", sweepLimit},
	{"on several processes", sweepTogether},
}}

// sweepAt is when the sweeps below happen: records that expire at over are over,
// records that expire at alive are not.
var (
	sweepAt = epoch.Add(30 * time.Minute)
	over    = sweepAt.Add(-time.Second)
	alive   = sweepAt.Add(time.Second)
)

// sweepAll sweeps until nothing is left and returns how many records went.
func sweepAll(t testing.TB, s store.Store, limit int) int {
	t.Helper()
	total := 0
	for range 10000 {
		n, err := s.Sweep(bg, sweepAt, limit)
		must(t, "Sweep", err)
		if n > limit || n < 0 {
			t.Fatalf("Sweep with limit %d: %d", limit, n)
		}
		total += n
		if n == limit {
			continue
		}
		if n, err = s.Sweep(bg, sweepAt, limit); err != nil || n != 0 {
			t.Errorf("Sweep after one that found less than its limit: %d, %v", n, err)
		}
		return total
	}
	t.Fatalf("Sweep with limit %d does not end", limit)
	return 0
}

// state is one record of every kind that a sweep looks at, with one expiry.
type state struct {
	request      store.Token
	delivery     store.Delivery
	session      store.Session
	client       store.Client
	registration store.Token // of client
	grant        store.Grant
	code         store.Token // of grant, and expires never
	token        store.Token // of a grant that expires never
	initial      store.Token // of no grant
	key          store.Key
	mark         string
}

func newState(t testing.TB, s store.Store, expiresAt time.Time) state {
	t.Helper()
	x := state{
		request: aRequest(), delivery: aDelivery(), session: aSession("x"), client: aClient(), grant: aGrant(), key: aKey(), mark: fresh("mark"),
	}
	lasting := aGrant()
	lasting.ExpiresAt = time.Time{}
	x.registration, x.code, x.token, x.initial = aToken(store.Grant{}), aToken(x.grant), aToken(lasting), aToken(store.Grant{})
	x.registration.ClientID, x.registration.ExpiresAt, x.code.ExpiresAt = x.client.ID, time.Time{}, time.Time{}
	for _, p := range []*time.Time{
		&x.request.ExpiresAt, &x.delivery.ExpiresAt, &x.session.ExpiresAt, &x.client.ExpiresAt, &x.grant.ExpiresAt,
		&x.token.ExpiresAt, &x.initial.ExpiresAt, &x.key.ExpiresAt,
	} {
		*p = expiresAt
	}
	must(t, "Issue of a request", s.Issue(bg, nil, x.request))
	must(t, "Enqueue", s.Enqueue(bg, x.delivery))
	must(t, "CreateSession", s.CreateSession(bg, x.session, store.Digest{}))
	registered(t, s, x.client, x.registration)
	must(t, "Issue", s.Issue(bg, &x.grant, x.code))
	must(t, "Issue", s.Issue(bg, &lasting, x.token))
	must(t, "Issue of tokens", s.Issue(bg, nil, x.initial))
	must(t, "CreateKey", s.CreateKey(bg, x.key))
	if !expiresAt.IsZero() {
		must(t, "Once", s.Once(bg, "sweep", x.mark, expiresAt))
	}
	return x
}

// expect reports each record of x that is there though it should not be, or the
// other way round.
func (x state) expect(t testing.TB, s store.Store, there bool) {
	t.Helper()
	var target error
	if !there {
		target = store.ErrNotFound
	}
	want(t, "FinishDelivery", s.FinishDelivery(bg, x.delivery.ID, 0, epoch), target)
	_, err := s.Session(bg, x.session.Digest)
	want(t, "Session", err, target)
	_, err = s.Client(bg, x.client.ID)
	want(t, "Client", err, target)
	_, err = grantByID(s, x.grant.ID)
	want(t, "Grant", err, target)
	for what, token := range map[string]store.Token{
		"the client's token": x.registration, "the grant's token": x.code,
		"a token of a lasting grant": x.token, "a token without a grant": x.initial, "a request": x.request,
	} {
		_, _, err = s.Token(bg, token.Digest)
		want(t, "Token: "+what, err, target)
	}
	keys, err := s.Keys(bg)
	must(t, "Keys", err)
	found := false
	for _, k := range keys {
		found = found || k.ID == x.key.ID
	}
	if found != there {
		t.Errorf("Keys: listed %v, want %v", found, there)
	}
}

func sweepRemoves(t testing.TB, s store.Store) {
	for _, limit := range []int{1, 3, 1000} {
		gone, stays, forever := newState(t, s, over), newState(t, s, alive), newState(t, s, time.Time{})
		gone.expect(t, s, true)
		if n := sweepAll(t, s, limit); n < 9 {
			t.Errorf("Sweep with limit %d counts %d records, want at least 9", limit, n)
		}
		gone.expect(t, s, false)
		stays.expect(t, s, true)
		forever.expect(t, s, true)
		_, err := grantByID(s, gone.token.GrantID)
		want(t, "Grant of a token that went", err, nil)
		want(t, "Once after its until", s.Once(bg, "sweep", gone.mark, alive), nil)
	}
}

func sweepKeeps(t testing.TB, s store.Store) {
	mark, counter := fresh("mark"), fresh("counter")
	must(t, "Once", s.Once(bg, "sweep", mark, alive))
	_, err := s.Count(bg, "sweep", counter, epoch, alive)
	must(t, "Count", err)
	r := aRequest()
	r.ExpiresAt = alive
	must(t, "Issue of a request", s.Issue(bg, nil, r))
	must(t, "ConsumeToken", s.ConsumeToken(bg, answer(r, nil)))
	if n, err := s.Sweep(bg, sweepAt, 0); n != 0 || err != nil {
		t.Errorf("Sweep with limit 0: %d, %v", n, err)
	}
	sweepAll(t, s, 100)
	want(t, "Once before its until", s.Once(bg, "sweep", mark, alive), store.ErrConsumed)
	want(t, "ConsumeToken again", s.ConsumeToken(bg, answer(r, nil)), store.ErrConsumed)
	n, err := s.Count(bg, "sweep", counter, sweepAt, alive)
	must(t, "Count", err)
	if n != 2 {
		t.Errorf("Count before its until: %d, want 2", n)
	}
}

// sweepConsumed: the digest of a spent token is how reuse is told from nonsense,
// long after the token itself expired.
func sweepConsumed(t testing.TB, s store.Store) {
	g := aGrant()
	g.ExpiresAt = alive
	token := aToken(g)
	token.ExpiresAt = over
	must(t, "Issue", s.Issue(bg, &g, token))
	c := spend(token)
	c.Reply, c.GrantExpiresAt = []byte("reply"), alive
	must(t, "ConsumeToken", s.ConsumeToken(bg, c))
	sweepAll(t, s, 100)
	token.ConsumedAt, token.Reply, g.LastUsedAt = c.At, c.Reply, c.At
	readToken(t, s, "a consumed token of a live grant", token, g)
	want(t, "ConsumeToken again", s.ConsumeToken(bg, c), store.ErrConsumed)

	g = aGrant()
	g.ExpiresAt = over
	token = aToken(g)
	must(t, "Issue", s.Issue(bg, &g, token))
	c = spend(token)
	c.GrantExpiresAt = over
	must(t, "ConsumeToken", s.ConsumeToken(bg, c))
	sweepAll(t, s, 100)
	absent(t, s, "a consumed token of a grant that is over", token)
}

// sweepRevoked: a revoked grant that is not expired still tells its tokens from
// nonsense, and no token of it may come to stand alone.
func sweepRevoked(t testing.TB, s store.Store) {
	g := aGrant()
	g.ExpiresAt = alive
	token := aToken(g)
	token.ExpiresAt = alive
	must(t, "Issue", s.Issue(bg, &g, token))
	_, err := s.RevokeGrants(bg, store.GrantFilter{ID: g.ID}, epoch)
	must(t, "RevokeGrants", err)
	sweepAll(t, s, 100)
	g.RevokedAt = epoch
	readToken(t, s, "a token of a revoked grant", token, g)
}

func sweepLimit(t testing.TB, s store.Store) {
	sweepAll(t, s, 100)
	for range 25 {
		r := aRequest()
		r.ExpiresAt = over
		must(t, "Issue of a request", s.Issue(bg, nil, r))
	}
	for _, expected := range []int{10, 10, 5, 0} {
		n, err := s.Sweep(bg, sweepAt, 10)
		must(t, "Sweep", err)
		if n != expected {
			t.Errorf("Sweep with limit 10: %d, want %d", n, expected)
		}
	}
}

// sweepTogether: sweeps at once do not fail each other, and what they say they
// removed is what was there.
func sweepTogether(t testing.TB, s store.Store) {
	sweepAll(t, s, 100)
	for range 40 {
		r := aRequest()
		r.ExpiresAt = over
		must(t, "Issue of a request", s.Issue(bg, nil, r))
	}
	var wg sync.WaitGroup
	var counts [4]int
	for i := range counts {
		wg.Go(func() {
			for range 40 {
				n, err := s.Sweep(bg, sweepAt, 3)
				want(t, "Sweep", err, nil)
				counts[i] += n
			}
		})
	}
	wg.Wait()
	if sum := counts[0] + counts[1] + counts[2] + counts[3]; sum != 40 {
		t.Errorf("four sweeps at once removed %d records of 40", sum)
	}
}
