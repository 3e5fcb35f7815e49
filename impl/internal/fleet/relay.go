package fleet

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Relay is a plain TCP relay: the balancer in front of a fleet, or the wire
// between it and its database, which a test cuts. Each connection goes to the
// next of its targets.
type Relay struct {
	Addr string

	targets func() []string
	listen  net.Listener
	next    atomic.Uint64
	down    atomic.Bool
	stalled atomic.Bool
	delay   atomic.Int64 // time.Duration, before each piece of data

	mu    sync.Mutex
	conns map[net.Conn]bool // both sides; guarded by mu
}

// NewRelay starts a relay, which ends with the test. targets is asked for every
// connection.
func NewRelay(t testing.TB, targets func() []string) *Relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{Addr: l.Addr().String(), targets: targets, listen: l, conns: make(map[net.Conn]bool)}
	go r.accept()
	t.Cleanup(func() { l.Close(); r.Cut() })
	return r
}

// Cut breaks every connection, at whatever byte it is.
func (r *Relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		c.(*net.TCPConn).SetLinger(0) // a reset, not an orderly end
		c.Close()
	}
}

// Down breaks every connection and refuses new ones until Up.
func (r *Relay) Down() { r.down.Store(true); r.Cut() }

// Up ends Down and Stall.
func (r *Relay) Up() { r.down.Store(false); r.stalled.Store(false) }

// Stall keeps connections open and passes nothing on until Up.
func (r *Relay) Stall() { r.stalled.Store(true) }

// Delay passes every piece of data on only after d.
func (r *Relay) Delay(d time.Duration) { r.delay.Store(int64(d)) }

func (r *Relay) accept() {
	for {
		from, err := r.listen.Accept()
		if err != nil {
			return
		}
		go r.serve(from)
	}
}

func (r *Relay) serve(from net.Conn) {
	defer from.Close()
	to := r.dial()
	if to == nil {
		return
	}
	defer to.Close()
	r.keep(from, to)
	defer r.forget(from, to)
	var halves sync.WaitGroup
	halves.Go(func() { r.copy(to, from) })
	halves.Go(func() { r.copy(from, to) })
	halves.Wait()
}

// dial connects to the next target that takes a connection.
func (r *Relay) dial() net.Conn {
	if r.down.Load() {
		return nil
	}
	targets := r.targets()
	first := r.next.Add(1)
	for i := range targets {
		to, err := net.DialTimeout("tcp", targets[(int(first)+i)%len(targets)], 2*time.Second)
		if err == nil {
			return to
		}
	}
	return nil
}

func (r *Relay) copy(to, from net.Conn) {
	defer to.(*net.TCPConn).CloseWrite()
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		if d := time.Duration(r.delay.Load()); d > 0 {
			time.Sleep(d)
		}
		for r.stalled.Load() {
			time.Sleep(5 * time.Millisecond)
		}
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				from.Close()
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (r *Relay) keep(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		r.conns[c] = true
	}
}

func (r *Relay) forget(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		delete(r.conns, c)
	}
}
