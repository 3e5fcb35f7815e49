package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

func from(address string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr = address }
}

// Registrations of one network are limited, others go on, and the
// limit gives way with time.
func TestRegistrationRate(t *testing.T) {
	proof.Of(t, "ATK-113")
	f := newFixture(t, func(c *server.Config) { c.Limits.RegistrationsPerMinute = 3 })
	for range 3 {
		if res := f.register(publicMetadata, from("192.0.2.1:1")); res.StatusCode != http.StatusCreated {
			t.Fatalf("%d", res.StatusCode)
		}
	}
	for _, port := range []string{"1", "2", "65535"} {
		f.unchanged(t, port, func() {
			res := f.register(publicMetadata, from("192.0.2.1:"+port))
			if res.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			servertest.Refused(t, res, http.StatusTooManyRequests, "temporarily_unavailable")
		})
	}
	if res := f.register(publicMetadata, from("192.0.2.2:1")); res.StatusCode != http.StatusCreated {
		t.Errorf("another address: %d", res.StatusCode)
	}
	f.Clock.Move(20 * time.Second)
	if res := f.register(publicMetadata, from("192.0.2.1:1")); res.StatusCode != http.StatusCreated {
		t.Errorf("after a third of a minute: %d", res.StatusCode)
	}
	servertest.Refused(t, f.register(publicMetadata, from("192.0.2.1:1")), http.StatusTooManyRequests, "temporarily_unavailable")
}

// A flood of authorization requests stores nothing.
func TestAuthorizationRate(t *testing.T) {
	f := newFixture(t, func(c *server.Config) { c.Limits.AuthorizationsPerMinute = 2 })
	c := f.Public()
	for range 2 {
		asks(t, "within", f.Get("/authorize", c.Request(nil)))
	}
	f.unchanged(t, "over", func() { page(t, "over", f.Get("/authorize", c.Request(nil)), http.StatusTooManyRequests) })
	asks(t, "another network", f.Get("/authorize", c.Request(nil), from("198.51.100.7:1")))
	f.Clock.Move(30 * time.Second)
	asks(t, "later", f.Get("/authorize", c.Request(nil)))
}

// Guessing secrets is slowed down; good credentials are not, until the
// guesses of their own network used it up.
func TestAuthenticationFailureRate(t *testing.T) {
	proof.Of(t, "MCP-EMA-SEC-7.5.1-Client-Authentication-and-Credential-Protection-1")
	proof.Of(t, "ATK-98")
	f := newFixture(t, func(c *server.Config) { c.Limits.AuthenticationFailuresPerMinute = 3 })
	c := f.operator(t, server.OperatorClient{Metadata: []byte(`{"grant_types":["client_credentials"]}`)})
	machine := map[string][]string{"grant_type": {"client_credentials"}}
	for range 10 {
		servertest.Decode(t, f.Post("/token", machine, c.Auth()), http.StatusOK)
	}
	last := 0
	for range 5 {
		last = f.Post("/token", machine, servertest.Basic(c.ID, "wrong")).StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the fifth guess: %d", last)
	}
	if res := f.Post("/token", machine, c.Auth(), from("198.51.100.7:1")); res.StatusCode != http.StatusOK {
		t.Errorf("another network: %d", res.StatusCode)
	}
	f.Clock.Move(time.Minute)
	if res := f.Post("/token", machine, c.Auth()); res.StatusCode != http.StatusOK {
		t.Errorf("later: %d", res.StatusCode)
	}
}

// Only the connection and proxies that an operator trusts say
// where a request comes from.
func TestPeerOfALimit(t *testing.T) {
	proof.Of(t, "RFC9700-4.13-1")
	proof.Of(t, "ATK-172")
	for _, row := range []struct {
		name    string
		trusted []string
		first   func(*http.Request)
		second  func(*http.Request)
		same    bool // one bucket
	}{
		{"untrusted header", nil, forwarded("192.0.2.1:1", "10.1.1.1"), forwarded("192.0.2.1:1", "10.2.2.2"), true},
		{"untrusted peer", []string{"10.0.0.0/8"}, forwarded("192.0.2.1:1", "10.1.1.1"), forwarded("192.0.2.1:1", "10.2.2.2"), true},
		{"trusted peer", []string{"10.0.0.0/8"}, forwarded("10.0.0.1:1", "192.0.2.1"), forwarded("10.0.0.1:1", "192.0.2.2"), false},
		{"trusted peer, same client", []string{"10.0.0.0/8"}, forwarded("10.0.0.1:1", "192.0.2.1"), forwarded("10.0.0.2:2", "192.0.2.1"), true},
		{"what the client wrote in front", []string{"10.0.0.0/8"}, forwarded("10.0.0.1:1", "1.1.1.1, 192.0.2.1"), forwarded("10.0.0.1:1", "2.2.2.2, 192.0.2.1"), true},
		{"two proxies", []string{"10.0.0.0/8"}, forwarded("10.0.0.1:1", "192.0.2.1, 10.0.0.2"), forwarded("10.0.0.1:1", "192.0.2.2, 10.0.0.2"), false},
		{"two lines", []string{"10.0.0.0/8"}, forwarded("10.0.0.1:1", "1.1.1.1", "192.0.2.1"), forwarded("10.0.0.1:1", "2.2.2.2", "192.0.2.1"), true},
		{"garbage", []string{"10.0.0.0/8"}, forwarded("10.0.0.1:1", "unknown"), forwarded("10.0.0.1:1", "_hidden"), true},
		{"garbage in front", []string{"10.0.0.0/8"}, forwarded("10.0.0.1:1", "x, 192.0.2.1"), forwarded("10.0.0.1:1", "y, 192.0.2.2"), false},
		{"with port", []string{"10.0.0.0/8"}, forwarded("10.0.0.1:1", "192.0.2.1:7"), forwarded("10.0.0.1:1", "192.0.2.1:8"), true},
		{"IPv4 as IPv6", []string{"10.0.0.0/8"}, forwarded("[::ffff:10.0.0.1]:1", "192.0.2.1"), forwarded("10.0.0.1:1", "::ffff:192.0.2.1"), true},
		{"IPv6 subscriber", nil, forwarded("[2001:db8::1]:1"), forwarded("[2001:db8::ffff:1]:1"), true},
		{"IPv6 neighbour", nil, forwarded("[2001:db8::1]:1"), forwarded("[2001:db8:0:1::1]:1"), false},
		{"other headers", []string{"10.0.0.0/8"}, header("10.0.0.1:1", "X-Real-Ip", "192.0.2.1"), header("10.0.0.1:1", "X-Real-Ip", "192.0.2.2"), true},
		{"Forwarded", []string{"10.0.0.0/8"}, header("10.0.0.1:1", "Forwarded", "for=192.0.2.1"), header("10.0.0.1:1", "Forwarded", "for=192.0.2.2"), true},
		{"underscore", []string{"10.0.0.0/8"}, header("10.0.0.1:1", "X_Forwarded_For", "192.0.2.1"), header("10.0.0.1:1", "X_Forwarded_For", "192.0.2.2"), true},
	} {
		f := newFixture(t, func(c *server.Config) {
			c.Limits.RegistrationsPerMinute = 1
			for _, p := range row.trusted {
				c.TrustedProxies = append(c.TrustedProxies, netip.MustParsePrefix(p))
			}
		})
		if res := f.register(publicMetadata, row.first); res.StatusCode != http.StatusCreated {
			t.Fatalf("%s: %d", row.name, res.StatusCode)
		}
		want := http.StatusCreated
		if row.same {
			want = http.StatusTooManyRequests
		}
		if res := f.register(publicMetadata, row.second); res.StatusCode != want {
			body, _ := io.ReadAll(res.Body)
			t.Errorf("%s: %d, want %d: %s", row.name, res.StatusCode, want, body)
		}
	}
}

func forwarded(peer string, lines ...string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr, r.Header["X-Forwarded-For"] = peer, lines }
}

func header(peer, name, value string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr, r.Header[name] = peer, []string{value} }
}

// A header of any length costs little, and the hops of a real chain are
// all that is read.
func TestLongForwardedFor(t *testing.T) {
	proof.Of(t, "ATK-172")
	f := newFixture(t, func(c *server.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	long := ""
	for i := range 10000 {
		long += fmt.Sprintf("10.0.%d.%d, ", i/256, i%256)
	}
	cost := func(header string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if res := f.register(publicMetadata, forwarded("10.0.0.1:1", header)); res.StatusCode != http.StatusCreated {
			t.Errorf("%d", res.StatusCode)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	cost("10.0.0.2") // what only the first request costs
	short, whole := cost("10.0.0.2"), cost(long+"10.0.0.2")
	// To take all hops apart would take ten times as much as a request.
	if whole > short+uint64(len(long)) {
		t.Errorf("%d bytes of a header cost %d, none cost %d", len(long), whole, short)
	}
}
