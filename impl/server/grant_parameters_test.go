package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// spoilt answers with grants whose parameters nobody can read, and with rows whose
// wrapped key is another's, makes no key and sends no message.
type spoilt struct {
	store.Store
	grants, rows, keys, messages atomic.Bool
}

func (s *spoilt) Token(ctx context.Context, d store.Digest) (store.Token, store.Grant, error) {
	t, g, err := s.Store.Token(ctx, d)
	if s.grants.Load() {
		g.Parameters = json.RawMessage(`{"acr":`)
	}
	if s.rows.Load() {
		t.WrappedKey = []byte("of another row")
	}
	return t, g, err
}

func (s *spoilt) CreateKey(ctx context.Context, k store.Key) error {
	if s.keys.Load() {
		return store.ErrUnavailable
	}
	return s.Store.CreateKey(ctx, k)
}

func (s *spoilt) Enqueue(ctx context.Context, all ...store.Delivery) error {
	if s.messages.Load() {
		return store.ErrUnavailable
	}
	return s.Store.Enqueue(ctx, all...)
}

// What a person's sign-in was is never guessed: where it cannot be read nothing is
// issued or told, and nothing is used up.
func TestGrantParametersThatCannotBeRead(t *testing.T) {
	st := &spoilt{Store: memory.New()}
	x := newTokenTest(t, func(c *Config) {
		c.Store = st
		c.Interaction = func(*Server) (Interaction, error) { return nowhere{}, nil }
		c.Claims = func(context.Context, string) (json.RawMessage, error) {
			return json.RawMessage(`{"email":"a@example.com"}`), nil
		}
	})
	identity := allowed{scopes: []string{"openid", "email"}}
	info := func(token string) int {
		r := httptest.NewRequest(http.MethodGet, testIssuer+"/userinfo", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		return x.do(r).status
	}
	code, _ := x.code(identity)
	before := x.ok(x.post("/token", as("C1"), codeForm(code)))
	access, refresh := before.text("access_token"), before.text("refresh_token")
	code, _ = x.code(identity)

	st.grants.Store(true)
	x.refused("code", x.post("/token", as("C1"), codeForm(code)), http.StatusInternalServerError, "server_error")
	x.refused("refresh token", x.post("/token", as("C1"), refreshForm(refresh)), http.StatusInternalServerError, "server_error")
	if status := info(access); status != http.StatusInternalServerError {
		t.Errorf("userinfo: status %d", status)
	}
	st.grants.Store(false)
	x.ok(x.post("/token", as("C1"), codeForm(code)))
	x.ok(x.post("/token", as("C1"), refreshForm(refresh)))
	if status := info(access); status != http.StatusOK {
		t.Errorf("the control: userinfo: status %d", status)
	}
}

// Props that do not open are not taken for none: a handler that decides on them
// would decide for somebody else.
func TestPropsThatDoNotOpen(t *testing.T) {
	proof.Of(t, "ATK-61")
	st := &spoilt{Store: memory.New()}
	x := newTokenTest(t, func(c *Config) { c.Store = st })
	with := allowed{props: `{"plan":"free"}`}
	before := x.tokens(with)
	code, _ := x.code(with)
	st.rows.Store(true)
	x.refused("code", x.post("/token", as("C1"), codeForm(code)), http.StatusInternalServerError, "server_error")
	x.refused("refresh token", x.post("/token", as("C1"), refreshForm(before.text("refresh_token"))), http.StatusInternalServerError, "server_error")
	if x.live(before.text("access_token")) {
		t.Error("an access token whose props do not open is good")
	}
	st.rows.Store(false)
	x.ok(x.post("/token", as("C1"), codeForm(code)))
	x.ok(x.post("/token", as("C1"), refreshForm(before.text("refresh_token"))))
}

// A session whose clients cannot be told has not ended: the call is repeated.
func TestEndSessionWhenNobodyIsTold(t *testing.T) {
	st := &spoilt{Store: memory.New()}
	x := newTokenTest(t, func(c *Config) { c.Store = st })
	access := x.tokens(allowed{}).text("access_token")
	st.messages.Store(true)
	if clients, err := EndSession(t.Context(), st, x.now(), SessionEnd{Subject: "alice", AccountGone: true}); !errors.Is(err, store.ErrUnavailable) || clients != nil {
		t.Errorf("ended for %v, %v", clients, err)
	}
	if !x.active("C1", access) {
		t.Error("the grant ended, and no client will hear of it")
	}
	st.messages.Store(false)
	if _, err := EndSession(t.Context(), st, x.now(), SessionEnd{Subject: "alice", AccountGone: true}); err != nil || x.active("C1", access) {
		t.Errorf("the control: %v", err)
	}
}

// A rotation whose next key is not there is no rotation.
func TestRotateKeysWhenTheStoreFails(t *testing.T) {
	st := &spoilt{Store: memory.New()}
	x := newTokenTest(t, func(c *Config) { c.Store = st })
	x.tokens(allowed{resources: []string{resourceJ}, scopes: []string{"j.read"}}) // makes the first key
	x.pass(time.Hour)
	st.keys.Store(true)
	if err := x.server.RotateKeys(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("rotated: %v", err)
	}
	st.keys.Store(false)
	if err := x.server.RotateKeys(t.Context()); err != nil {
		t.Errorf("the control: %v", err)
	}
	if keys, err := x.store.Keys(t.Context()); err != nil || len(keys) != 2 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

// nowhere is an Interaction that nobody is sent to.
type nowhere struct{ Interaction }
