package server

import (
	"net/http"
	"net/netip"
	"strings"
)

// peer returns the address a request came from: the connection's, or, when that
// is a trusted proxy, the last address in X-Forwarded-For that is not one.
// Headers of anybody else change nothing. It is the zero Addr when the
// connection has none, as in tests that call the handler directly.
func (s *Server) peer(r *http.Request) netip.Addr {
	addr := parseAddr(r.RemoteAddr)
	if len(s.cfg.TrustedProxies) == 0 || !s.trusted(addr) {
		return addr
	}
	// More hops than this nobody has; the rest of the header is not read.
	const maxHops = 32
	lines := r.Header.Values("X-Forwarded-For")
	for hops := 0; len(lines) > 0 && hops < maxHops; {
		line := lines[len(lines)-1]
		lines = lines[:len(lines)-1]
		for line != "" && hops < maxHops {
			hops++
			var last string
			if i := strings.LastIndexByte(line, ','); i >= 0 {
				line, last = line[:i], line[i+1:]
			} else {
				line, last = "", line
			}
			next := parseAddr(strings.TrimSpace(last))
			if !next.IsValid() {
				return addr
			}
			addr = next
			if !s.trusted(addr) {
				return addr
			}
		}
	}
	return addr
}

// Peer returns the address that a request came from, with TrustedProxies taken
// into account; the zero Addr when it has none. For Interactions.
func (s *Server) Peer(r *http.Request) netip.Addr { return s.peer(r) }

func (s *Server) trusted(addr netip.Addr) bool {
	for _, p := range s.cfg.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

func parseAddr(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap()
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// network is what a rate is counted for: one IPv4 address, or the /64 that one
// IPv6 subscriber has.
func network(addr netip.Addr) netip.Addr {
	if !addr.Is6() {
		return addr
	}
	p, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return p.Addr()
}
