package fetch

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// maxAddresses is how many addresses of one name are tried.
const maxAddresses = 4

var errBlocked = errors.New("address is not allowed")

// guard makes connections to allowed addresses only.
type guard struct {
	loopback bool
	resolve  func(ctx context.Context, host string) ([]netip.Addr, error)
	dialer   net.Dialer
}

func newGuard(c Config) *guard {
	g := &guard{loopback: c.InsecureLoopback, resolve: c.Resolve}
	if g.resolve == nil {
		g.resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	g.dialer = net.Dialer{Timeout: 3 * time.Second, Control: g.control, KeepAlive: -1}
	return g
}

// control is the gate: the kernel connects to the address it is given here, and
// nothing is resolved after it.
func (g *guard) control(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !allowed(a.Addr(), g.loopback) {
		return errBlocked
	}
	return nil
}

// dial resolves once and connects to what it resolved. Addresses that are not
// allowed are passed over: a name may have an address for insiders too.
func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	// The transport lets a dial outlive its request.
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	addresses, err := g.lookUp(ctx, host)
	if err != nil {
		return nil, err
	}
	err = errBlocked
	tried := 0
	for _, a := range addresses {
		if !allowed(a, g.loopback) {
			continue
		}
		if tried++; tried > maxAddresses {
			break
		}
		var conn net.Conn
		if conn, err = g.dialer.DialContext(ctx, network, net.JoinHostPort(a.Unmap().String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (g *guard) lookUp(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	if isLocalhost(host) {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	// The dot keeps a resolver's search domains out: an outsider's name must not
	// become one of the inside.
	return g.resolve(ctx, host+".")
}

// notFollowed leaves a redirect as the answer: CIMD §4 and FAPI forbid to follow
// one, and its Location could be anything.
func notFollowed(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
