package server_test

import (
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// What an answer means: done, never again, or again after a pause that grows, with
// a token of its own each time.
func TestLogoutAnswers(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.5-2", "OIDC-BCLO-2.5-3", "OIDC-BCLO-2.4-5")
	rp := newRelyingParty(t)
	s := provider(t, rp)
	said := func(code int, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); io.WriteString(w, body) }
	}
	for i, row := range []struct {
		what   string
		answer func(http.ResponseWriter, *http.Request)
		event  string // "": again
		code   any    // the client's error code
	}{
		{"200", said(200, ""), "delivered", nil},
		{"204", said(204, ""), "delivered", nil},
		{"202", said(202, ""), "delivered", nil},
		{"400", said(400, ""), "refused", nil},
		{"400 with a reason", said(400, `{"error":"invalid_request","error_description":"no"}`), "refused", "invalid_request"},
		{"400 with markup", said(400, `{"error":"<script>"}`), "refused", nil},
		{"a redirect", said(302, ""), "refused", nil},
		{"401", said(401, ""), "refused", nil},
		{"403", said(403, ""), "refused", nil},
		{"500", said(500, ""), "", nil},
		{"503", said(503, ""), "", nil},
		{"404", said(404, ""), "", nil},
		{"429", said(429, ""), "", nil},
		{"no answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", nil},
	} {
		session := fmt.Sprint("s", i)
		c := backchannel(s, fmt.Sprint("c", i), fmt.Sprint(rp.URL, "/", i))
		signIn(t, s, c, "alice", session, "openid")
		rp.answers(row.answer)
		end(t, s, "alice", session)
		s.DeliverNow()
		first := rp.took()
		if len(first) != 1 {
			t.Fatalf("%s: %d arrived", row.what, len(first))
		}
		what, detail := lastEvent(s)
		if again := row.event == ""; again == strings.HasPrefix(what, "backchannel_logout_") && strings.Contains(what, c.ID) {
			t.Errorf("%s: event %s", row.what, what)
		}
		if row.event != "" && (what != "backchannel_logout_"+row.event+" "+c.ID+" alice" || detail["error"] != row.code) {
			t.Errorf("%s: event %s %v", row.what, what, detail)
		}
		s.Clock.Move(3 * time.Second)
		s.DeliverNow()
		if n := len(rp.took()); n != 0 {
			t.Errorf("%s: %d more at once", row.what, n)
		}
		rp.answers(nil)
		s.Clock.Move(10 * time.Second)
		s.DeliverNow()
		more := rp.took()
		if (len(more) == 1) != (row.event == "") {
			t.Errorf("%s: %d more after a pause", row.what, len(more))
		}
		if len(more) == 1 {
			a, b := logoutClaims(t, s, c, first[0].token), logoutClaims(t, s, c, more[0].token)
			if a["jti"] == b["jti"] || a["sid"] != b["sid"] || a["sub"] != b["sub"] || a["iat"] == b["iat"] {
				t.Errorf("%s: first %v, then %v", row.what, a, b)
			}
		}
	}
}

// Whoever is down for good is tried less and less often, for a day, and then given
// up in the open.
func TestLogoutIsGivenUp(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.5-2", "ATK-146", "REL-36")
	rp := newRelyingParty(t)
	s := provider(t, rp)
	c := backchannel(s, "c", rp.URL)
	signIn(t, s, c, "alice", "s1", "openid")
	rp.status(503)
	end(t, s, "alice", "s1")
	var at []time.Duration
	began := s.Clock.Now()
	for s.Clock.Now().Sub(began) < 26*time.Hour {
		s.DeliverNow()
		if n := len(rp.took()); n == 1 {
			at = append(at, s.Clock.Now().Sub(began))
		}
		s.Clock.Move(5 * time.Second)
	}
	if len(at) < 20 || len(at) > 35 || at[len(at)-1] > 24*time.Hour {
		t.Errorf("tried %d times, last after %v", len(at), at[len(at)-1])
	}
	for i := 2; i < len(at); i++ {
		if a, b := at[i-1]-at[i-2], at[i]-at[i-1]; b < a/2 || b > 90*time.Minute {
			t.Errorf("pause %v after %v", b, a)
		}
	}
	if what, _ := lastEvent(s); what != "backchannel_logout_given_up "+c.ID+" alice" {
		t.Errorf("event %s", what)
	}
	if n := s.Deliveries(); n.GivenUp != 1 || n.Delivered != 0 || n.Retried != int64(len(at)-1) {
		t.Errorf("%+v after %d attempts", n, len(at))
	}
}

// A client that hangs holds up nobody: not the person, not another client. The
// server is not asked to: it sends by itself.
func TestLogoutBesideOneThatHangs(t *testing.T) {
	proof.Of(t, "ATK-146", "REL-36")
	hangs, well := newRelyingParty(t), newRelyingPartyAt(t, "[::1]:0") // two hosts
	let := make(chan struct{})
	hangs.answers(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-let:
		case <-r.Context().Done():
		}
	})
	defer close(let)
	arrived := make(chan struct{}, 100)
	well.answers(func(http.ResponseWriter, *http.Request) { arrived <- struct{}{} })
	roots := x509.NewCertPool()
	roots.AddCert(hangs.Certificate())
	roots.AddCert(well.Certificate())
	s := servertest.New(t, memory.New(), servertest.OpenID, func(c *server.Config) { c.FetchRootCAs, c.InsecureFetchLoopback = roots, true })
	for i := range 50 {
		signIn(t, s, backchannel(s, fmt.Sprint("h", i), fmt.Sprint(hangs.URL, "/", i)), "alice", "s1", "openid")
	}
	fine := backchannel(s, "well", well.URL)
	signIn(t, s, fine, "alice", "s1", "openid")
	end(t, s, "alice", "s1") // would hang, if it waited for one
	select {
	case <-arrived:
	case <-time.After(time.Minute):
		t.Fatal("the one that is well was not told")
	}
	signIn(t, s, fine, "alice", "s2", "openid") // neither does a sign-in, nor a token request
}

// What was granted by a request that had read the session before it was gone ends
// in the closing, once, and who signed in again since stays.
func TestClosing(t *testing.T) {
	proof.Of(t, "OIDC-BCLO-2.3-1", "OIDC-BCLO-2.7-1")
	rp := newRelyingParty(t)
	s := provider(t, rp)
	early, late := backchannel(s, "early", rp.URL+"/early"), backchannel(s, "late", rp.URL+"/late")
	signIn(t, s, early, "alice", "s1", "openid offline_access")
	p := s.Pending(late.Request(url.Values{"scope": {"openid"}}))
	of := server.Decision{Subject: "alice", AuthTime: s.Clock.Now(), SessionID: "s1"}
	s.Clock.Move(time.Second)
	end(t, s, "alice", "s1")
	r, err := s.Complete(t.Context(), p, of)
	if err != nil {
		t.Fatal(err)
	}
	to, _ := url.Parse(r.Location())
	tokens := s.Token(late, late.Exchange(to.Query().Get("code"), nil))
	s.Clock.Move(time.Second)
	again := signIn(t, s, late, "alice", "s1", "openid")
	s.DeliverNow()
	if got := rp.took(); len(got) != 1 || got[0].uri != "/early" || !alive(t, s, tokens) {
		t.Fatalf("at first: %v", got)
	}
	s.Clock.Move(31 * time.Second)
	s.DeliverNow()
	s.DeliverNow()
	if got := rp.took(); len(got) != 1 || got[0].uri != "/late" || alive(t, s, tokens) {
		t.Errorf("by the closing: %v, alive %v", got, alive(t, s, tokens))
	}
	if !alive(t, s, again) {
		t.Error("who signed in again was signed out")
	}
}

// A process that was killed after its first write is finished by another.
func TestClosingFinishesWhatACrashLeft(t *testing.T) {
	rp := newRelyingParty(t)
	s := provider(t, rp)
	c := backchannel(s, "c", rp.URL)
	tokens := signIn(t, s, c, "alice", "s1", "openid")
	d := store.NewDigest(store.BrowserSession, "x")
	if err := s.Store.CreateSession(t.Context(), store.Session{Digest: d, ID: "s1", Subject: "alice", ExpiresAt: s.Clock.Now().Add(time.Hour)}, store.Digest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := server.EndSession(t.Context(), &breaking{s.Store, 1}, s.Clock.Now(), server.SessionEnd{Subject: "alice", SessionID: "s1"}); err == nil || !alive(t, s, tokens) {
		t.Fatalf("it did not stop: %v", err)
	}
	s.Clock.Move(31 * time.Second)
	s.DeliverNow()
	if _, err := s.Store.Session(t.Context(), d); err == nil || alive(t, s, tokens) || len(rp.took()) != 1 {
		t.Errorf("session %v, alive %v", err, alive(t, s, tokens))
	}
}

// A server of another issuer over the same store leaves a logout to those whose
// sign-in it was.
func TestLogoutOfAnotherIssuer(t *testing.T) {
	proof.Of(t, "ATK-2")
	rp := newRelyingParty(t)
	a := provider(t, rp)
	b := servertest.New(t, a.Store, servertest.OpenID, func(c *server.Config) {
		c.Issuer, c.FetchRootCAs, c.InsecureFetchLoopback = c.Issuer+"/b", x509.NewCertPool(), true
		c.FetchRootCAs.AddCert(rp.Certificate())
	})
	c := backchannel(a, "c", rp.URL)
	signIn(t, a, c, "alice", "s", "openid")
	end(t, a, "alice", "s")
	if n := b.DeliverNow(); n != 1 {
		t.Fatalf("the other issuer made %d attempts", n)
	}
	if n := len(rp.took()); n != 0 {
		t.Errorf("the other issuer told the client %d times", n)
	}
	a.Clock.Move(time.Minute)
	a.DeliverNow()
	got := rp.took()
	if len(got) != 1 {
		t.Fatalf("%d arrived", len(got))
	}
	if claims := logoutClaims(t, a, c, got[0].token); claims["iss"] != a.Issuer() {
		t.Errorf("%v", claims)
	}
}
