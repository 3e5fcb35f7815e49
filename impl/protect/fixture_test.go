package protect_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/protect"
)

const (
	resource = "https://mcp.example.com/mcp"
	issuer   = "https://auth.example.com"
	metadata = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
)

// start is the time of the tests here.
var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// A clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: start} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// known are tokens by name, each with what it says.
type known map[string]protect.Identity

func (k known) Verify(_ context.Context, token string) (protect.Identity, error) {
	if token == "down" {
		return protect.Identity{}, errors.New("dial tcp 10.0.0.7: connection refused")
	}
	if i, ok := k[token]; ok {
		return i, nil
	}
	return protect.Identity{}, oauth.InvalidToken("unknown", "there is no token "+token)
}

// good is an identity for the resource with scope read.
func good() protect.Identity {
	return protect.Identity{
		Subject: "alice", ClientID: "app", Scopes: []string{"read"}, Audience: []string{resource}, ExpiresAt: start.Add(time.Hour),
	}
}

// config guards the resource, with scope read for everything.
func config(v protect.Verifier) protect.Config {
	return protect.Config{
		Resource: resource, AuthorizationServers: []string{issuer}, Verifier: v, Scopes: []string{"read"},
		Now: func() time.Time { return start },
	}
}

func guard(t testing.TB, c protect.Config) *protect.Guard {
	t.Helper()
	g, err := protect.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// hello is a handler behind a guard: it says who called.
var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	identity, ok := protect.FromContext(r.Context())
	if !ok {
		panic("the handler was reached without an identity")
	}
	_, _ = w.Write([]byte("hello " + identity.Subject))
})

// call sends a request for the resource with an Authorization header, unless it
// is empty.
func call(h http.Handler, authorization string, change ...func(*http.Request)) *http.Response {
	r := httptest.NewRequest(http.MethodGet, resource, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// transport answers requests without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// served is the transport to a handler.
func served(h http.Handler) *http.Client {
	return &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	})}
}
