package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// backchannel registers a client that is told of logouts at uri; "" is one that is
// not.
func backchannel(s *servertest.Server, name, uri string) servertest.Client {
	member := ""
	if uri != "" {
		member = `,"backchannel_logout_uri":"` + uri + `"`
	}
	return s.Register(`{"client_name":"` + name + `","redirect_uris":["https://web.example.com/` + name + `"],"grant_types":["authorization_code","refresh_token"]` + member + `}`)
}

// signIn gives c the tokens of a sign-in of subject in a session.
func signIn(t *testing.T, s *servertest.Server, c servertest.Client, subject, session, scope string) servertest.Tokens {
	t.Helper()
	p := s.Pending(c.Request(url.Values{"scope": {scope}, "prompt": {"consent"}}))
	r, err := s.Complete(t.Context(), p, server.Decision{Subject: subject, AuthTime: s.Clock.Now(), SessionID: session})
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(r.Location())
	if err != nil {
		t.Fatal(err)
	}
	return s.Token(c, c.Exchange(to.Query().Get("code"), nil))
}

func alive(t *testing.T, s *servertest.Server, tokens servertest.Tokens) bool {
	t.Helper()
	_, err := s.VerifyAccessToken(t.Context(), tokens.Access)
	return err == nil
}

// queued returns whom logout tokens wait for, as "client session", and how many
// closings there are, of all that is due by the end of the day.
func queued(t *testing.T, st store.Store, at time.Time) (logouts []string, closings int) {
	t.Helper()
	all, err := st.ClaimDeliveries(servertest.Asking(t.Context()), at.Add(time.Hour), at.Add(time.Hour), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		var p struct {
			Logout  *struct{ Sub, Sid string }
			Closing *struct{ Sub, Sid string }
		}
		if err := json.Unmarshal(d.Payload, &p); err != nil {
			t.Fatal(err)
		}
		if p.Closing != nil {
			closings++
			continue
		}
		logouts = append(logouts, d.ClientID+" "+p.Logout.Sid)
		if p.Logout.Sub == "" || d.Target == "" {
			t.Errorf("delivery %+v", d)
		}
	}
	slices.Sort(logouts)
	return logouts, closings
}

// Logging out ends what the standards say it ends, and no other: the sign-ins of
// this session without offline_access.
func TestEndSession(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.7-1", "OIDC-BCLO-2.7-2", "OIDC-BCLO-2.3-1")
	s := servertest.New(t, servertest.Quiet(memory.New()), servertest.OpenID)
	c := backchannel(s, "c", "https://rp.example.com/logout")
	quiet := backchannel(s, "quiet", "")
	rows := []struct {
		what             string
		client           servertest.Client
		subject, session string
		scope            string
		ends             bool
	}{
		{"a sign-in", c, "alice", "s1", "openid read", true},
		{"another of the same client", c, "alice", "s1", "openid", true},
		{"of a client that is not told", quiet, "alice", "s1", "openid", true},
		{"with offline_access", c, "alice", "s1", "openid offline_access", false},
		{"no sign-in", c, "alice", "s1", "read", false},
		{"no sign-in, offline_access", c, "alice", "s1", "read offline_access", false},
		{"in another session", c, "alice", "s2", "openid", false},
		{"in none", c, "alice", "", "openid", false},
		{"of somebody else, in a session of the same name", c, "bob", "s1", "openid", false},
	}
	var tokens []servertest.Tokens
	for _, row := range rows {
		tokens = append(tokens, signIn(t, s, row.client, row.subject, row.session, row.scope))
		if !alive(t, s, tokens[len(tokens)-1]) {
			t.Fatalf("%s: dead before", row.what)
		}
	}
	clients, err := s.EndSession(t.Context(), server.SessionEnd{Subject: "alice", SessionID: "s1"})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if alive(t, s, tokens[i]) == row.ends {
			t.Errorf("%s: ended %v, want %v", row.what, !row.ends, row.ends)
		}
	}
	var told []string
	for _, client := range clients {
		told = append(told, client.ClientID+" "+client.SessionID+" "+client.Metadata.BackchannelLogoutURI)
	}
	slices.Sort(told)
	if want := []string{c.ID + " s1 https://rp.example.com/logout", quiet.ID + " s1 "}; !slices.Equal(told, sorted(want)) {
		t.Errorf("signed in to %v, want %v", told, want)
	}
	if logouts, closings := queued(t, s.Store, s.Clock.Now()); !slices.Equal(logouts, []string{c.ID + " s1"}) || closings != 1 {
		t.Errorf("queued %v and %d closings", logouts, closings)
	}
}

func sorted(values []string) []string { slices.Sort(values); return values }

// All of a person's sessions end, each is told of, and what is no sign-in stays;
// of an account that is gone everything ends.
func TestEndOfAllSessions(t *testing.T) {
	for _, gone := range []bool{false, true} {
		s := servertest.New(t, servertest.Quiet(memory.New()), servertest.OpenID)
		c := backchannel(s, "c", "https://rp.example.com/logout")
		one, two := signIn(t, s, c, "alice", "s1", "openid"), signIn(t, s, c, "alice", "s2", "openid")
		offline, plain := signIn(t, s, c, "alice", "s2", "openid offline_access"), signIn(t, s, c, "alice", "s1", "read")
		bobs := signIn(t, s, c, "bob", "s3", "openid")
		if _, err := s.EndSession(t.Context(), server.SessionEnd{Subject: "alice", AccountGone: gone}); err != nil {
			t.Fatal(err)
		}
		if alive(t, s, one) || alive(t, s, two) || alive(t, s, offline) == gone || alive(t, s, plain) == gone || !alive(t, s, bobs) {
			t.Errorf("gone %v: %v %v %v %v %v", gone, alive(t, s, one), alive(t, s, two), alive(t, s, offline), alive(t, s, plain), alive(t, s, bobs))
		}
		if logouts, closings := queued(t, s.Store, s.Clock.Now()); !slices.Equal(logouts, []string{c.ID + " s1", c.ID + " s2"}) || closings != 1 {
			t.Errorf("queued %v and %d closings", logouts, closings)
		}
	}
}

// Whom nobody vouches for any more is not told, and a call that names nobody, or a
// session of an account that is gone, does nothing.
func TestEndSessionOfUnusableClients(t *testing.T) {
	s := servertest.New(t, servertest.Quiet(memory.New()), servertest.OpenID)
	c, removed := backchannel(s, "c", "https://rp.example.com/logout"), backchannel(s, "r", "https://rp.example.com/logout")
	disabled := backchannel(s, "d", "https://rp.example.com/logout")
	for _, client := range []servertest.Client{c, removed, disabled} {
		signIn(t, s, client, "alice", "s1", "openid")
	}
	for _, end := range []server.SessionEnd{{}, {SessionID: "s1"}, {Subject: "alice", SessionID: "s1", AccountGone: true}} {
		if _, err := s.EndSession(t.Context(), end); err == nil {
			t.Errorf("%+v: no error", end)
		}
	}
	if logouts, closings := queued(t, s.Store, s.Clock.Now()); logouts != nil || closings != 0 {
		t.Fatalf("queued %v", logouts)
	}
	if err := s.Store.DeleteClient(t.Context(), removed.ID, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	stored, err := s.Store.Client(t.Context(), disabled.ID)
	stored.DisabledAt = s.Clock.Now()
	if err := errors.Join(err, s.Store.ReplaceClient(t.Context(), stored)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.EndSession(t.Context(), server.SessionEnd{Subject: "alice", SessionID: "s1"}); err != nil {
		t.Fatal(err)
	}
	if logouts, _ := queued(t, s.Store, s.Clock.Now()); !slices.Equal(logouts, []string{c.ID + " s1"}) {
		t.Errorf("queued %v", logouts)
	}
}

// breaking is a store that stops for good after some writes of EndSession, as a
// process does that is killed there.
type breaking struct {
	store.Store
	left int
}

func (b *breaking) write(f func() error) error {
	if b.left--; b.left < 0 {
		return store.ErrUnavailable
	}
	return f()
}

func (b *breaking) Enqueue(ctx context.Context, d ...store.Delivery) error {
	return b.write(func() error { return b.Store.Enqueue(ctx, d...) })
}

func (b *breaking) RevokeGrants(ctx context.Context, f store.GrantFilter, at time.Time) (n int, err error) {
	err = b.write(func() (err error) { n, err = b.Store.RevokeGrants(ctx, f, at); return err })
	return n, err
}

func (b *breaking) EndSession(ctx context.Context, id string) error {
	return b.write(func() error { return b.Store.EndSession(ctx, id) })
}

// Wherever a process stops, either nothing has happened, or the queue has all that
// is left to do; and trying again ends the session.
func TestEndSessionStops(t *testing.T) {
	const writes = 4 // the queue, two grants, the session
	for left := range writes + 1 {
		st := servertest.Quiet(memory.New())
		s := servertest.New(t, st, servertest.OpenID)
		c := backchannel(s, "c", "https://rp.example.com/logout")
		one, two := signIn(t, s, c, "alice", "s1", "openid"), signIn(t, s, c, "alice", "s1", "openid")
		if err := st.CreateSession(t.Context(), store.Session{Digest: store.NewDigest(store.BrowserSession, "x"), ID: "s1", Subject: "alice", ExpiresAt: s.Clock.Now().Add(time.Hour)}, store.Digest{}); err != nil {
			t.Fatal(err)
		}
		end := server.SessionEnd{Subject: "alice", SessionID: "s1"}
		_, err := server.EndSession(t.Context(), &breaking{st, left}, s.Clock.Now(), end)
		if (err == nil) != (left == writes) {
			t.Fatalf("after %d writes: %v", left, err)
		}
		_, there := st.Session(t.Context(), store.NewDigest(store.BrowserSession, "x"))
		if (there == nil) != (left < writes) {
			t.Errorf("after %d writes: session %v", left, there)
		}
		logouts, closings := queued(t, st, s.Clock.Now())
		if left == 0 && (closings != 0 || logouts != nil || !alive(t, s, one) || !alive(t, s, two)) {
			t.Errorf("after no write: %v, %d", logouts, closings)
		}
		if left > 0 && (closings != 1 || strings.Join(logouts, ",") != c.ID+" s1") {
			t.Errorf("after %d writes: %v, %d", left, logouts, closings)
		}
		if _, err := s.EndSession(t.Context(), end); err != nil || alive(t, s, one) || alive(t, s, two) {
			t.Errorf("again after %d writes: %v", left, err)
		}
		if _, err := st.Session(t.Context(), store.NewDigest(store.BrowserSession, "x")); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("again after %d writes: session %v", left, err)
		}
	}
}
