package nthcall

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// A class is how a call fails.
type class int

const (
	before    class = iota // it did not happen
	after                  // it happened, and nobody was told
	cancelled              // its context was cancelled; it did not happen
)

func (c class) String() string { return [...]string{"before", "after", "cancelled"}[c] }

// secretDetail is in every error, and belongs into no answer.
const secretDetail = "dial tcp db.internal:5432: refused"

// A failing store fails one call, while it is armed. It has every method of the
// interface itself: one that is added is counted, or does not compile.
type failing struct {
	store store.Store

	mu     sync.Mutex
	armed  bool
	n      int // the call to fail, from 1; 0: none
	class  class
	calls  []string // the methods called while armed
	failed string   // the method that failed
}

var _ store.Store = (*failing)(nil)

// arm lets the nth call from now on fail.
func (f *failing) arm(n int, c class) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.n, f.class, f.calls, f.failed = true, n, c, nil, ""
}

// heal ends that.
func (f *failing) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = false
}

// call makes a call, or fails it.
func (f *failing) call(method string, do func() error) error {
	f.mu.Lock()
	fails := false
	if f.armed {
		f.calls = append(f.calls, method)
		if fails = len(f.calls) == f.n; fails {
			f.failed = method
		}
	}
	c := f.class
	f.mu.Unlock()
	if !fails {
		return do()
	}
	switch c {
	case cancelled:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, context.Canceled)
	case after:
		if err := do(); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, errors.New(secretDetail))
}

func (f *failing) RegisterClient(ctx context.Context, c store.Client, since time.Time, tokens ...store.Token) (r store.Client, err error) {
	err = f.call("RegisterClient", func() (e error) { r, e = f.store.RegisterClient(ctx, c, since, tokens...); return e })
	return r, err
}

func (f *failing) Client(ctx context.Context, id string) (r store.Client, err error) {
	err = f.call("Client", func() (e error) { r, e = f.store.Client(ctx, id); return e })
	return r, err
}

func (f *failing) Clients(ctx context.Context, after string, limit int) (r []store.Client, err error) {
	err = f.call("Clients", func() (e error) { r, e = f.store.Clients(ctx, after, limit); return e })
	return r, err
}

func (f *failing) ReplaceClient(ctx context.Context, c store.Client) error {
	return f.call("ReplaceClient", func() error { return f.store.ReplaceClient(ctx, c) })
}

func (f *failing) RenewClient(ctx context.Context, id string, usedAt time.Time, expiresAt time.Time) error {
	return f.call("RenewClient", func() error { return f.store.RenewClient(ctx, id, usedAt, expiresAt) })
}

func (f *failing) DeleteClient(ctx context.Context, id string, at time.Time) error {
	return f.call("DeleteClient", func() error { return f.store.DeleteClient(ctx, id, at) })
}

func (f *failing) Issue(ctx context.Context, grant *store.Grant, tokens ...store.Token) error {
	return f.call("Issue", func() error { return f.store.Issue(ctx, grant, tokens...) })
}

func (f *failing) Token(ctx context.Context, d store.Digest) (r store.Token, r2 store.Grant, err error) {
	err = f.call("Token", func() (e error) { r, r2, e = f.store.Token(ctx, d); return e })
	return r, r2, err
}

func (f *failing) ConsumeToken(ctx context.Context, c store.Consumption) error {
	return f.call("ConsumeToken", func() error { return f.store.ConsumeToken(ctx, c) })
}

func (f *failing) Grants(ctx context.Context, filter store.GrantFilter, at time.Time, after string, limit int) (r []store.Grant, err error) {
	err = f.call("Grants", func() (e error) { r, e = f.store.Grants(ctx, filter, at, after, limit); return e })
	return r, err
}

func (f *failing) RevokeGrants(ctx context.Context, filter store.GrantFilter, at time.Time) (r int, err error) {
	err = f.call("RevokeGrants", func() (e error) { r, e = f.store.RevokeGrants(ctx, filter, at); return e })
	return r, err
}

func (f *failing) CreateSession(ctx context.Context, s store.Session, replaces store.Digest) error {
	return f.call("CreateSession", func() error { return f.store.CreateSession(ctx, s, replaces) })
}

func (f *failing) Session(ctx context.Context, d store.Digest) (r store.Session, err error) {
	err = f.call("Session", func() (e error) { r, e = f.store.Session(ctx, d); return e })
	return r, err
}

func (f *failing) EndSession(ctx context.Context, id string) error {
	return f.call("EndSession", func() error { return f.store.EndSession(ctx, id) })
}

func (f *failing) ReplaceAccount(ctx context.Context, a store.Account) error {
	return f.call("ReplaceAccount", func() error { return f.store.ReplaceAccount(ctx, a) })
}

func (f *failing) Account(ctx context.Context, id string) (r store.Account, err error) {
	err = f.call("Account", func() (e error) { r, e = f.store.Account(ctx, id); return e })
	return r, err
}

func (f *failing) AccountByName(ctx context.Context, name string) (r store.Account, err error) {
	err = f.call("AccountByName", func() (e error) { r, e = f.store.AccountByName(ctx, name); return e })
	return r, err
}

func (f *failing) Accounts(ctx context.Context, after string, limit int) (r []store.Account, err error) {
	err = f.call("Accounts", func() (e error) { r, e = f.store.Accounts(ctx, after, limit); return e })
	return r, err
}

func (f *failing) DeleteAccount(ctx context.Context, id string, at time.Time) error {
	return f.call("DeleteAccount", func() error { return f.store.DeleteAccount(ctx, id, at) })
}

func (f *failing) CreateKey(ctx context.Context, k store.Key) error {
	return f.call("CreateKey", func() error { return f.store.CreateKey(ctx, k) })
}

func (f *failing) Keys(ctx context.Context) (r []store.Key, err error) {
	err = f.call("Keys", func() (e error) { r, e = f.store.Keys(ctx); return e })
	return r, err
}

func (f *failing) RetireKey(ctx context.Context, id string, retiredAt time.Time, expiresAt time.Time) error {
	return f.call("RetireKey", func() error { return f.store.RetireKey(ctx, id, retiredAt, expiresAt) })
}

func (f *failing) Enqueue(ctx context.Context, deliveries ...store.Delivery) error {
	return f.call("Enqueue", func() error { return f.store.Enqueue(ctx, deliveries...) })
}

func (f *failing) ClaimDeliveries(ctx context.Context, at time.Time, until time.Time, limit int) (r []store.Delivery, err error) {
	err = f.call("ClaimDeliveries", func() (e error) { r, e = f.store.ClaimDeliveries(ctx, at, until, limit); return e })
	return r, err
}

func (f *failing) FinishDelivery(ctx context.Context, id string, attempts int64, next time.Time) error {
	return f.call("FinishDelivery", func() error { return f.store.FinishDelivery(ctx, id, attempts, next) })
}

func (f *failing) Once(ctx context.Context, scope string, id string, until time.Time) error {
	return f.call("Once", func() error { return f.store.Once(ctx, scope, id, until) })
}

func (f *failing) Count(ctx context.Context, scope string, id string, at time.Time, until time.Time) (r int, err error) {
	err = f.call("Count", func() (e error) { r, e = f.store.Count(ctx, scope, id, at, until); return e })
	return r, err
}

func (f *failing) Record(ctx context.Context, events ...store.Event) error {
	return f.call("Record", func() error { return f.store.Record(ctx, events...) })
}

func (f *failing) Events(ctx context.Context, after string, limit int) (r []store.Event, err error) {
	err = f.call("Events", func() (e error) { r, e = f.store.Events(ctx, after, limit); return e })
	return r, err
}

func (f *failing) Sweep(ctx context.Context, before time.Time, limit int) (r int, err error) {
	err = f.call("Sweep", func() (e error) { r, e = f.store.Sweep(ctx, before, limit); return e })
	return r, err
}

func (f *failing) Ping(ctx context.Context) error {
	return f.call("Ping", func() error { return f.store.Ping(ctx) })
}

func (f *failing) Close() error { return f.store.Close() }
