package fetch

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
)

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

func TestFreshFor(t *testing.T) {
	now := newClock().now()
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	type h map[string]string
	for _, c := range []struct {
		name    string
		headers h
		want    time.Duration
	}{
		{"nothing said", nil, 5 * time.Minute},
		{"max-age", h{"Cache-Control": "max-age=600"}, 10 * time.Minute},
		{"among others", h{"Cache-Control": "public, Max-Age = 600 ,must-revalidate"}, 10 * time.Minute},
		{"quoted", h{"Cache-Control": `max-age="600"`}, 10 * time.Minute},
		{"clamped", h{"Cache-Control": "max-age=31536000"}, 24 * time.Hour},
		{"raised", h{"Cache-Control": "max-age=1"}, time.Minute},
		{"zero", h{"Cache-Control": "max-age=0"}, 0},
		{"no-store", h{"Cache-Control": "max-age=600, no-store"}, 0},
		{"no-cache", h{"Cache-Control": "no-cache"}, 0},
		{"two ages", h{"Cache-Control": "max-age=600, max-age=300"}, 5 * time.Minute},
		{"malformed", h{"Cache-Control": "max-age=x"}, 0},
		{"negative", h{"Cache-Control": "max-age=-1"}, 0},
		{"overflow", h{"Cache-Control": "max-age=99999999999999999999"}, 0},
		{"s-maxage is for shared caches", h{"Cache-Control": "s-maxage=600"}, 5 * time.Minute},
		{"age is taken off", h{"Cache-Control": "max-age=600", "Age": "300"}, 5 * time.Minute},
		{"too old", h{"Cache-Control": "max-age=600", "Age": "600"}, 0},
		{"expires", h{"Expires": date(10 * time.Minute)}, 10 * time.Minute},
		{"expires by their clock", h{"Expires": date(10 * time.Minute), "Date": date(-10 * time.Minute)}, 20 * time.Minute},
		{"expired", h{"Expires": date(-time.Second)}, 0},
		{"expires 0", h{"Expires": "0"}, 0},
		{"max-age wins", h{"Expires": "0", "Cache-Control": "max-age=600"}, 10 * time.Minute},
	} {
		header := http.Header{}
		for name, v := range c.headers {
			header.Set(name, v)
		}
		if got := freshFor(header, now); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// counting serves what its fields say, and a new body for every request.
func counting(t *testing.T, status *atomic.Int64, cacheControl string) (*origin, *Client, *clock) {
	t.Helper()
	var n atomic.Int64
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", cacheControl)
		w.WriteHeader(int(status.Load()))
		fmt.Fprintf(w, `{"n":%d}`, n.Add(1))
	})
	k := newClock()
	conf := o.config()
	conf.Now = k.now
	return o, New(conf), k
}

// TestCache is ATK-128: by exact URL, for as long as it says, never a failure.
func TestCache(t *testing.T) {
	proof.Of(t, "ATK-128")
	var status atomic.Int64
	status.Store(200)
	o, c, k := counting(t, &status, "max-age=600")
	steps := []struct {
		name     string
		advance  time.Duration
		status   int64
		path     string
		reason   string // "" is a document
		requests int64  // in all
	}{
		{"first", 0, 200, "/a", "", 1},
		{"kept", 599 * time.Second, 200, "/a", "", 1},
		{"another URL", 0, 200, "/a?", "", 2},
		{"expired", time.Second, 200, "/a", "", 3},
		{"fails", 600 * time.Second, 500, "/a", "status", 4},
		{"held back", 4 * time.Second, 200, "/a", "backoff", 4},
		{"another URL is not", 0, 200, "/b", "", 5},
		{"works again", time.Second, 200, "/a", "", 6},
		{"kept again", 0, 500, "/a", "", 6},
	}
	for _, s := range steps {
		k.advance(s.advance)
		status.Store(s.status)
		_, err := c.Get(t.Context(), o.URL+s.path)
		if s.reason == "" && err != nil {
			t.Errorf("%s: %+v", s.name, err)
		} else if s.reason != "" {
			reason(t, s.name, err, s.reason)
		}
		if n := o.requests.Load(); n != s.requests {
			t.Errorf("%s: %d requests, want %d", s.name, n, s.requests)
		}
	}
}

func TestNotKept(t *testing.T) {
	var status atomic.Int64
	status.Store(200)
	o, c, k := counting(t, &status, "no-store")
	for i := range int64(3) {
		k.advance(time.Second)
		if doc, err := c.Get(t.Context(), o.URL); err != nil || doc.ExpiresAt.After(doc.FetchedAt) || o.requests.Load() != i+1 {
			t.Errorf("%+v, %v, %d requests", doc, err, o.requests.Load())
		}
	}
}

func TestReject(t *testing.T) {
	var status atomic.Int64
	status.Store(200)
	o, c, k := counting(t, &status, "max-age=600")
	if _, err := c.Get(t.Context(), o.URL); err != nil {
		t.Fatal(err)
	}
	c.Reject(o.URL)
	_, err := c.Get(t.Context(), o.URL)
	reason(t, "just rejected", err, "backoff")
	k.advance(backOffFor)
	if doc, err := c.Get(t.Context(), o.URL); err != nil || string(doc.Body) != `{"n":2}` {
		t.Errorf("%s, %v", doc.Body, err)
	}
}

func TestCacheBound(t *testing.T) {
	c, now := newCache(), newClock().now()
	doc := Document{FetchedAt: now, ExpiresAt: now.Add(time.Hour)}
	for i := range maxKept + 10 {
		c.put(fmt.Sprint(i), doc)
		c.get("0", now) // stays the most recently used
	}
	if len(c.byURL) != maxKept || c.order.Len() != maxKept {
		t.Errorf("%d, %d entries", len(c.byURL), c.order.Len())
	}
	for url, want := range map[string]bool{"0": true, "1": false, fmt.Sprint(maxKept + 9): true} {
		if _, got := c.get(url, now); got != want {
			t.Errorf("%s kept: %v", url, got)
		}
	}
	if _, kept := c.get("0", now.Add(-48*time.Hour)); kept {
		t.Error("a clock that was set back keeps documents")
	}
}

// TestBudget is ATK-126 with many URLs of one host, then of many hosts.
func TestBudget(t *testing.T) {
	proof.Of(t, "ATK-126")
	k := newClock()
	b := newBudget(forDocuments)
	tries := func(n int, hostOf func(int) string) (granted int) {
		for i := range n {
			release, err := b.take(target{url: fmt.Sprint("https://", hostOf(i), "/", i), host: hostOf(i)}, k.now())
			if err == nil {
				granted++
				release()
			} else {
				reason(t, "over budget", err, "budget")
			}
		}
		return granted
	}
	one := func(int) string { return "a.example" }
	if n := tries(100, one); n != forDocuments.perHostBurst {
		t.Errorf("%d of one host at once", n)
	}
	for range 10 {
		k.advance(time.Second)
		if n := tries(100, one); n != 1 {
			t.Errorf("%d of one host in a second", n)
		}
	}
	k.advance(time.Minute)
	if n := tries(10_000, func(i int) string { return fmt.Sprint(i, ".example") }); n != forDocuments.overallBurst {
		t.Errorf("%d of many hosts at once", n)
	}
	if len(b.hosts) > maxTracked {
		t.Errorf("%d hosts tracked", len(b.hosts))
	}
	for i := range maxTracked + 100 {
		b.backOff(fmt.Sprint(i), k.now())
	}
	if len(b.failed) > maxTracked {
		t.Errorf("%d failures tracked", len(b.failed))
	}
	k.advance(backOffFor)
	b.backOff("new", k.now())
	if len(b.failed) != 1 {
		t.Errorf("%d failures tracked after their time", len(b.failed))
	}
}

func TestConcurrency(t *testing.T) {
	k := newClock()
	b := newBudget(forDocuments)
	var releases []func()
	for i := range forDocuments.atOnce + 5 {
		host := fmt.Sprint(i/2, ".example")
		release, err := b.take(target{url: fmt.Sprint(i), host: host}, k.now())
		if (err == nil) != (i < forDocuments.atOnce) {
			t.Errorf("request %d: %v", i, err)
		}
		if err == nil {
			releases = append(releases, release)
		}
	}
	releases[0]()
	_, err := b.take(target{url: "x", host: "1.example"}, k.now())
	reason(t, "a third for one host", err, "budget")
	if _, err := b.take(target{url: "x", host: "0.example"}, k.now()); err != nil {
		t.Errorf("a place that was given back: %v", err)
	}
}
