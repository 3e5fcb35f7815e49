package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// model: whatever the order of verbs, a store answers as the reference does.
var model = group{"model", []rule{{"random verbs", randomVerbs}}}

// randomVerbs gives a store and the reference the same random verbs, whose few
// identifiers meet again and again, and compares every answer. The seed is in
// the log of a failure.
func randomVerbs(t testing.TB, s store.Store) {
	steps := 1500
	if testing.Short() {
		steps /= 3
	}
	seed := rand.Uint64()
	m := &mirror{rand.New(rand.NewPCG(seed, 0)), memory.New(), fmt.Sprint("model-", seed, "-"), epoch}
	for step := range steps {
		m.now = m.now.Add(time.Duration(m.IntN(3)) * time.Minute)
		name, verb := m.verb()
		want := verb(m.reference)
		if got := verb(s); got != want {
			t.Fatalf("seed %d, step %d, %s: got\n%s\nwant\n%s", seed, step, name, got, want)
		}
	}
}

// A mirror makes verbs. What a verb needs of the state it reads from the
// reference when it is made, so that both stores get the same arguments.
type mirror struct {
	*rand.Rand
	reference store.Store
	prefix    string
	now       time.Time
}

func (m *mirror) id(kind string) string { return fmt.Sprint(m.prefix, kind, m.IntN(6)) }

func (m *mirror) digest(kind string, n int) store.Digest {
	return store.NewDigest(store.RefreshToken, fmt.Sprint(m.prefix, kind, m.IntN(n)))
}

// expiry is never, over, or soon.
func (m *mirror) expiry() time.Time {
	return []time.Time{{}, m.now, m.now.Add(time.Minute), m.now.Add(time.Hour)}[m.IntN(4)]
}

// answered is what a caller sees: an error of the contract by name, and records.
func answered(err error, records ...any) string {
	for _, s := range sentinels {
		if err != nil && differs(err, s) == "" {
			return s.Error()
		}
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%+v", records)
}

func (m *mirror) verb() (name string, verb func(store.Store) string) {
	verbs := []func() (string, func(store.Store) string){
		m.client, m.readClients, m.issue, m.consume, m.consume, m.token, m.grants, m.revoke,
		m.session, m.account, m.readAccounts, m.key, m.delivery, m.guard, m.sweep,
	}
	return verbs[m.IntN(len(verbs))]()
}

func (m *mirror) client() (string, func(store.Store) string) {
	c := aClient()
	c.ID, c.CreatedAt, c.ExpiresAt, c.Revision = m.id("client"), m.now, m.expiry(), int64(m.IntN(3))
	at := m.now
	switch m.IntN(4) {
	case 0:
		c.Fingerprint = m.digest("fingerprint", 3)
		return "RegisterClient", func(s store.Store) string {
			got, err := s.RegisterClient(bg, c, at.Add(-5*time.Minute))
			return answered(err, got)
		}
	case 1:
		return "ReplaceClient", func(s store.Store) string { return answered(s.ReplaceClient(bg, c)) }
	case 2:
		return "RenewClient", func(s store.Store) string { return answered(s.RenewClient(bg, c.ID, at, c.ExpiresAt)) }
	}
	return "DeleteClient", func(s store.Store) string { return answered(s.DeleteClient(bg, c.ID, at)) }
}

func (m *mirror) readClients() (string, func(store.Store) string) {
	id, limit := m.id("client"), m.IntN(4)
	return "Client, Clients", func(s store.Store) string {
		c, err := s.Client(bg, id)
		list, listErr := s.Clients(bg, id, limit)
		return answered(err, c) + answered(listErr, list)
	}
}

func (m *mirror) grant() *store.Grant {
	g := aGrant()
	g.ID, g.Subject, g.ClientID, g.SessionID = m.id("grant"), m.id("account"), m.id("client"), m.id("session")
	g.CreatedAt, g.LastUsedAt, g.ExpiresAt = m.now, m.now, m.expiry()
	return &g
}

// under makes a token of a grant that is there, or of none: which, the reference
// says.
func (m *mirror) under(id string) store.Token {
	k := aToken(store.Grant{ClientID: m.id("client")})
	k.Digest, k.CreatedAt, k.ExpiresAt = m.digest("token", 12), m.now, m.expiry()
	if _, err := grantByID(m.reference, id); err == nil {
		k.GrantID = id
	}
	return k
}

func (m *mirror) issue() (string, func(store.Store) string) {
	g := m.grant()
	token := m.under(g.ID)
	if m.IntN(2) == 0 {
		token.GrantID = g.ID
		return "Issue", func(s store.Store) string { return answered(s.Issue(bg, g, token)) }
	}
	return "Issue without a grant", func(s store.Store) string { return answered(s.Issue(bg, nil, token)) }
}

func (m *mirror) consume() (string, func(store.Store) string) {
	c := store.Consumption{Token: m.digest("token", 12), At: m.now, Reply: []byte("reply"), GrantExpiresAt: m.expiry()}
	spent, _, err := m.reference.Token(bg, c.Token)
	if err == nil && m.IntN(3) > 0 {
		next := m.under(spent.GrantID)
		if spent.GrantID == "" {
			c.Grant = m.grant()
			next.GrantID = c.Grant.ID
		}
		c.Successor, c.Successors = next.Digest, []store.Token{next}
	}
	return "ConsumeToken", func(s store.Store) string { return answered(s.ConsumeToken(bg, c)) }
}

func (m *mirror) token() (string, func(store.Store) string) {
	d := m.digest("token", 12)
	return "Token", func(s store.Store) string {
		k, g, err := s.Token(bg, d)
		return answered(err, k, g)
	}
}

func (m *mirror) filter() store.GrantFilter {
	return []store.GrantFilter{
		{}, {ID: m.id("grant")}, {Subject: m.id("account")}, {ClientID: m.id("client")}, {SessionID: m.id("session")},
		{Subject: m.id("account"), ClientID: m.id("client")},
	}[m.IntN(6)]
}

func (m *mirror) grants() (string, func(store.Store) string) {
	f, at, after, limit := m.filter(), []time.Time{{}, m.now}[m.IntN(2)], m.id("grant"), m.IntN(4)
	return "Grants", func(s store.Store) string {
		list, err := s.Grants(bg, f, at, after, limit)
		return answered(err, list)
	}
}

func (m *mirror) revoke() (string, func(store.Store) string) {
	f, at := m.filter(), m.now
	return "RevokeGrants", func(s store.Store) string {
		n, err := s.RevokeGrants(bg, f, at)
		return answered(err, n)
	}
}

func (m *mirror) session() (string, func(store.Store) string) {
	x := aSession(m.id("account"))
	x.Digest, x.ID, x.ExpiresAt = m.digest("session", 8), m.id("session"), m.expiry()
	switch replaces := m.digest("session", 8); m.IntN(4) {
	case 0:
		return "EndSession", func(s store.Store) string { return answered(s.EndSession(bg, x.ID)) }
	case 1:
		return "Session", func(s store.Store) string {
			got, err := s.Session(bg, x.Digest)
			return answered(err, got)
		}
	default:
		return "CreateSession", func(s store.Store) string { return answered(s.CreateSession(bg, x, replaces)) }
	}
}

func (m *mirror) account() (string, func(store.Store) string) {
	a := anAccount()
	a.ID, a.Name, a.Revision = m.id("account"), m.id("name"), int64(m.IntN(4))
	at := m.now
	if m.IntN(4) == 0 {
		return "DeleteAccount", func(s store.Store) string { return answered(s.DeleteAccount(bg, a.ID, at)) }
	}
	return "ReplaceAccount", func(s store.Store) string { return answered(s.ReplaceAccount(bg, a)) }
}

func (m *mirror) readAccounts() (string, func(store.Store) string) {
	id, name, limit := m.id("account"), m.id("name"), m.IntN(4)
	return "Account, AccountByName, Accounts", func(s store.Store) string {
		a, err := s.Account(bg, id)
		named, nameErr := s.AccountByName(bg, name)
		list, listErr := s.Accounts(bg, id, limit)
		return answered(err, a) + answered(nameErr, named) + answered(listErr, list)
	}
}

func (m *mirror) key() (string, func(store.Store) string) {
	k := aKey()
	k.ID, k.Use, k.Generation = m.id("key"), m.prefix+"use", int64(m.IntN(6))
	at, until := m.now, m.expiry()
	switch m.IntN(3) {
	case 0:
		return "CreateKey", func(s store.Store) string { return answered(s.CreateKey(bg, k)) }
	case 1:
		return "RetireKey", func(s store.Store) string { return answered(s.RetireKey(bg, k.ID, at, until)) }
	}
	return "Keys", func(s store.Store) string {
		keys, err := s.Keys(bg)
		return answered(err, keys)
	}
}

func (m *mirror) delivery() (string, func(store.Store) string) {
	d := aDelivery()
	d.ID, d.NextAt, d.ExpiresAt = m.id("delivery"), m.expiry(), m.expiry()
	at, attempts, next := m.now, int64(m.IntN(3)), m.expiry()
	switch m.IntN(3) {
	case 0:
		return "Enqueue", func(s store.Store) string { return answered(s.Enqueue(bg, d)) }
	case 1:
		return "FinishDelivery", func(s store.Store) string { return answered(s.FinishDelivery(bg, d.ID, attempts, next)) }
	}
	return "ClaimDeliveries", func(s store.Store) string {
		list, err := s.ClaimDeliveries(bg, at, at.Add(time.Minute), 100)
		slices.SortFunc(list, func(a, b store.Delivery) int { return cmp.Compare(a.ID, b.ID) })
		return answered(err, list)
	}
}

func (m *mirror) guard() (string, func(store.Store) string) {
	id, at, until := m.id("guard"), m.now, m.now.Add(time.Duration(m.IntN(3))*time.Minute)
	if m.IntN(2) == 0 {
		return "Once", func(s store.Store) string { return answered(s.Once(bg, m.prefix, id, until)) }
	}
	return "Count", func(s store.Store) string {
		n, err := s.Count(bg, m.prefix, id, at, until)
		return answered(err, n)
	}
}

func (m *mirror) sweep() (string, func(store.Store) string) {
	at := m.now
	return "Sweep", func(s store.Store) string {
		n, err := s.Sweep(bg, at, 10_000)
		return answered(err, n)
	}
}
