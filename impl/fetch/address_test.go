package fetch

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// public are the neighbours of the blocks below, outside them; the last is judged
// as the IPv4 address that it holds.
var public = []string{
	"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
	"172.15.255.255", "172.32.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255",
	"2606:4700:4700::1111", "2001:4860:4860::8888", "::ffff:1.1.1.1",
}

// private has both ends of blocks, and what is used in attacks.
var private = []string{
	"0.0.0.0", "0.255.255.255", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
	"100.127.255.255", "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1",
	"172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255",
	"198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1",
	"::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
	"64:ff9b::7f00:1", "64:ff9b::1.1.1.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:db8::1",
	"2002:7f00:1::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0",
	"2606:4700:4700::1111%eth0", "::ffff:1.1.1.1%eth0", "fec0::1", "ff02::1",
}

// TestAllowed is ATK-120 on addresses. The switch opens loopback and nothing
// else.
func TestAllowed(t *testing.T) {
	proof.Of(t, "ATK-120")
	for _, s := range public {
		if a := netip.MustParseAddr(s); !allowed(a, false) || !allowed(a, true) {
			t.Errorf("%s is refused", s)
		}
	}
	for _, s := range private {
		a := netip.MustParseAddr(s)
		if allowed(a, false) {
			t.Errorf("%s is allowed", s)
		}
		if allowed(a, true) != a.Unmap().IsLoopback() {
			t.Errorf("%s with the switch: %v", s, allowed(a, true))
		}
	}
	if allowed(netip.Addr{}, true) {
		t.Error("the zero address is allowed")
	}
}

func TestCheckURL(t *testing.T) {
	for _, c := range []struct {
		name, url        string
		public, loopback bool
	}{
		{"https", "https://app.example.com/client.json", true, true},
		{"port", "https://app.example.com:8443/client.json", true, true},
		{"query", "https://app.example.com/c?x=1", true, true},
		{"IPv4", "https://1.1.1.1/c", true, true},
		{"IPv6", "https://[2606:4700::1]/c", true, true},
		{"upper-case host", "https://APP.example.com/c", true, true},
		{"http loopback", "http://127.0.0.1:8080/c", false, true},
		{"http loopback IPv6", "http://[::1]:8080/c", false, true},
		{"http localhost", "http://localhost:8080/c", false, true},
		{"http below localhost", "http://app.localhost/c", false, true},
		{"http", "http://app.example.com/c", false, false},
		{"http private", "http://10.0.0.1/c", false, false},
		{"http like localhost", "http://localhost.example.com/c", false, false},
		{"localhost with dot", "http://localhost./c", false, false},
		{"punycode", "http://xn--lcalhost-54a/c", false, false},
		{"upper-case scheme", "HTTPS://app.example.com/c", false, false},
		{"longest", "https://app.example.com/" + strings.Repeat("a", maxURL-24), true, true},
		{"longer", "https://app.example.com/" + strings.Repeat("a", maxURL-23), false, false},
		{"another scheme on loopback", "ftp://127.0.0.1/c", false, false},
		{"file", "file:///etc/passwd", false, false},
		{"gopher", "gopher://app.example.com/c", false, false},
		{"data", "data:application/json,{}", false, false},
		{"empty", "", false, false},
		{"relative", "/c", false, false},
		{"no slashes", "https:app.example.com/c", false, false},
		{"no host", "https:///c", false, false},
		{"only a port", "https://:443/c", false, false},
		{"empty port", "https://app.example.com:/c", false, false},
		{"port 0", "https://app.example.com:0/c", false, false},
		{"userinfo", "https://user@app.example.com/c", false, false},
		{"password", "https://u:p@app.example.com/c", false, false},
		{"empty userinfo", "https://@app.example.com/c", false, false},
		{"fragment", "https://app.example.com/c#x", false, false},
		{"empty fragment", "https://app.example.com/c#", false, false},
		{"trailing dot", "https://app.example.com./c", false, false},
		{"empty label", "https://app..example.com/c", false, false},
		{"short IPv4", "https://127.1/c", false, false},
		{"decimal IPv4", "https://2130706433/c", false, false},
		{"octal IPv4", "https://0177.0.0.1/c", false, false},
		{"hexadecimal IPv4", "https://0x7f000001/c", false, false},
		{"hexadecimal part", "https://127.0.0.0x1/c", false, false},
		{"zone", "https://[fe80::1%25eth0]/c", false, false},
		{"encoded host", "https://app%2eexample.com/c", false, false},
		{"backslash", `https://app.example.com\c`, false, false},
		{"space", "https://app.example.com/ c", false, false},
		{"newline", "https://app.example.com/c\n", false, false},
		{"not ASCII in the path", "https://app.example.com/ä", false, false},
		{"DEL", "https://app.example.com/\x7f", false, false},
		{"quote", `https://app.example.com/"`, false, false},
		{"markup", "https://app.example.com/<b>", false, false},
		{"brace", "https://app.example.com/{x}", false, false},
		{"bar", "https://app.example.com/a|b", false, false},
		{"caret", "https://app.example.com/^", false, false},
		{"backquote", "https://app.example.com/`", false, false},
		{"backslash in the query", `https://app.example.com/?\`, false, false},
		{"not ASCII", "https://äpp.example.com/c", false, false},
		{"ideographic full stop", "https://app\u3002example.com/c", false, false},
		{"wildcard", "https://*.example.com/c", false, false},
	} {
		if _, got := checkURL(c.url, false); got != c.public {
			t.Errorf("%s: %q: %v", c.name, c.url, got)
		}
		if _, got := checkURL(c.url, true); got != c.loopback {
			t.Errorf("%s: %q with the switch: %v", c.name, c.url, got)
		}
	}
}
