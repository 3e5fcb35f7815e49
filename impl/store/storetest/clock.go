package storetest

import (
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// The caller's clock is the only one, and may be set back at any moment.
var clocks = group{"clock", []rule{
	{"set back", clockSetBack},
	{"of another age", clockOfAnotherAge},
}}

// clockSetBack: what was spent, marked, counted, leased or revoked stays so when
// the caller's clock goes back.
func clockSetBack(t testing.TB, s store.Store) {
	now, back := epoch.Add(48*time.Hour), epoch.Add(47*time.Hour)
	g, tokens := issued(t, s, 2)
	c := spend(tokens[0])
	c.At = now
	must(t, "ConsumeToken", s.ConsumeToken(bg, c))
	c.At = back
	want(t, "ConsumeToken an hour before it was spent", s.ConsumeToken(bg, c), store.ErrConsumed)

	mark := fresh("mark")
	must(t, "Once", s.Once(bg, "clock", mark, now.Add(time.Minute)))
	want(t, "Once with an earlier until", s.Once(bg, "clock", mark, back.Add(time.Minute)), store.ErrConsumed)
	want(t, "Once with a later until", s.Once(bg, "clock", mark, now.Add(time.Hour)), store.ErrConsumed)

	counter := fresh("counter")
	for i, at := range []time.Time{now, back, now} {
		n, err := s.Count(bg, "clock", counter, at, now.Add(time.Minute))
		must(t, "Count", err)
		if n != i+1 {
			t.Errorf("Count at %v is %d, want %d", at, n, i+1)
		}
	}

	d := aDelivery()
	d.NextAt, d.ExpiresAt = back, time.Time{}
	must(t, "Enqueue", s.Enqueue(bg, d))
	claimed := func(what string, at time.Time, want int) {
		t.Helper()
		list, err := s.ClaimDeliveries(bg, at, now.Add(time.Hour), 1000)
		must(t, what, err)
		n := 0
		for _, x := range list {
			if x.ID == d.ID {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: leased %d times, want %d", what, n, want)
		}
	}
	claimed("ClaimDeliveries", now, 1)
	claimed("ClaimDeliveries within the lease, an hour before", back, 0)

	if n, err := s.RevokeGrants(bg, store.GrantFilter{ID: g.ID}, now); err != nil || n != 1 {
		t.Errorf("RevokeGrants: %d, %v", n, err)
	}
	if n, err := s.RevokeGrants(bg, store.GrantFilter{ID: g.ID}, back); err != nil || n != 0 {
		t.Errorf("RevokeGrants of what is revoked, an hour before: %d, %v", n, err)
	}
	_, got, err := s.Token(bg, tokens[1].Digest)
	if err != nil || !got.RevokedAt.Equal(now) {
		t.Errorf("revoked at %v (%v), want %v", got.RevokedAt, err, now)
	}
	if list, err := s.Grants(bg, store.GrantFilter{ID: g.ID}, back, "", 1); err != nil || len(list) != 0 {
		t.Errorf("a revoked grant is listed as live an hour before: %d, %v", len(list), err)
	}
}

// clockOfAnotherAge: what the caller's time is does not matter, as long as a store
// compares with nothing else: not with its own clock.
func clockOfAnotherAge(t testing.TB, s store.Store) {
	for _, year := range []int{1999, 2600} {
		now := time.Date(year, 3, 28, 1, 30, 0, 0, time.UTC) // in a night that many clocks are set in
		g := aGrant()
		g.CreatedAt, g.ExpiresAt = now, now.Add(time.Hour)
		token, next := aToken(g), aToken(g)
		token.CreatedAt, token.ExpiresAt = now, now.Add(time.Hour)
		next.CreatedAt, next.ExpiresAt = now, now.Add(time.Hour)
		must(t, "Issue", s.Issue(bg, &g, token))
		readToken(t, s, "at once", token, g)
		if list, err := s.Grants(bg, store.GrantFilter{ID: g.ID}, now, "", 1); err != nil || len(list) != 1 {
			t.Errorf("in %d a live grant is not listed: %v", year, err)
		}
		c := spend(token, next)
		c.At = now
		must(t, "ConsumeToken", s.ConsumeToken(bg, c))

		counter := fresh("counter")
		for i, at := range []time.Time{now, now.Add(59 * time.Second), now.Add(time.Minute)} {
			n, err := s.Count(bg, "clock", counter, at, now.Add(time.Minute))
			must(t, "Count", err)
			if expected := []int{1, 2, 1}[i]; n != expected {
				t.Errorf("in %d Count is %d after %v, want %d", year, n, at.Sub(now), expected)
			}
		}

		d := aDelivery()
		d.NextAt, d.ExpiresAt = now, now.Add(time.Hour)
		must(t, "Enqueue", s.Enqueue(bg, d))
		list, err := s.ClaimDeliveries(bg, now, now.Add(time.Minute), 1000)
		must(t, "ClaimDeliveries", err)
		found := false
		for _, x := range list {
			found = found || x.ID == d.ID
		}
		if !found {
			t.Errorf("in %d a delivery that is due is not leased", year)
		}
		must(t, "FinishDelivery", s.FinishDelivery(bg, d.ID, 1, time.Time{}))
	}
}
