package fetch

import "net/netip"

// refused are the address blocks that are nobody's public host, with the text
// that sets them aside: the special-purpose registries of RFC 6890 and what was
// added to them.
var refused = prefixes(
	"0.0.0.0/8",        // this network, RFC 791 §3.2
	"10.0.0.0/8",       // private, RFC 1918
	"100.64.0.0/10",    // shared, carrier-grade NAT, RFC 6598; some clouds' metadata service
	"127.0.0.0/8",      // loopback, RFC 1122 §3.2.1.3
	"168.63.129.16/32", // one cloud's host agent, a public address that only its guests reach
	"169.254.0.0/16",   // link-local, RFC 3927; metadata services
	"172.16.0.0/12",    // private, RFC 1918
	"192.0.0.0/24",     // protocol assignments, RFC 6890; one cloud's metadata service
	"192.0.2.0/24",     // documentation, RFC 5737
	"192.88.99.0/24",   // 6to4 relays, RFC 7526
	"192.168.0.0/16",   // private, RFC 1918
	"198.18.0.0/15",    // benchmarks, RFC 2544
	"198.51.100.0/24",  // documentation, RFC 5737
	"203.0.113.0/24",   // documentation, RFC 5737
	"224.0.0.0/4",      // multicast, RFC 5771
	"240.0.0.0/4",      // reserved, RFC 1112 §4, and broadcast, RFC 919
	"::/128",           // unspecified, RFC 4291 §2.5.2
	"::1/128",          // loopback, RFC 4291 §2.5.3
	"::/96",            // IPv4-compatible, RFC 4291 §2.5.5.1
	"::ffff:0:0:0/96",  // IPv4-translated, RFC 2765
	"64:ff9b::/96",     // NAT64, RFC 6052
	"64:ff9b:1::/48",   // local NAT64, RFC 8215
	"100::/64",         // discard, RFC 6666
	"2001::/23",        // protocol assignments with Teredo, RFC 2928, RFC 4380
	"2001:db8::/32",    // documentation, RFC 3849
	"2002::/16",        // 6to4, which holds an IPv4 address, RFC 3056
	"3fff::/20",        // documentation, RFC 9637
	"5f00::/16",        // segment routing, RFC 9602
	"fc00::/7",         // unique local, RFC 4193; metadata services
	"fe80::/10",        // link-local, RFC 4291 §2.5.6
	"fec0::/10",        // site-local, RFC 3879
	"ff00::/8",         // multicast, RFC 4291 §2.7
)

// global is the only IPv6 space that was ever given out (RFC 4291 §2.4): what
// lies outside is refused though no line above names it.
var global = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, s := range list {
		all[i] = netip.MustParsePrefix(s)
	}
	return all
}

// allowed reports whether a connection to a may be made. An IPv4 address in IPv6
// clothes is judged as what it is; a zone makes an address local.
func allowed(a netip.Addr, loopback bool) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if a.IsLoopback() {
		return loopback
	}
	if a.Is6() && !global.Contains(a) {
		return false
	}
	for _, p := range refused {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
