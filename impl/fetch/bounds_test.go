package fetch

import (
	"strings"
	"testing"
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
