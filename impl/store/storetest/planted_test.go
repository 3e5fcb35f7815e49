package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// forgetsGrant spends a token and adds no grant.
type forgetsGrant struct{ store.Store }

func (s forgetsGrant) ConsumeToken(ctx context.Context, c store.Consumption) error {
	c.Grant = nil
	return s.Store.ConsumeToken(ctx, c)
}

// marksFirst spends the token before it knows that the successors fit.
type marksFirst struct{ store.Store }

func (s marksFirst) ConsumeToken(ctx context.Context, c store.Consumption) error {
	successors := c.Successors
	c.Successors = nil
	if err := s.Store.ConsumeToken(ctx, c); err != nil {
		return err
	}
	return s.Issue(ctx, nil, successors...)
}

// insertsOneByOne adds what it can before it meets what it cannot.
type insertsOneByOne struct{ store.Store }

func (s insertsOneByOne) Issue(ctx context.Context, g *store.Grant, tokens ...store.Token) error {
	if err := s.Store.Issue(ctx, g); err != nil {
		return err
	}
	for _, t := range tokens {
		if err := s.Store.Issue(ctx, nil, t); err != nil {
			return err
		}
	}
	return nil
}

// forgetsField has no column for a token's own props.
type forgetsField struct{ store.Store }

func (s forgetsField) Token(ctx context.Context, d store.Digest) (store.Token, store.Grant, error) {
	t, g, err := s.Store.Token(ctx, d)
	t.Props = nil
	return t, g, err
}

// wholeSeconds keeps times as an engine's default timestamp does.
type wholeSeconds struct{ store.Store }

func (s wholeSeconds) Issue(ctx context.Context, g *store.Grant, tokens ...store.Token) error {
	g = new(*g)
	g.ExpiresAt = g.ExpiresAt.Round(time.Second)
	return s.Store.Issue(ctx, g, tokens...)
}

// shares hands out and keeps the caller's slices.
type shares struct {
	store.Store
	mu     *sync.Mutex
	grants map[string]store.Grant
}

func (s shares) Issue(ctx context.Context, g *store.Grant, tokens ...store.Token) error {
	if err := s.Store.Issue(ctx, g, tokens...); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants[g.ID] = *g
	return nil
}

func (s shares) Grants(ctx context.Context, f store.GrantFilter, at time.Time, after string, limit int) ([]store.Grant, error) {
	list, err := s.Store.Grants(ctx, f, at, after, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range list {
		list[i] = s.grants[list[i].ID]
	}
	return list, err
}

// revokesAll takes an empty filter for "every grant".
type revokesAll struct {
	store.Store
	mu     *sync.Mutex
	issued map[string]bool
}

func (s revokesAll) Issue(ctx context.Context, g *store.Grant, tokens ...store.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued[g.ID] = true
	return s.Store.Issue(ctx, g, tokens...)
}

func (s revokesAll) RevokeGrants(ctx context.Context, f store.GrantFilter, at time.Time) (int, error) {
	if f != (store.GrantFilter{}) {
		return s.Store.RevokeGrants(ctx, f, at)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.issued {
		if _, err := s.Store.RevokeGrants(ctx, store.GrantFilter{ID: id}, at); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// staleGrants reads tokens with the grant as it was issued.
type staleGrants struct{ store.Store }

func (s staleGrants) Token(ctx context.Context, d store.Digest) (store.Token, store.Grant, error) {
	t, g, err := s.Store.Token(ctx, d)
	g.RevokedAt = time.Time{}
	return t, g, err
}

// keepsSessions deletes an account and leaves its browsers signed in.
type keepsSessions struct {
	store.Store
	mu       *sync.Mutex
	sessions map[store.Digest]store.Session
}

func (s keepsSessions) CreateSession(_ context.Context, x store.Session, _ store.Digest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[x.Digest] = x
	return nil
}

func (s keepsSessions) Session(_ context.Context, d store.Digest) (store.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[d], nil
}

// foldsCase has a collation.
type foldsCase struct{ store.Store }

func (s foldsCase) AccountByName(ctx context.Context, name string) (store.Account, error) {
	all, err := s.Accounts(ctx, "", 1<<20)
	if err != nil {
		return store.Account{}, err
	}
	for _, a := range all {
		if strings.EqualFold(a.Name, name) {
			return a, nil
		}
	}
	return store.Account{}, store.ErrNotFound
}

// truncates cuts what is longer than its column.
type truncates struct{ store.Store }

func (s truncates) ReplaceAccount(ctx context.Context, a store.Account) error {
	a.Name = a.Name[:min(len(a.Name), 255)]
	return s.Store.ReplaceAccount(ctx, a)
}

// unavailableText passes on what the engine says about a NUL.
type unavailableText struct{ store.Store }

func (s unavailableText) Client(ctx context.Context, id string) (store.Client, error) {
	if strings.Contains(id, "\x00") {
		return store.Client{}, store.ErrUnavailable
	}
	return s.Store.Client(ctx, id)
}

// skipsOne starts a page behind the record after the last.
type skipsOne struct{ store.Store }

func (s skipsOne) Clients(ctx context.Context, after string, limit int) ([]store.Client, error) {
	list, err := s.Store.Clients(ctx, after, limit+1)
	if after != "" && len(list) > 1 {
		return list[1:], err
	}
	return list[:min(len(list), max(limit, 0))], err
}

// listsDead lists grants that expire at this very moment.
type listsDead struct{ store.Store }

func (s listsDead) Grants(ctx context.Context, f store.GrantFilter, at time.Time, after string, limit int) ([]store.Grant, error) {
	return s.Store.Grants(ctx, f, at.Add(-time.Microsecond), after, limit)
}

// believesCancelled answers a cancelled read as if nothing were there.
type believesCancelled struct{ store.Store }

func (s believesCancelled) Token(ctx context.Context, d store.Digest) (store.Token, store.Grant, error) {
	t, g, err := s.Store.Token(ctx, d)
	if errors.Is(err, store.ErrUnavailable) {
		err = store.ErrNotFound
	}
	return t, g, err
}

// cutInTwo ends between its two statements when its context does.
type cutInTwo struct{ store.Store }

func (s cutInTwo) ConsumeToken(ctx context.Context, c store.Consumption) error {
	successors := c.Successors
	c.Successors = nil
	if err := s.Store.ConsumeToken(ctx, c); err != nil {
		return err
	}
	time.Sleep(time.Millisecond)
	return s.Issue(ctx, nil, successors...)
}

// sweepsSpent removes consumed tokens as soon as they expire.
type sweepsSpent struct {
	store.Store
	mu    *sync.Mutex
	spent map[store.Digest]bool // by ConsumeToken
	swept map[store.Digest]bool
}

func (s sweepsSpent) ConsumeToken(ctx context.Context, c store.Consumption) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.swept[c.Token] {
		return store.ErrNotFound
	}
	s.spent[c.Token] = true
	return s.Store.ConsumeToken(ctx, c)
}

func (s sweepsSpent) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for d := range s.spent {
		s.swept[d] = true
	}
	return s.Store.Sweep(ctx, before, limit)
}

// sweepsEarly uses a clock that is ahead.
type sweepsEarly struct{ store.Store }

func (s sweepsEarly) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.Store.Sweep(ctx, before.Add(time.Minute), limit)
}

// sweepsNothing says that it is done.
type sweepsNothing struct{ store.Store }

func (sweepsNothing) Sweep(context.Context, time.Time, int) (int, error) { return 0, nil }

// sweepsAtOnce does not know limits.
type sweepsAtOnce struct{ store.Store }

func (s sweepsAtOnce) Sweep(ctx context.Context, before time.Time, _ int) (int, error) {
	return s.Store.Sweep(ctx, before, 1<<20)
}

// revivesZero takes a zero time for now.
type revivesZero struct{ store.Store }

func (s revivesZero) ConsumeToken(ctx context.Context, c store.Consumption) error {
	if c.At.IsZero() {
		c.At = epoch
	}
	return s.Store.ConsumeToken(ctx, c)
}

// ignoresRevocation spends tokens of revoked grants.
type ignoresRevocation struct{ store.Store }

func (s ignoresRevocation) ConsumeToken(ctx context.Context, c store.Consumption) error {
	_, g, err := s.Token(ctx, c.Token)
	if err == nil && !g.RevokedAt.IsZero() {
		return s.Issue(ctx, nil, c.Successors...)
	}
	return s.Store.ConsumeToken(ctx, c)
}

// neverRestarts counts on after the until.
type neverRestarts struct{ store.Store }

func (s neverRestarts) Count(ctx context.Context, scope, id string, _, until time.Time) (int, error) {
	return s.Store.Count(ctx, scope, id, time.Time{}, until.AddDate(100, 0, 0))
}
