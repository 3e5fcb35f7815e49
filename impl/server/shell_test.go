package server

import (
	"encoding/binary"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
)

// The guard alone, before any route: an Interaction behind it sees one
// spelling of a path too.
func TestPathGuard(t *testing.T) {
	proof.Of(t, "ATK-170")
	for path, want := range map[string]bool{
		"/": true, "/token": true, "/a/b-c_d~e/.well-known/x": true, "/a.b/..c/d..": true, "/%C3%A9": true, "/a%20b": true, "/a%22": true, "/a:b@c": true, "/...": true, "/a/": true,
		"": false, "token": false, "*": false, "//": false, "//a": false, "/a//b": false, "/.": false, "/..": false, "/./a": false, "/a/.": false, "/a/..": false, "/a/../b": false,
		"/%2e": false, "/%2E%2e/a": false, "/a%2fb": false, "/a%5cb": false, "/a%00": false, "/a%0a": false, "/a%7F": false, "/%61": false, "/%41": false, "/%31": false, "/a%2d": false, "/a%7e": false, "/a%3b": false, "/a%25": false,
		"/a;b": false, `/a\b`: false, "/a b": true, // a raw space arrives as an escape, like %20
	} {
		u := &url.URL{Path: path}
		if plain, err := url.PathUnescape(path); err == nil {
			u.Path, u.RawPath = plain, path
		}
		if got := guarded(&http.Request{URL: u}); got != want {
			t.Errorf("%q (%s): %v, want %v", path, u.EscapedPath(), got, want)
		}
	}
}

// What a flood of addresses makes a limit remember is bounded, and
// buckets that are empty are kept before those that say nothing.
func TestRateLimitMemory(t *testing.T) {
	proof.Of(t, "ATK-113")
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := newRateLimit(1)
	address := func(i uint32) netip.Addr {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], i)
		return netip.AddrFrom4(b)
	}
	for i := range uint32(maxBuckets) {
		l.allow(address(i), at)
	}
	at = at.Add(2 * time.Minute) // all are full again
	last := address(maxBuckets)
	if !l.allow(last, at) || len(l.buckets) != 1 {
		t.Errorf("%d buckets, want the new one alone", len(l.buckets))
	}
	if l.allow(last, at) || !l.exhausted(last, at) || l.exhausted(address(1), at) {
		t.Error("the bucket of the last address is not empty, or that of another is")
	}
	for i := range uint32(maxBuckets) + 100 {
		l.allow(address(i), at)
		if len(l.buckets) > maxBuckets {
			t.Fatalf("%d buckets", len(l.buckets))
		}
	}
	if off := newRateLimit(-1); !off.allow(last, at) || off.exhausted(last, at) || len(off.buckets) != 0 {
		t.Error("no limit is a limit")
	}
}
