package server

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
)

// A failing store fails the nth call, and all calls after it if it stays broken.
type failing struct {
	store.Store
	n     int  // the call to fail, from 1; 0 counts only
	after bool // the call happens, and its answer is lost
	calls int
}

func (f *failing) fail(do func() error) error {
	f.calls++
	if f.calls != f.n {
		return do()
	}
	if f.after {
		if err := do(); err != nil {
			return err
		}
	}
	return errors.Join(store.ErrUnavailable, errors.New("dial tcp db.internal: refused"))
}

func (f *failing) Client(ctx context.Context, id string) (c store.Client, err error) {
	err = f.fail(func() (e error) { c, e = f.Store.Client(ctx, id); return e })
	return c, err
}

func (f *failing) Token(ctx context.Context, d store.Digest) (t store.Token, g store.Grant, err error) {
	err = f.fail(func() (e error) { t, g, e = f.Store.Token(ctx, d); return e })
	return t, g, err
}

func (f *failing) ConsumeToken(ctx context.Context, c store.Consumption) error {
	return f.fail(func() error { return f.Store.ConsumeToken(ctx, c) })
}

func (f *failing) Issue(ctx context.Context, g *store.Grant, t ...store.Token) error {
	return f.fail(func() error { return f.Store.Issue(ctx, g, t...) })
}

func (f *failing) RevokeGrants(ctx context.Context, g store.GrantFilter, at time.Time) (n int, err error) {
	err = f.fail(func() (e error) { n, e = f.Store.RevokeGrants(ctx, g, at); return e })
	return n, err
}

// Every store call of every operation fails once, before
// and after it took effect. The answer is a 503 that repeats nothing; there is
// never a token without its record, nor a 200 for a token that lives on.
func TestEveryStoreCallFailsOnce(t *testing.T) {
	proof.Of(t, "ATK-70", "CVE-2020-15223", "REL-I11", "REL-7", "REL-I9")
	proof.Of(t, "RFC7009-2.2.1-3")
	for name, c := range map[string]struct {
		path string
		as   string
		form func(x *tokenTest, a answer) url.Values
		// after is what must hold when the call has failed.
		after func(t *testing.T, x *tokenTest, a answer, form url.Values, f failing)
	}{
		"code":               {"/token", "C1", func(x *tokenTest, _ answer) url.Values { code, _ := x.code(allowed{}); return codeForm(code) }, codeAfterFailure},
		"refresh":            {"/token", "C1", func(_ *tokenTest, a answer) url.Values { return refreshForm(a.text("refresh_token")) }, sameRequestSucceeds},
		"client credentials": {"/token", "C1", func(*tokenTest, answer) url.Values { return machineForm }, sameRequestSucceeds},
		"introspection":      {"/introspect", "R1", accessForm, sameRequestSucceeds},
		"revocation":         {"/revoke", "C1", accessForm, revokedAfterRetry},
		"replay":             {"/token", "C1", replayForm, replayAfterFailure},
	} {
		for _, after := range []bool{false, true} {
			for n := 1; ; n++ {
				x := newTokenTest(t)
				a := x.tokens(allowed{})
				form := c.form(x, a)
				f := &failing{Store: x.store, n: n, after: after}
				x.server.store = f
				b := x.post(c.path, as(c.as), form)
				if f.calls < n {
					if n < 3 {
						t.Errorf("%s makes %d store calls", name, f.calls)
					}
					break
				}
				x.refused(name, b, 503, "temporarily_unavailable", "db.internal", form.Get("code"), form.Get("refresh_token"), form.Get("token"))
				if b.header.Get("Retry-After") == "" {
					t.Errorf("%s: no Retry-After", name)
				}
				x.server.store = x.store
				c.after(t, x, a, form, *f)
			}
		}
	}
}

func accessForm(_ *tokenTest, a answer) url.Values {
	return url.Values{"token": {a.text("access_token")}}
}

func replayForm(x *tokenTest, _ answer) url.Values {
	code, _ := x.code(allowed{})
	x.ok(x.post("/token", as("C1"), codeForm(code)))
	return codeForm(code)
}

// A code whose write failed is good; one whose answer was lost was redeemed, and
// asking again is a replay (design §13: there is no retry for codes).
func codeAfterFailure(t *testing.T, x *tokenTest, _ answer, form url.Values, f failing) {
	b := x.post("/token", as("C1"), form)
	spent := f.after && f.n == 3
	if !spent {
		x.ok(b)
		return
	}
	x.refused("spent code", b, 400, "invalid_grant")
}

// The same request again succeeds: a refresh whose answer was lost gets the same
// successor.
func sameRequestSucceeds(t *testing.T, x *tokenTest, _ answer, form url.Values, _ failing) {
	path, id := "/token", "C1"
	if form.Has("token") {
		path, id = "/introspect", "R1"
	}
	b := x.ok(x.post(path, as(id), form))
	if path == "/token" && !x.live(b.text("access_token")) {
		t.Error("a token without its record")
	}
}

func revokedAfterRetry(t *testing.T, x *tokenTest, a answer, form url.Values, f failing) {
	if !f.after && !x.live(a.text("access_token")) {
		t.Error("revoked, though the store had failed")
	}
	x.ok(x.post("/revoke", as("C1"), form))
	if x.live(a.text("access_token")) {
		t.Error("200, and the token lives")
	}
}

func replayAfterFailure(t *testing.T, x *tokenTest, _ answer, form url.Values, _ failing) {
	x.refused("replay", x.post("/token", as("C1"), form), 400, "invalid_grant")
	if x.happened("code_replayed") == 0 {
		t.Error("no event")
	}
}
