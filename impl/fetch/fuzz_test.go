package fetch

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// FuzzCheckURL: what may be fetched is one https URL for net/http too, whose
// host is the one that was checked.
func FuzzCheckURL(f *testing.F) {
	for _, s := range []string{"https://a.example/x", "https://a.example:8443/x?y", "HTTPS://a.example/", "https://u:p@a.example/", "https://a.example#x", "https://127.0.0.1/", "https://127.1/", "https://0x7f000001/",
		"https://[::1]/", "https://[fe80::1%25eth0]/", "https://[::ffff:127.0.0.1]/", "https://a.example\\@b.example/", "https://a.example:0/", "https://a.example:/", "http://localhost:1/", "https://a.example/\r\nHost: b", "https:a.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, ok := checkURL(raw, false)
		if !ok {
			return
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, raw, nil)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		if r.URL.Scheme != "https" || r.URL.User != nil || r.URL.Fragment != "" || strings.ToLower(r.URL.Hostname()) != got.host || got.url != raw || r.Host != r.URL.Host || r.URL.Port() == "0" {
			t.Errorf("%q is fetched from %q", raw, r.Host)
		}
		if strings.ContainsAny(got.host, "%@\\/#? ") {
			t.Errorf("%q has the host %q", raw, got.host)
		}
	})
}

// FuzzAllowed: an address that may be dialled is a global unicast one by every
// rule of the standard library, in whatever form the IPv4 address is dressed.
func FuzzAllowed(f *testing.F) {
	for _, s := range []string{"8.8.8.8", "127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "fe80::1", "fd00::1", "2606:4700::1111", "0.0.0.0", "255.255.255.255", "224.0.0.1", "2001:0:1::"} {
		a := netip.MustParseAddr(s)
		f.Add(a.AsSlice(), "")
	}
	f.Add(netip.MustParseAddr("fe80::1").AsSlice(), "eth0")
	f.Fuzz(func(t *testing.T, b []byte, zone string) {
		a, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		if a.Is6() {
			a = a.WithZone(zone)
		}
		if !allowed(a, false) {
			return
		}
		u := a.Unmap()
		if !u.IsGlobalUnicast() || u.IsPrivate() || u.IsLoopback() || u.IsLinkLocalUnicast() || u.IsMulticast() || u.IsUnspecified() || a.Zone() != "" {
			t.Errorf("%v may be dialled", a)
		}
		if a.Is4() && !allowed(netip.AddrFrom16(a.As16()), false) {
			t.Errorf("%v may be dialled, and in its IPv6 form not", a)
		}
	})
}
