package storetest

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// cancellation: a verb may end early, and then says that it does not know.
var cancellation = group{"cancellation", []rule{
	{"context already cancelled", alreadyCancelled},
	{"context cancelled under way", cancelledUnderWay},
}}

// alreadyCancelled calls every kind of verb with a context that is done. Both
// answers are allowed, the whole effect or ErrUnavailable: never an answer of
// the protocol, which the server would believe.
func alreadyCancelled(t testing.TB, s store.Store) {
	g, tokens := issued(t, s, 1)
	c := registered(t, s, aClient())
	r := aRequest()
	must(t, "Issue of a request", s.Issue(bg, nil, r))
	session, a := aSession("x"), anAccount()
	must(t, "CreateSession", s.CreateSession(bg, session, store.Digest{}))
	a = created(t, s, a)
	d := aDelivery()
	must(t, "Enqueue", s.Enqueue(bg, d))
	ctx, cancel := context.WithCancel(bg)
	cancel()
	scope := fresh("scope")
	calls := map[string]func(context.Context) error{
		"Client":                       func(ctx context.Context) error { _, err := s.Client(ctx, c.ID); return err },
		"Clients":                      func(ctx context.Context) error { _, err := s.Clients(ctx, "", 1); return err },
		"ReplaceClient":                func(ctx context.Context) error { return s.ReplaceClient(ctx, c) },
		"RenewClient":                  func(ctx context.Context) error { return s.RenewClient(ctx, c.ID, epoch, epoch) },
		"ConsumeToken without a grant": func(ctx context.Context) error { return s.ConsumeToken(ctx, answer(r, nil)) },
		"Issue":                        func(ctx context.Context) error { return s.Issue(ctx, new(aGrant())) },
		"Issue of tokens":              func(ctx context.Context) error { return s.Issue(ctx, nil, aToken(store.Grant{})) },
		"Token":                        func(ctx context.Context) error { _, _, err := s.Token(ctx, tokens[0].Digest); return err },
		"ConsumeToken":                 func(ctx context.Context) error { return s.ConsumeToken(ctx, spend(tokens[0])) },
		"Grants": func(ctx context.Context) error {
			_, err := s.Grants(ctx, store.GrantFilter{Subject: g.Subject}, epoch, "", 1)
			return err
		},
		"RevokeGrants": func(ctx context.Context) error {
			_, err := s.RevokeGrants(ctx, store.GrantFilter{ID: "x"}, epoch)
			return err
		},
		"Enqueue": func(ctx context.Context) error { return s.Enqueue(ctx, aDelivery()) },
		"ClaimDeliveries": func(ctx context.Context) error {
			_, err := s.ClaimDeliveries(ctx, time.Time{}, epoch, 1)
			return err
		},
		"FinishDelivery": func(ctx context.Context) error { return s.FinishDelivery(ctx, d.ID, 0, epoch) },
		"ReplaceAccount": func(ctx context.Context) error { return s.ReplaceAccount(ctx, a) },
		"Session":        func(ctx context.Context) error { _, err := s.Session(ctx, session.Digest); return err },
		"EndSession":     func(ctx context.Context) error { return s.EndSession(ctx, fresh("session")) },
		"Account":        func(ctx context.Context) error { _, err := s.Account(ctx, a.ID); return err },
		"AccountByName":  func(ctx context.Context) error { _, err := s.AccountByName(ctx, a.Name); return err },
		"CreateKey":      func(ctx context.Context) error { return s.CreateKey(ctx, aKey()) },
		"Keys":           func(ctx context.Context) error { _, err := s.Keys(ctx); return err },
		"Once":           func(ctx context.Context) error { return s.Once(ctx, scope, "id", epoch) },
		"Count":          func(ctx context.Context) error { _, err := s.Count(ctx, scope, "id", epoch, epoch); return err },
		"Record":         func(ctx context.Context) error { return s.Record(ctx, anEvent()) },
		"Events":         func(ctx context.Context) error { _, err := s.Events(ctx, "", 1); return err },
		"Sweep":          func(ctx context.Context) error { _, err := s.Sweep(ctx, time.Time{}, 1); return err },
		"Ping":           func(ctx context.Context) error { return s.Ping(ctx) },
	}
	for what, call := range calls {
		if err := call(ctx); err != nil {
			want(t, what, err, store.ErrUnavailable)
		}
	}
	want(t, "Ping afterwards", s.Ping(bg), nil)
}

// cancelledUnderWay cancels at random instants: an acknowledged consumption has
// its successor, and one that is not has happened entirely or not at all.
func cancelledUnderWay(t testing.TB, s store.Store) {
	_, tokens := issued(t, s, 200)
	for _, token := range tokens {
		next := aToken(store.Grant{ID: token.GrantID, ClientID: token.ClientID})
		ctx, cancel := context.WithCancel(bg)
		timer := time.AfterFunc(time.Duration(rand.Int64N(int64(2*time.Millisecond))), cancel)
		err := s.ConsumeToken(ctx, spend(token, next))
		timer.Stop()
		cancel()
		if err != nil {
			want(t, "ConsumeToken", err, store.ErrUnavailable)
		}
		got, _, readErr := s.Token(bg, token.Digest)
		must(t, "Token", readErr)
		_, _, nextErr := s.Token(bg, next.Digest)
		consumed, added := !got.ConsumedAt.IsZero(), nextErr == nil
		if consumed != added || err == nil && !consumed {
			t.Fatalf("ConsumeToken answered %v; consumed %v, successor added %v", err, consumed, added)
		}
	}
}
