package storetest

import (
	"bytes"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// timesRoundTrip: at least microseconds, in UTC, never rounded up, zero is zero,
// and no year in which a column ends.
func timesRoundTrip(t testing.TB, s store.Store) {
	zone := time.FixedZone("east", 2*60*60)
	for _, given := range []time.Time{
		{},
		epoch,
		epoch.In(zone),
		time.Date(2026, time.October, 25, 0, 30, 0, 1000, time.UTC), // a local hour that comes twice
		time.Date(2038, time.January, 19, 3, 14, 8, 1000, time.UTC), // 2^31 seconds
		time.Date(9999, time.December, 31, 23, 59, 59, 999999000, time.UTC),
	} {
		g := aGrant()
		g.ExpiresAt = given
		must(t, "Issue", s.Issue(bg, &g))
		g.ExpiresAt = given.UTC()
		got, err := grantByID(s, g.ID)
		must(t, "Grant", err)
		same(t, "a grant that expires "+given.String(), got, g)
	}

	g := aGrant()
	g.ExpiresAt = epoch.Add(999 * time.Nanosecond)
	must(t, "Issue", s.Issue(bg, &g))
	got, err := grantByID(s, g.ID)
	must(t, "Grant", err)
	if early := g.ExpiresAt.Sub(got.ExpiresAt); early < 0 || early >= time.Microsecond {
		t.Errorf("an expiry of %v came back as %v: it may lose less than a microsecond and never gain", g.ExpiresAt, got.ExpiresAt)
	}
}

// bytesRoundTrip: sealed values are any bytes, JSON keeps its spelling, and
// lists keep order, duplicates and whatever characters a separator might be.
func bytesRoundTrip(t testing.TB, s store.Store) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	g := aGrant()
	token := aToken(g)
	g.Props = bytes.Repeat(every, 256) // 64 KiB
	g.Metadata = []byte("{ \"b\" : 1.0,\n\"a\":\"\\u0000\\u00e9é\", \"b\":1e400}")
	g.Scopes = []string{"b", "a b", "a", "b", "c,d", `e"f\`, "g'h", "{i}", "[]", "NULL"}
	g.Resources = []string{"https://api.example/?a=b&c=%20", "https://api.example/\u2028"}
	token.Props, token.WrappedKey, token.Parameters = every, every, g.Metadata
	must(t, "Issue", s.Issue(bg, &g, token))
	readToken(t, s, "Issue", token, g)

	c := spend(token)
	c.Reply = g.Props
	c.GrantExpiresAt = g.ExpiresAt
	must(t, "ConsumeToken", s.ConsumeToken(bg, c))
	token.ConsumedAt, token.Reply = c.At, c.Reply
	readToken(t, s, "ConsumeToken", token, g)
}

// emptyIsNil: a column that has no value and one that has an empty value read
// alike, on every engine.
func emptyIsNil(t testing.TB, s store.Store) {
	for _, empty := range []bool{true, false} {
		g := aGrant()
		token := aToken(g)
		wantGrant, wantToken := g, token
		if empty {
			g.Scopes, g.Resources, g.Props, g.Metadata = []string{}, []string{}, []byte{}, []byte{}
			token.Scopes, token.Resources = []string{}, []string{}
			token.Parameters, token.Props, token.WrappedKey = []byte{}, []byte{}, []byte{}
		}
		must(t, "Issue", s.Issue(bg, &g, token))
		readToken(t, s, "Issue", wantToken, wantGrant)

		c := aClient()
		wantClient := c
		session := aSession(fresh("subject"))
		wantSession := session
		if empty {
			c.Secrets, session.Methods = []store.ClientSecret{}, []string{}
		}
		registered(t, s, c)
		readClient(t, s, "Client", wantClient)
		must(t, "CreateSession", s.CreateSession(bg, session, store.Digest{}))
		got, err := s.Session(bg, session.Digest)
		must(t, "Session", err)
		same(t, "Session", got, wantSession)
	}
}
