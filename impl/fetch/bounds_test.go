package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
)

// What is put twice is kept once: the older entry would take the newer one with
// it when its turn comes.
func TestCacheKeepsOne(t *testing.T) {
	c := newCache()
	for range 3 {
		c.put("https://a.example/x", Document{})
	}
	if c.order.Len() != 1 || len(c.byURL) != 1 {
		t.Errorf("%d entries under %d URLs", c.order.Len(), len(c.byURL))
	}
}

// Without types of its own a fetch takes JSON, said once.
func TestTakes(t *testing.T) {
	c := &Client{}
	for s, want := range map[string]bool{
		"application/json": true, "application/json; charset=UTF-8": true, "application/jwk-set+json": true,
		"application/xml": false, "application/jsonp": false, "text/json": false, "application/json; charset=latin1": false, "application/json; charset": false, "": false,
	} {
		if c.takes([]string{s}) != want {
			t.Errorf("%q: %t", s, !want)
		}
	}
	if c.takes([]string{"application/json", "application/json"}) || c.takes(nil) {
		t.Error("said twice, or not at all")
	}
}

// A name is one that resolvers take (RFC 1035 §2.3.4).
func TestHostBounds(t *testing.T) {
	label := strings.Repeat("a", 63)
	for host, want := range map[string]bool{
		label + ".example": true, label + "a.example": false,
		strings.Repeat(label+".", 3) + strings.Repeat("a", 61): true, strings.Repeat(label+".", 3) + strings.Repeat("a", 62): false,
		"[127.0.0.1]": false, "[::1]": true, "[fe80::1%25eth0]": false, "a..example": false,
	} {
		if _, ok := checkURL("https://"+host+"/x", false); ok != want {
			t.Errorf("%d bytes, %.20q: %t", len(host), host, ok)
		}
	}
}

// Hosts that nobody asks any more make room; one that is being asked keeps its
// bound.
func TestIdleHostsAreForgotten(t *testing.T) {
	k := newClock()
	b := newBudget(forDocuments)
	for i := range maxTracked {
		b.host(fmt.Sprint(i), k.now())
	}
	b.hosts["0"].running = 1
	b.hosts["1"].rate.AllowN(k.now().Add(time.Hour), forDocuments.perHostBurst) // spent a moment before it is looked at
	k.advance(time.Hour)
	b.host("new", k.now())
	for name, want := range map[string]bool{"0": true, "1": true, "2": false, "new": true} {
		if _, tracked := b.hosts[name]; tracked != want {
			t.Errorf("%s is tracked: %t", name, tracked)
		}
	}
}

// Beyond the overall limit no host is tracked, and a clock that was set back holds
// no URL for longer than its time.
func TestBudgetKeepsNothingNeedless(t *testing.T) {
	k := newClock()
	b := newBudget(forDocuments)
	for i := range forDocuments.overallBurst {
		release, err := b.take(target{url: fmt.Sprint(i), host: fmt.Sprint(i)}, k.now())
		if err != nil {
			t.Fatal(err)
		}
		release()
	}
	_, err := b.take(target{url: "x", host: "x"}, k.now())
	reason(t, "one more", err, "budget")
	if _, tracked := b.hosts["x"]; tracked {
		t.Error("a host beyond the overall limit is tracked")
	}
	k.advance(time.Minute)
	b.backOff("x", k.now())
	_, err = b.take(target{url: "x", host: "x"}, k.now())
	reason(t, "held back", err, "backoff")
	if _, err := b.take(target{url: "x", host: "x"}, k.now().Add(-time.Second)); err != nil {
		t.Errorf("with a clock that was set back: %v", err)
	}
}

// With media types of its own a fetch asks for these and takes nothing else.
func TestMediaTypes(t *testing.T) {
	for _, c := range []struct {
		types        []string
		accept, jwts string
	}{
		{nil, "application/json", "type"},
		{[]string{"application/a+jwt", "application/jwt"}, "application/a+jwt, application/jwt", ""},
	} {
		o := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Accept"); got != c.accept {
				t.Errorf("asks for %q, want %q", got, c.accept)
			}
			answer("application/"+strings.TrimPrefix(r.URL.Path, "/"), "{}")(w, r)
		})
		conf := o.config()
		conf.MediaTypes = c.types
		for path, want := range map[string]string{"jwt": c.jwts, "json": map[bool]string{true: "type"}[c.types != nil]} {
			_, err := New(conf).Get(t.Context(), o.URL+"/"+path)
			if want == "" && err != nil {
				t.Errorf("%v takes no %s: %v", c.types, path, err)
			} else if want != "" {
				reason(t, path, err, want)
			}
		}
	}
}

// KeepAtLeast holds what its author would have fetched again at once.
func TestKeepAtLeast(t *testing.T) {
	for _, header := range []string{"no-store", "max-age=60"} {
		var status atomic.Int64
		status.Store(200)
		o, _, k := counting(t, &status, header)
		conf := o.config()
		conf.Now, conf.KeepAtLeast = k.now, 10*time.Minute
		c := New(conf)
		for _, step := range []struct {
			advance  time.Duration
			requests int64
		}{{0, 1}, {10*time.Minute - time.Second, 1}, {time.Second, 2}} {
			k.advance(step.advance)
			if _, err := c.Get(t.Context(), o.URL); err != nil || o.requests.Load() != step.requests {
				t.Errorf("%s: %d requests, want %d (%v)", header, o.requests.Load(), step.requests, err)
			}
		}
	}
}

// late answers in good form, when it is too late.
type late struct{ asked context.Context }

func (l late) RoundTrip(r *http.Request) (*http.Response, error) {
	l.asked = r.Context()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: -1, Body: l}, nil
}

func (l late) Read(p []byte) (int, error) {
	<-l.asked.Done()
	return copy(p, "{}"), io.EOF
}

func (late) Close() error { return nil }

// TestLateAnswer is ATK-125: what is whole too late is not taken.
func TestLateAnswer(t *testing.T) {
	proof.Of(t, "ATK-125")
	c := New(Config{})
	c.http.Transport, c.timeout = late{}, time.Millisecond
	_, err := c.Get(t.Context(), "https://app.example.com/c")
	reason(t, "late", err, "body")
}

// The cause is there for logs, and localhost is this machine whatever a resolver
// says (RFC 6761 §6.3).
func TestResolver(t *testing.T) {
	if newGuard(Config{}).resolve == nil {
		t.Error("without a resolver there is none")
	}
	o := serveJSON(t)
	conf := o.config()
	gone := errors.New("no such host")
	conf.Resolve = func(_ context.Context, host string) ([]netip.Addr, error) {
		if isLocalhost(strings.TrimSuffix(host, ".")) {
			t.Errorf("a resolver was asked for %s", host)
		}
		return nil, gone
	}
	_, err := New(conf).Get(t.Context(), "https://app.example.com/c")
	reason(t, "a name that is not there", err, "connect")
	if !errors.Is(err, gone) {
		t.Errorf("the cause is %v", errors.Unwrap(err))
	}
	// The certificate is not for this name: it was connected to.
	_, err = New(conf).Get(t.Context(), "https://x.localhost:"+o.port()+"/c")
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("localhost: %v", errors.Unwrap(err))
	}
	conf.InsecureLoopback = false
	if _, err = New(conf).Get(t.Context(), "https://127.0.0.1:"+o.port()+"/c"); !errors.Is(err, errBlocked) {
		t.Errorf("loopback without the switch: %v", errors.Unwrap(err))
	}
}

// Renew takes what is kept as long as it is young enough for its reader.
func TestRenew(t *testing.T) {
	var status atomic.Int64
	status.Store(200)
	o, c, k := counting(t, &status, "max-age=600")
	for _, step := range []struct {
		advance, age time.Duration
		requests     int64
	}{{0, time.Minute, 1}, {10 * time.Second, 10 * time.Second, 1}, {0, 10*time.Second - 1, 2}, {0, time.Second, 2}} {
		k.advance(step.advance)
		if _, err := c.Renew(t.Context(), o.URL, step.age); err != nil || o.requests.Load() != step.requests {
			t.Errorf("at most %v old: %d requests, want %d (%v)", step.age, o.requests.Load(), step.requests, err)
		}
	}
	_, err := c.Get(t.Context(), "http://app.example.com/c")
	reason(t, "no https", err, "url")
}
