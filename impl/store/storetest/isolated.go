package storetest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// isolation: an argument is not kept, and a returned record is the caller's.
var isolation = group{"isolation", []rule{
	{"client", clientIsolation},
	{"grant and token", grantIsolation},
	{"consumption", consumptionIsolation},
	{"session", sessionIsolation},
	{"account", accountIsolation},
	{"key", keyIsolation},
	{"event", eventIsolation},
	{"delivery", deliveryIsolation},
}}

// scribble overwrites everything that a record points to.
func scribble(record any) {
	v := reflect.ValueOf(record)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice {
			for j := range f.Len() {
				if f.Index(j).Kind() == reflect.Struct {
					scribble(f.Index(j).Interface())
				}
				f.Index(j).SetZero()
			}
		}
	}
}

// isolated puts a record, scribbles over what was given and over what came back,
// and reports when that shows in what is read next. record makes the same value
// each time, in memory of its own.
func isolated[T any](t testing.TB, what string, record func() T, put func(T) error, get func() (T, error)) {
	t.Helper()
	given := record()
	must(t, what, put(given))
	scribble(given)
	for _, when := range []string{"the argument was changed", "the returned record was changed"} {
		got, err := get()
		must(t, what, err)
		same(t, what+" after "+when, got, record())
		scribble(got)
	}
}

// copies returns a function that makes copies of a filled record.
func copies[T any](t testing.TB, change func(*T)) func() T {
	t.Helper()
	original := filled[T](t)
	change(&original)
	return func() T {
		record := original
		v := reflect.ValueOf(&record).Elem()
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Slice && !f.IsNil() {
				f.Set(reflect.AppendSlice(reflect.MakeSlice(f.Type(), 0, f.Len()), f))
			}
		}
		if c, ok := any(&record).(*store.Client); ok {
			for i := range c.Secrets {
				c.Secrets[i].Sealed = slices.Clone(c.Secrets[i].Sealed)
			}
		}
		return record
	}
}

func clientIsolation(t testing.TB, s store.Store) {
	client := copies(t, func(*store.Client) {})
	get := func() (store.Client, error) { return s.Client(bg, client().ID) }
	isolated(t, "RegisterClient", client, func(c store.Client) error {
		answer, err := s.RegisterClient(bg, c, epoch)
		scribble(answer)
		return err
	}, get)
	next := copies(t, func(c *store.Client) { c.ID, c.Revision = client().ID, client().Revision })
	raised := func() store.Client {
		c := next()
		c.Revision++
		return c
	}
	isolated(t, "ReplaceClient", raised, func(c store.Client) error {
		c.Revision--
		return s.ReplaceClient(bg, c)
	}, get)
	list, err := s.Clients(bg, "", 1000)
	must(t, "Clients", err)
	for _, c := range list {
		scribble(c)
	}
	readClient(t, s, "Client after what Clients returned was changed", raised())
}

func grantIsolation(t testing.TB, s store.Store) {
	grant := copies(t, func(g *store.Grant) { g.RevokedAt = time.Time{} })
	token := copies(t, func(x *store.Token) {
		*x = untouched(*x)
		x.GrantID = grant().ID
	})
	given := token()
	isolated(t, "Issue", grant,
		func(g store.Grant) error { return s.Issue(bg, &g, given) },
		func() (store.Grant, error) { return grantByID(s, grant().ID) })
	isolated(t, "Token", token,
		func(store.Token) error { scribble(given); return nil },
		func() (store.Token, error) {
			x, g, err := s.Token(bg, given.Digest)
			scribble(g)
			return x, err
		})
	list, err := grantsOf(s, grant().Subject)
	must(t, "Grants", err)
	for _, g := range list {
		scribble(g)
	}
	readToken(t, s, "after what Grants and Token returned was changed", token(), grant())
}

func consumptionIsolation(t testing.TB, s store.Store) {
	g, tokens := issued(t, s, 1)
	successor := copies(t, func(x *store.Token) {
		*x = untouched(*x)
		x.GrantID = g.ID
	})
	next := successor()
	c := spend(tokens[0], next)
	c.Reply = []byte("reply")
	must(t, "ConsumeToken", s.ConsumeToken(bg, c))
	scribble(c)
	scribble(next)
	got, _, err := s.Token(bg, tokens[0].Digest)
	must(t, "Token", err)
	if string(got.Reply) != "reply" {
		t.Errorf("ConsumeToken keeps the caller's Reply: %q", got.Reply)
	}
	got, _, err = s.Token(bg, next.Digest)
	must(t, "Token", err)
	same(t, "ConsumeToken: the successor after the argument was changed", got, successor())
}

func sessionIsolation(t testing.TB, s store.Store) {
	session := copies(t, func(*store.Session) {})
	isolated(t, "CreateSession", session,
		func(x store.Session) error { return s.CreateSession(bg, x, store.Digest{}) },
		func() (store.Session, error) { return s.Session(bg, session().Digest) })
}

func accountIsolation(t testing.TB, s store.Store) {
	account := copies(t, func(a *store.Account) { a.Revision = 1 })
	isolated(t, "ReplaceAccount of a new one", account,
		func(a store.Account) error {
			a.Revision = 0
			return s.ReplaceAccount(bg, a)
		},
		func() (store.Account, error) { return s.AccountByName(bg, account().Name) })
	list, err := s.Accounts(bg, "", 1000)
	must(t, "Accounts", err)
	for _, a := range list {
		scribble(a)
	}
	readAccount(t, s, "after what Accounts returned was changed", account())
}

func keyIsolation(t testing.TB, s store.Store) {
	key := copies(t, func(*store.Key) {})
	isolated(t, "CreateKey", key,
		func(k store.Key) error { return s.CreateKey(bg, k) },
		func() (store.Key, error) { return first(s.Keys(bg)) })
}

func eventIsolation(t testing.TB, s store.Store) {
	event := copies(t, func(*store.Event) {})
	isolated(t, "Record", event,
		func(e store.Event) error { return s.Record(bg, e) },
		func() (store.Event, error) { return first(s.Events(bg, "", 1)) })
}

func deliveryIsolation(t testing.TB, s store.Store) {
	const claims = 2
	delivery := copies(t, func(d *store.Delivery) { d.NextAt = epoch })
	given := delivery()
	must(t, "Enqueue", s.Enqueue(bg, given))
	scribble(given)
	for i := range claims {
		got, err := first(s.ClaimDeliveries(bg, epoch, epoch, 1))
		must(t, "ClaimDeliveries", err)
		want := delivery()
		want.Attempts += int64(i + 1)
		same(t, "ClaimDeliveries after what was given or returned was changed", got, want)
		scribble(got)
	}
}

func first[T any](list []T, err error) (T, error) {
	if err != nil || len(list) == 0 {
		var none T
		return none, err
	}
	return list[0], nil
}
