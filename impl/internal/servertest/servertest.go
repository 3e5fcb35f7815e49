// Package servertest runs a whole server in a test, without a network: requests
// go to its ServeHTTP, time is a clock that the test moves, and consent is given
// by a function call. It knows the protocol as a client does, and nothing of the
// server's inside.
package servertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

// Issuer is the issuer of servers under test.
const Issuer = "https://auth.example.com"

// A Clock is the time of a server under test. It stands still until moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the time by d.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A Server is a server under test.
type Server struct {
	*server.Server
	Store  store.Store
	Clock  *Clock
	Log    *Log
	events *events

	t testing.TB
}

type events struct {
	mu   sync.Mutex
	list []store.Event
}

// New returns a server over st. change may alter its configuration: open
// registration, resources https://api.example.com and
// https://mcp.example.com/mcp, scopes read and write, offline_access.
func New(t testing.TB, st store.Store, change ...func(*server.Config)) *Server {
	t.Helper()
	s := &Server{Store: st, Clock: &Clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}, Log: &Log{}, events: &events{}, t: t}
	cfg := server.Config{
		Issuer:           Issuer,
		Store:            st,
		KeyEncryptionKey: KEK(t),
		Interaction:      func(*server.Server) (server.Interaction, error) { return pages{}, nil },
		Resources: []server.Resource{
			{URI: "https://api.example.com"},
			{URI: "https://mcp.example.com/mcp", Scopes: []string{"tools"}},
		},
		Scopes:       []string{"read", "write", "offline_access"},
		Registration: server.RegistrationOpen,
		Limits:       server.Limits{RegistrationsPerMinute: -1, AuthenticationFailuresPerMinute: -1, AuthorizationsPerMinute: -1},
		Now:          s.Clock.Now,
		Events: func(_ context.Context, e store.Event) {
			fmt.Fprintf(s.Log, "event %+v\n", e)
			s.events.add(e)
		},
	}
	if _, measured := t.(*testing.B); !measured {
		cfg.Logger = slog.New(slog.NewTextHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	for _, f := range change {
		f(&cfg)
	}
	if cfg.Claims != nil {
		SeedKeys(t, cfg.Store, s.Clock.Now())
	}
	var err error
	if s.Server, err = server.New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// KEK returns a key-encryption key, the same for all servers of a test binary.
func KEK(t testing.TB) *seal.KEK {
	t.Helper()
	kek, err := parseTestKey()
	if err != nil {
		t.Fatal(err)
	}
	return kek
}

func parseTestKey() (*seal.KEK, error) { return seal.ParseKEK([]byte(testKey())) }

var testKey = sync.OnceValue(seal.GenerateKEK)

func (e *events) add(event store.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, event)
}

// Reasons returns the reasons of the events so far, in order.
func (s *Server) Reasons() []string {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	var reasons []string
	for _, e := range s.events.list {
		reasons = append(reasons, e.Reason)
	}
	return reasons
}

// pages is an Interaction whose pages nobody renders: the test completes or
// denies what waits.
type pages struct{}

func (pages) Start(_ context.Context, p *server.Pending) (string, error) {
	return "/ask?request=" + p.Handle(), nil
}

func (pages) StartLogout(_ context.Context, p *server.PendingLogout) (string, error) {
	return "/leave?request=" + p.Handle(), nil
}

func (pages) ShowError(w http.ResponseWriter, _ *http.Request, e server.ErrorPage) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(e.Status)
	io.WriteString(w, "<!doctype html><title>"+e.Code+"</title><p>"+e.Description+" "+e.Reference)
}

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.ShowError(w, r, server.ErrorPage{Status: http.StatusNotFound, Code: "invalid_request", Description: "there is no such page"})
}

// Do sends a request. Without a Host it goes to the issuer's. Every answer must
// be what openapi.yaml says, except in benchmarks, which would measure that.
func (s *Server) Do(r *http.Request) *http.Response {
	s.t.Helper()
	w := httptest.NewRecorder()
	sent := *r // what the server does with r is its own affair
	s.ServeHTTP(w, r)
	res := w.Result()
	if _, measured := s.t.(*testing.B); !measured {
		openapitest.Validate(s.t, &sent, res)
	}
	return res
}

// Get sends a GET for a path with a query.
func (s *Server) Get(path string, query url.Values, change ...func(*http.Request)) *http.Response {
	s.t.Helper()
	target := Issuer + path
	if query != nil {
		target += "?" + query.Encode()
	}
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, f := range change {
		f(r)
	}
	return s.Do(r)
}

// Post sends a form.
func (s *Server) Post(path string, form url.Values, change ...func(*http.Request)) *http.Response {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, Issuer+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, f := range change {
		f(r)
	}
	return s.Do(r)
}

// JSON sends a JSON document.
func (s *Server) JSON(method, path, document string, change ...func(*http.Request)) *http.Response {
	s.t.Helper()
	r := httptest.NewRequest(method, Issuer+path, strings.NewReader(document))
	r.Header.Set("Content-Type", "application/json")
	for _, f := range change {
		f(r)
	}
	return s.Do(r)
}

// Basic authenticates a request with client_secret_basic, encoded as RFC 6749
// §2.3.1 asks.
func Basic(id, secret string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
}

// Bearer sets a bearer token.
func Bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// Cookies carries the cookies that a response set over to a request.
func Cookies(from *http.Response) func(*http.Request) {
	return func(r *http.Request) {
		for _, c := range from.Cookies() {
			r.AddCookie(c)
		}
	}
}

// Decode reads a JSON body into members, and fails the test for anything else
// or another status.
func Decode(t testing.TB, res *http.Response, status int) map[string]any {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("status %d, want %d: %s", res.StatusCode, status, body)
	}
	var members map[string]any
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&members); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	return members
}

// Refused fails the test unless the response is this error: status, code, JSON,
// not to be stored, and nowhere to go.
func Refused(t testing.TB, res *http.Response, status int, code string) {
	t.Helper()
	members := Decode(t, res, status)
	if members["error"] != code {
		t.Errorf("error %v, want %q (%v)", members["error"], code, members["error_description"])
	}
	if got := res.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", got)
	}
	if got := res.Header.Get("Location"); got != "" {
		t.Errorf("Location %q, want none", got)
	}
}
