package kvstore

import (
	"time"

	"github.com/charterauth/charter/impl/store"
)

// The tables, and what finds their records.
var (
	clients = table[store.Client]{"client", func(c store.Client) string { return c.ID }, func(c store.Client) []string {
		return []string{due("client", c.ExpiresAt), byDigest("fingerprint", c.Fingerprint)}
	}}
	grants = table[store.Grant]{"grant", func(g store.Grant) string { return g.ID }, func(g store.Grant) []string {
		return []string{due("grant", g.ExpiresAt), entry("subject", g.Subject), entry("client", g.ClientID), entry("session", g.SessionID)}
	}}
	// A consumed token of a grant is over with its grant, and has no expiry of its
	// own: it tells reuse from nonsense.
	tokens = table[store.Token]{"token", func(k store.Token) string { return k.Digest.String() }, func(k store.Token) []string {
		if k.GrantID == "" {
			return []string{due("token", k.ExpiresAt), entry("tokens of client", k.ClientID)}
		}
		if !k.ConsumedAt.IsZero() {
			return []string{entry("tokens of grant", k.GrantID)}
		}
		return []string{due("token", k.ExpiresAt), entry("tokens of grant", k.GrantID)}
	}}
	sessions = table[store.Session]{"session", func(x store.Session) string { return x.Digest.String() }, func(x store.Session) []string {
		return []string{due("session", x.ExpiresAt), entry("session id", x.ID), entry("sessions of subject", x.Subject)}
	}}
	accounts = table[store.Account]{"account", func(a store.Account) string { return a.ID }, func(a store.Account) []string {
		return []string{entry("account name", a.Name)}
	}}
	keys = table[store.Key]{"key", func(k store.Key) string { return k.ID }, func(k store.Key) []string {
		return []string{due("key", k.ExpiresAt)}
	}}
	deliveries = table[store.Delivery]{"delivery", func(d store.Delivery) string { return d.ID }, func(d store.Delivery) []string {
		return []string{due("delivery", d.ExpiresAt), entry("next delivery", moment(d.NextAt))}
	}}
	events   = table[store.Event]{"event", func(e store.Event) string { return e.ID }, func(store.Event) []string { return nil }}
	marks    = table[mark]{"mark", func(m mark) string { return m.Name }, func(m mark) []string { return []string{due("mark", m.Until)} }}
	counters = table[counter]{"counter", func(c counter) string { return c.Name }, func(c counter) []string { return []string{due("counter", c.Until)} }}
)

// A mark is what Once keeps, a counter what Count does.
type (
	mark struct {
		Name  string
		Until time.Time
	}
	counter struct {
		Name  string
		Value int
		Until time.Time
	}
)

// byDigest has no entry for the zero digest, which finds nothing.
func byDigest(name string, d store.Digest) string {
	if d.IsZero() {
		return ""
	}
	return entry(name, d.String())
}
