package interact

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

func newSessions(st store.Store, c *clock, issuer string) *sessions {
	return &sessions{
		store: st, issuer: issuer, secure: strings.HasPrefix(issuer, "https:"),
		idle: time.Hour, lifetime: 5 * time.Hour, now: c.now,
		over:    func(ctx context.Context, session store.Session) error { return st.EndSession(ctx, session.ID) },
		revived: func(time.Time) bool { return false },
	}
}

// A session that is older than the restore of a backup is over: its owner may
// have signed out since, or an operator may have ended it.
func TestSessionBeforeRestore(t *testing.T) {
	proof.Of(t, "ATK-189")
	st := memory.New()
	p := newPlaceOver(t, st)
	b := p.browser()
	b.signIn()
	signedIn := func() bool {
		again := servertest.New(t, st, func(sc *server.Config) {
			sc.Interaction = Pages(Config{Accounts: p.accounts, Store: st, Now: sc.Now})
		})
		again.Clock.Move(2 * time.Second)
		return again.Get("/apps", nil, b.send).StatusCode == http.StatusOK
	}
	if !signedIn() {
		t.Error("control: the session is over without a restore")
	}
	if err := server.MarkRestored(t.Context(), st, p.Clock.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if signedIn() {
		t.Error("the session outlived the restore")
	}
}

// browserWith returns a request as a browser with these Set-Cookie lines sends.
func browserWith(t testing.TB, setCookies ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://as.example/login", nil)
	for _, line := range setCookies {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	return r
}

func signedIn(t testing.TB, s *sessions, r *http.Request) bool {
	t.Helper()
	_, ok, err := current(t, s, r)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// current returns the live session that is used first.
func current(t testing.TB, s *sessions, r *http.Request) (store.Session, bool, error) {
	t.Helper()
	all, err := s.all(t.Context(), r)
	if err != nil || len(all) == 0 {
		return store.Session{}, false, err
	}
	return all[0], true, nil
}

func start(t testing.TB, s *sessions, r *http.Request) (cookie string) {
	t.Helper()
	cookie, err := s.start(t.Context(), r, Identity{Subject: "u_1", Methods: []string{"pwd"}})
	if err != nil {
		t.Fatal(err)
	}
	return cookie
}

func TestSessionCookie(t *testing.T) {
	proof.Of(t, "ATK-140")
	for _, row := range []struct {
		issuer, name string
		secure       bool
	}{
		{"https://as.example", "__Host-charter-session", true},
		{"https://as.example/tenant", "__Host-charter-session", true},
		{"http://127.0.0.1:8080", "charter-session", false},
	} {
		line := start(t, newSessions(memory.New(), newClock(), row.issuer), browserWith(t))
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		if c.Name != row.name || c.Secure != row.secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 || len(line) > 4096 {
			t.Errorf("%s: %s", row.issuer, line)
		}
		if !seal.WellFormed(seal.PrefixSession, c.Value) {
			t.Errorf("the value %q is no 256-bit token", c.Value)
		}
	}
}

// The session identifier changes at login, the one before it is
// dead, and one that was put there by somebody else is not taken.
func TestLoginRotatesTheSession(t *testing.T) {
	proof.Of(t, "ATK-42", "ATK-141")
	st, c := memory.New(), newClock()
	s := newSessions(st, c, "https://as.example")
	first := start(t, s, browserWith(t))
	if !signedIn(t, s, browserWith(t, first)) {
		t.Fatal("positive control: the session is not live")
	}
	second := start(t, s, browserWith(t, first))
	if first == second {
		t.Error("the identifier stays")
	}
	if signedIn(t, s, browserWith(t, first)) {
		t.Error("the old session lives")
	}
	if !signedIn(t, s, browserWith(t, second)) {
		t.Error("the new session does not live")
	}
	for what, r := range map[string]*http.Request{
		"made up":             browserWith(t, "__Host-charter-session="+seal.NewToken(seal.PrefixSession)),
		"another kind":        browserWith(t, "__Host-charter-session="+seal.NewToken(seal.PrefixBrowser)),
		"name without prefix": browserWith(t, strings.TrimPrefix(second, "__Host-")),
		"two of the name":     browserWith(t, second, second),
		"empty":               browserWith(t, "__Host-charter-session="),
		"huge":                browserWith(t, "__Host-charter-session="+strings.Repeat("x", 100<<10)),
		"none":                browserWith(t),
	} {
		if signedIn(t, s, r) {
			t.Errorf("%s: signed in", what)
		}
	}
}

// Another issuer on the same host, over the same store.
func TestSessionIsOfOneIssuer(t *testing.T) {
	proof.Of(t, "ATK-2")
	st, c := memory.New(), newClock()
	a, b := newSessions(st, c, "https://as.example/a"), newSessions(st, c, "https://as.example/b")
	cookie := start(t, a, browserWith(t))
	if !signedIn(t, a, browserWith(t, cookie)) || signedIn(t, b, browserWith(t, cookie)) {
		t.Error("a session is good at another issuer, or not at its own")
	}
}

func TestSessionExpires(t *testing.T) {
	proof.Of(t, "ATK-148")
	st, c := memory.New(), newClock()
	s := newSessions(st, c, "https://as.example")
	cookie := start(t, s, browserWith(t))
	c.advance(time.Hour - time.Microsecond)
	if !signedIn(t, s, browserWith(t, cookie)) {
		t.Error("over before its idle period")
	}
	c.advance(time.Microsecond)
	if signedIn(t, s, browserWith(t, cookie)) {
		t.Error("alive after its idle period, though the row is there")
	}
}

// Use keeps a session alive, under a new identifier, until its absolute
// end; when the person signed in never changes.
func TestSessionRenewal(t *testing.T) {
	proof.Of(t, "ATK-148")
	st, c := memory.New(), newClock()
	s := newSessions(st, c, "https://as.example")
	cookie, began, renewals := start(t, s, browserWith(t)), c.now(), 0
	for c.now().Sub(began) < 10*time.Hour {
		session, ok, err := current(t, s, browserWith(t, cookie))
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if !session.AuthTime.Equal(began) {
			t.Fatalf("AuthTime is %s, want %s", session.AuthTime, began)
		}
		renewed, err := s.renew(t.Context(), browserWith(t, cookie), session)
		if err != nil {
			t.Fatal(err)
		}
		if renewed != "" {
			renewals++
			if signedIn(t, s, browserWith(t, cookie)) {
				t.Fatal("the old identifier lives")
			}
			cookie = renewed
		}
		c.advance(20 * time.Minute)
	}
	if lived := c.now().Sub(began); lived != 5*time.Hour {
		t.Errorf("lived %s in constant use, want the absolute limit of 5 h", lived)
	}
	if renewals == 0 {
		t.Error("was never renewed")
	}
}

func TestYoungSessionIsNotRenewed(t *testing.T) {
	st, c := memory.New(), newClock()
	s := newSessions(st, c, "https://as.example")
	cookie := start(t, s, browserWith(t))
	session, _, err := current(t, s, browserWith(t, cookie))
	if err != nil {
		t.Fatal(err)
	}
	c.advance(time.Minute)
	if renewed, err := s.renew(t.Context(), browserWith(t, cookie), session); renewed != "" || err != nil {
		t.Errorf("renewed after a minute: %q, %v", renewed, err)
	}
}

func TestSessionWithoutStore(t *testing.T) {
	st, c := memory.New(), newClock()
	s := newSessions(st, c, "https://as.example")
	cookie := start(t, s, browserWith(t))
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := current(t, s, browserWith(t, cookie)); ok || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v, %v; want ErrUnavailable", ok, err)
	}
	if cookie, err := s.start(t.Context(), browserWith(t), Identity{Subject: "u_1"}); cookie != "" || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%q, %v; want ErrUnavailable and no cookie", cookie, err)
	}
}
