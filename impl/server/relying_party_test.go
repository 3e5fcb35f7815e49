package server_test

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// A relyingParty takes logout requests over TLS and answers as it is told.
type relyingParty struct {
	*httptest.Server
	mu     sync.Mutex // guards what follows
	answer func(w http.ResponseWriter, r *http.Request)
	got    []received
}

type received struct{ uri, token string }

func newRelyingParty(t *testing.T) *relyingParty {
	t.Helper()
	return newRelyingPartyAt(t, "127.0.0.1:0")
}

func newRelyingPartyAt(t *testing.T, address string) *relyingParty {
	t.Helper()
	rp := &relyingParty{}
	rp.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.PostFormValue("logout_token") // reads the body, so that the client's going is seen
		rp.mu.Lock()
		rp.got = append(rp.got, received{r.RequestURI, token})
		answer := rp.answer
		rp.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	rp.Listener.Close()
	rp.Listener = listener
	rp.Config.ErrorLog = log.New(io.Discard, "", 0)
	rp.StartTLS()
	t.Cleanup(rp.Close)
	return rp
}

// answers sets how requests are answered from now on; nil is 200.
func (rp *relyingParty) answers(f func(http.ResponseWriter, *http.Request)) {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	rp.answer = f
}

func (rp *relyingParty) status(code int) {
	rp.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

// took returns what arrived since it was asked last.
func (rp *relyingParty) took() []received {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	got := rp.got
	rp.got = nil
	return got
}

// provider is an OpenID provider that reaches relying parties on this machine.
func provider(t *testing.T, rps ...*relyingParty) *servertest.Server {
	t.Helper()
	roots := x509.NewCertPool()
	for _, rp := range rps {
		roots.AddCert(rp.Certificate())
	}
	return servertest.New(t, servertest.Quiet(memory.New()), servertest.OpenID, func(c *server.Config) {
		c.FetchRootCAs, c.InsecureFetchLoopback = roots, true
	})
}

func end(t *testing.T, s *servertest.Server, subject, session string) {
	t.Helper()
	if _, err := s.EndSession(t.Context(), server.SessionEnd{Subject: subject, SessionID: session}); err != nil {
		t.Fatal(err)
	}
}

// logoutClaims verifies a logout token as §2.6 says, and returns its claims.
func logoutClaims(t *testing.T, s *servertest.Server, c servertest.Client, token string) map[string]any {
	t.Helper()
	set, err := io.ReadAll(s.Get("/jwks", nil).Body)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := jose.ParseJWKSet(set)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jose.NewVerifier(jose.VerifierConfig{Keys: jose.StaticKeys(keys...), Issuer: s.Issuer(), Audience: c.ID, Typ: "logout+jwt", Now: s.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatalf("logout token %q: %v", token, err)
	}
	return payloadOf(t, token)
}

// lastEvent returns the reason and the detail of the newest event.
func lastEvent(s *servertest.Server) (string, map[string]any) {
	events := s.Events()
	if len(events) == 0 {
		return "", nil
	}
	var detail map[string]any
	e := events[len(events)-1]
	_ = json.Unmarshal(e.Detail, &detail)
	return e.Reason + " " + e.ClientID + " " + e.Subject, detail
}
