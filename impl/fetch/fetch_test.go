package fetch

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
)

// origin is a TLS server on loopback that counts connections and requests.
type origin struct {
	*httptest.Server
	conns, requests atomic.Int64
	roots           *x509.CertPool
}

func serve(t *testing.T, h http.HandlerFunc) *origin {
	t.Helper()
	o := &origin{roots: x509.NewCertPool()}
	o.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.requests.Add(1)
		h(w, r)
	}))
	o.Config.ErrorLog = log.New(io.Discard, "", 0)
	o.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			o.conns.Add(1)
		}
	}
	o.StartTLS()
	t.Cleanup(o.Close)
	o.roots.AddCert(o.Certificate())
	return o
}

func serveJSON(t *testing.T) *origin {
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{}`)
	})
}

func (o *origin) port() string { u, _ := url.Parse(o.URL); return u.Port() }

func (o *origin) config() Config { return Config{InsecureLoopback: true, RootCAs: o.roots} }

// reason fails unless err is an *Error of that reason with the one text.
func reason(t *testing.T, name string, err error, want string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrUnavailable) || e.Reason != want {
		t.Errorf("%s: %v, reason %+v, want %s", name, err, e, want)
	} else if err.Error() != ErrUnavailable.Error() {
		t.Errorf("%s: the text tells the reason: %s", name, err)
	}
}

func TestGet(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "GET" || r.URL.RequestURI() != "/c.json?x=1" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		for _, h := range []string{"Authorization", "Cookie", "Referer", "Accept-Encoding"} {
			if v := r.Header.Values(h); len(v) != 0 {
				t.Errorf("%s: %q", h, v)
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "a=b")
		io.WriteString(w, `{"a":1}`)
	})
	c := New(o.config())
	for range 2 {
		doc, err := c.Get(t.Context(), o.URL+"/c.json?x=1")
		if err != nil || string(doc.Body) != `{"a":1}` || !doc.ExpiresAt.After(doc.FetchedAt) {
			t.Fatalf("%+v, %v", doc, err)
		}
		c.kept.drop(o.URL + "/c.json?x=1")
	}
	if c.http.Transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy would connect in our place")
	}
}

// TestLoopbackRefused is ATK-120: with the switch off no spelling of this machine
// makes a connection; with it on the same listener answers.
func TestLoopbackRefused(t *testing.T) {
	proof.Of(t, "CIMD-6.5-2")
	proof.Of(t, "ATK-120")
	o := serveJSON(t)
	conf := o.config()
	conf.Resolve = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::ffff:127.0.0.1"), netip.MustParseAddr("::1")}, nil
	}
	off := conf
	off.InsecureLoopback = false
	for _, host := range []string{"127.0.0.1", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]", "[::]", "0.0.0.0", "localhost", "LOCALHOST",
		"a.localhost", "localhost.", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "example.com", "rebind.example.com"} {
		for _, scheme := range []string{"https", "http"} {
			if _, err := New(off).Get(t.Context(), scheme+"://"+host+":"+o.port()+"/c"); !errors.Is(err, ErrUnavailable) {
				t.Errorf("%s://%s: %v", scheme, host, err)
			}
		}
	}
	if n := o.conns.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	for _, host := range []string{"127.0.0.1", "example.com"} {
		if _, err := New(conf).Get(t.Context(), "https://"+host+":"+o.port()+"/c"); err != nil {
			t.Errorf("control %s: %v", host, errors.Unwrap(err))
		}
	}
	if n := o.conns.Load(); n != 2 {
		t.Errorf("%d connections with the switch", n)
	}
}

// TestGate: the check at the socket holds without the one before it.
func TestGate(t *testing.T) {
	o := serveJSON(t)
	g := newGuard(Config{})
	if conn, err := g.dialer.DialContext(t.Context(), "tcp", "127.0.0.1:"+o.port()); !errors.Is(err, errBlocked) {
		t.Errorf("%v, %v", conn, err)
	}
	g = newGuard(Config{InsecureLoopback: true})
	conn, err := g.dialer.DialContext(t.Context(), "tcp", "127.0.0.1:"+o.port())
	if err != nil {
		t.Fatalf("control: %v", err)
	}
	conn.Close()
	for _, bad := range []string{"", "name:443", "10.0.0.1", "10.0.0.1:443", "[fe80::1%eth0]:443"} {
		if err := g.control("tcp", bad, nil); !errors.Is(err, errBlocked) {
			t.Errorf("%q passes: %v", bad, err)
		}
	}
}

// TestRebinding is ATK-122: a connection is only ever tried to an address that
// was checked, and a name is looked up once for each.
func TestRebinding(t *testing.T) {
	proof.Of(t, "ATK-122")
	addrs := func(list ...string) (all []netip.Addr) {
		for _, s := range list {
			all = append(all, netip.MustParseAddr(s))
		}
		return all
	}
	many := addrs("1.1.1.1")
	for i := range 10_000 {
		many = append(many, netip.AddrFrom4([4]byte{8, 8, byte(i >> 8), byte(i)}))
	}
	for _, c := range []struct {
		name    string
		answers [][]netip.Addr // one for each look-up
		tried   []string
	}{
		{"public", [][]netip.Addr{addrs("1.1.1.1")}, []string{"1.1.1.1:443"}},
		{"public, then private", [][]netip.Addr{addrs("1.1.1.1"), addrs("127.0.0.1")}, []string{"1.1.1.1:443"}},
		{"private", [][]netip.Addr{addrs("10.0.0.1")}, nil},
		{"private, then public", [][]netip.Addr{addrs("10.0.0.1"), addrs("1.1.1.1")}, nil},
		{"mixed A and AAAA", [][]netip.Addr{addrs("127.0.0.1", "2606:4700::1", "::1", "fe80::1%eth0")}, []string{"[2606:4700::1]:443"}},
		{"mapped", [][]netip.Addr{addrs("::ffff:169.254.169.254", "::ffff:1.1.1.1")}, []string{"1.1.1.1:443"}},
		{"nothing", [][]netip.Addr{nil}, nil},
		{"10 000 records", [][]netip.Addr{many}, []string{"1.1.1.1:443", "8.8.0.0:443", "8.8.0.1:443", "8.8.0.2:443"}},
	} {
		var names, tried []string
		g := newGuard(Config{Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
			names = append(names, host)
			return c.answers[min(len(names), len(c.answers))-1], nil
		}})
		recorded := errors.New("recorded instead of connected")
		g.dialer.Control = func(network, address string, conn syscall.RawConn) error {
			tried = append(tried, address)
			if err := g.control(network, address, conn); err != nil {
				t.Errorf("%s: %s got as far as the gate", c.name, address)
			}
			return recorded
		}
		_, err := g.dial(t.Context(), "tcp", "app.example.com:443")
		if fmt.Sprint(tried) != fmt.Sprint(c.tried) {
			t.Errorf("%s: tried %v, want %v", c.name, tried, c.tried)
		}
		if want := map[bool]error{true: errBlocked, false: recorded}[c.tried == nil]; !errors.Is(err, want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if fmt.Sprint(names) != "[app.example.com.]" {
			t.Errorf("%s: looked up %v", c.name, names)
		}
	}
}

// TestRedirect is ATK-123: no redirect is followed, wherever it points.
func TestRedirect(t *testing.T) {
	proof.Of(t, "ATK-123")
	inside := serveJSON(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{inside.URL + "/x", "/self", "http://127.0.0.1:" + inside.port(), "file:///etc/passwd", "//127.0.0.1:" + inside.port() + "/"} {
			o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Location", to)
				w.WriteHeader(status)
			})
			o.roots.AddCert(inside.Certificate())
			_, err := New(o.config()).Get(t.Context(), o.URL+"/c")
			reason(t, fmt.Sprint(status, to), err, "redirect")
			if n := o.requests.Load(); n != 1 {
				t.Errorf("%d to %s: %d requests", status, to, n)
			}
		}
	}
	if n := inside.conns.Load(); n != 0 {
		t.Errorf("the target of the redirects got %d connections", n)
	}
}

// TestTrust: an authority that was not given is not trusted.
func TestTrust(t *testing.T) {
	proof.Of(t, "OAUTH21-1.5-2")
	o := serveJSON(t)
	_, err := New(Config{InsecureLoopback: true}).Get(t.Context(), o.URL)
	reason(t, "unknown authority", err, "connect")
	if o.requests.Load() != 0 {
		t.Error("the request was sent")
	}
	if _, err := New(o.config()).Get(t.Context(), o.URL); err != nil {
		t.Errorf("control: %v", err)
	}
	_, err = New(o.config()).Get(t.Context(), "https://wrong-name.localhost:"+o.port())
	reason(t, "name that is not in the certificate", err, "connect")
}

// TestSingleFlight: callers of one URL share a request, and one that gives up
// does not end it for the others.
func TestSingleFlight(t *testing.T) {
	open := make(chan struct{})
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		<-open
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	})
	c := New(o.config())
	impatient, giveUp := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { _, err := c.Get(impatient, o.URL); first <- err }()
	for o.requests.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Get(t.Context(), o.URL); err != nil {
				t.Error(err)
			}
		})
	}
	giveUp()
	err := <-first
	reason(t, "gave up", err, "canceled")
	close(open)
	wg.Wait()
	if n := o.requests.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}
