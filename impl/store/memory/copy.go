package memory

import (
	"time"

	"github.com/charterauth/charter/impl/store"
)

// The copies below are taken on the way in and on the way out. A struct is
// copied by its assignment; what is left is what it points to, and the times.

func copyClient(c store.Client) store.Client {
	c.Metadata = copySlice(c.Metadata)
	c.Secrets = copySlice(c.Secrets)
	for i := range c.Secrets {
		c.Secrets[i].Sealed = copySlice(c.Secrets[i].Sealed)
		c.Secrets[i].CreatedAt = instant(c.Secrets[i].CreatedAt)
		c.Secrets[i].ExpiresAt = instant(c.Secrets[i].ExpiresAt)
	}
	c.DisabledAt = instant(c.DisabledAt)
	c.CreatedAt, c.UpdatedAt = instant(c.CreatedAt), instant(c.UpdatedAt)
	c.LastUsedAt, c.ExpiresAt = instant(c.LastUsedAt), instant(c.ExpiresAt)
	return c
}

func copyGrant(g store.Grant) store.Grant {
	g.Scopes, g.Resources = copySlice(g.Scopes), copySlice(g.Resources)
	g.Parameters = copySlice(g.Parameters)
	g.Props, g.Metadata = copySlice(g.Props), copySlice(g.Metadata)
	g.AuthTime, g.CreatedAt = instant(g.AuthTime), instant(g.CreatedAt)
	g.LastUsedAt, g.ExpiresAt = instant(g.LastUsedAt), instant(g.ExpiresAt)
	g.RevokedAt = instant(g.RevokedAt)
	return g
}

func copyToken(t store.Token) store.Token {
	t.Scopes, t.Resources = copySlice(t.Scopes), copySlice(t.Resources)
	t.Parameters, t.Props = copySlice(t.Parameters), copySlice(t.Props)
	t.WrappedKey, t.Reply = copySlice(t.WrappedKey), copySlice(t.Reply)
	t.CreatedAt, t.ExpiresAt = instant(t.CreatedAt), instant(t.ExpiresAt)
	t.ConsumedAt = instant(t.ConsumedAt)
	return t
}

func copySession(s store.Session) store.Session {
	s.Methods, s.Parameters = copySlice(s.Methods), copySlice(s.Parameters)
	s.AuthTime, s.CreatedAt = instant(s.AuthTime), instant(s.CreatedAt)
	s.ExpiresAt = instant(s.ExpiresAt)
	return s
}

func copyAccount(a store.Account) store.Account {
	a.Claims = copySlice(a.Claims)
	a.DisabledAt = instant(a.DisabledAt)
	a.CreatedAt, a.UpdatedAt = instant(a.CreatedAt), instant(a.UpdatedAt)
	return a
}

func copyKey(k store.Key) store.Key {
	k.Sealed, k.Public = copySlice(k.Sealed), copySlice(k.Public)
	k.CreatedAt, k.ActiveAt = instant(k.CreatedAt), instant(k.ActiveAt)
	k.RetiredAt, k.ExpiresAt = instant(k.RetiredAt), instant(k.ExpiresAt)
	return k
}

func copyDelivery(d store.Delivery) store.Delivery {
	d.Payload = copySlice(d.Payload)
	d.NextAt, d.CreatedAt = instant(d.NextAt), instant(d.CreatedAt)
	d.ExpiresAt = instant(d.ExpiresAt)
	return d
}

func copyEvent(e store.Event) store.Event {
	e.Detail = copySlice(e.Detail)
	e.At = instant(e.At)
	return e
}

// copySlice returns nil for an empty slice, as a column without a value reads.
func copySlice[T any](s []T) []T { return append([]T(nil), s...) }

// instant is t as a column keeps it: UTC, microseconds, rounded down so that no
// expiry is later than the one that was given.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// later returns the later of two expiries, of which zero is never.
func later(a, b time.Time) time.Time {
	if a.IsZero() || b.IsZero() {
		return time.Time{}
	}
	if b.After(a) {
		return b
	}
	return a
}

// expired reports whether an expiry, of which zero is never, is over at at.
func expired(expiry, at time.Time) bool { return !expiry.IsZero() && !expiry.After(at) }
