package fleet

import (
	"math/rand/v2"
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
	deaf    [2]atomic.Bool // one way is stalled: to the target, from it
	delay   atomic.Int64   // time.Duration, before each piece of data
	lost    atomic.Int64   // of a hundred pieces, so many are lost and sent again

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

// Up ends Down, Stall and StallOneWay.
func (r *Relay) Up() {
	r.down.Store(false)
	r.stalled.Store(false)
	for i := range r.deaf {
		r.deaf[i].Store(false)
	}
}

// StallOneWay is Stall for what goes to the target, or for what comes from it.
func (r *Relay) StallOneWay(answers bool) {
	i := 0
	if answers {
		i = 1
	}
	r.deaf[i].Store(true)
}

// Lose loses so many of a hundred pieces of data. The connections are TCP's, so
// they are late rather than missing: by the time that passes before they are sent
// again, which holds up what comes behind them.
func (r *Relay) Lose(percent int) { r.lost.Store(int64(percent)) }

// retransmission is the least time that TCP waits before it sends again (Linux).
const retransmission = 200 * time.Millisecond

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
	halves.Go(func() { r.copy(to, from, &r.deaf[0]) })
	halves.Go(func() { r.copy(from, to, &r.deaf[1]) })
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

func (r *Relay) copy(to, from net.Conn, deaf *atomic.Bool) {
	defer to.(*net.TCPConn).CloseWrite()
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		if d := time.Duration(r.delay.Load()); d > 0 {
			time.Sleep(d)
		}
		for lost := r.lost.Load(); rand.Int64N(100) < lost; {
			time.Sleep(retransmission)
		}
		for r.stalled.Load() || deaf.Load() {
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
