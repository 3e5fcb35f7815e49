package faults

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
)

// A ledger is what clients were told, to be held against the server afterwards.
type ledger struct {
	mu       sync.Mutex
	active   []string // access tokens that were given out; guarded by mu, as all
	ended    []string // tokens of grants whose revocation was acknowledged
	spent    []string // codes that were redeemed
	rotated  []string // refresh tokens whose successor was used
	answered int
	unknown  int
	wrong    []fleet.Answer
}

func (l *ledger) note(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// saw counts an answer and reports whether it is what was asked for.
func (l *ledger) saw(a fleet.Answer) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch a.Outcome {
	case fleet.OK:
		l.answered++
	case fleet.Unknown:
		l.unknown++
	default:
		l.wrong = append(l.wrong, a)
	}
	return a.Outcome == fleet.OK
}

// life is one grant from its code on, used as an honest client does: what was not
// answered is asked again, but for a code, which is good once.
func (l *ledger) life(ctx context.Context, via http.RoundTripper, c *fleet.Client, code string, revokes bool) {
	a := c.Redeem(ctx, via, code)
	if !l.saw(a) {
		return
	}
	l.note(func() { l.spent = append(l.spent, code) })
	tokens := []string{a.Access}
	for i := range 4 {
		next := l.until(func() fleet.Answer { return c.Renew(ctx, via, a.Refresh) })
		if next.Outcome != fleet.OK {
			return
		}
		tokens = append(tokens, next.Access)
		if i > 0 { // the token before is a retry, as long as this one is unused
			l.note(func() { l.rotated = append(l.rotated, a.Refresh) })
		}
		a = next
	}
	if revokes {
		if l.until(func() fleet.Answer { return c.Revoke(ctx, via, a.Refresh) }).Outcome == fleet.OK {
			l.note(func() { l.ended = append(l.ended, tokens...) })
		}
		return
	}
	l.note(func() { l.active = append(l.active, tokens...) })
}

// until repeats a request that may be repeated until it is answered.
func (l *ledger) until(request func() fleet.Answer) fleet.Answer {
	for range 200 {
		a := request()
		l.saw(a)
		if a.Outcome != fleet.Unknown {
			return a
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fleet.Answer{Outcome: fleet.Unknown}
}

// audit asks the server about everything that it has acknowledged. It ends the
// grants, since it presents what is spent.
func (l *ledger) audit(t *testing.T, via http.RoundTripper, c *fleet.Client) {
	t.Helper()
	ctx := context.Background()
	for _, a := range l.wrong {
		t.Errorf("no fault explains: %v", a)
	}
	lost, alive, again := 0, 0, 0
	for _, token := range l.active {
		if !c.Introspect(ctx, via, token).Must(t, "introspection").Active {
			lost++
		}
	}
	for _, token := range l.ended {
		if c.Introspect(ctx, via, token).Must(t, "introspection").Active {
			alive++
		}
	}
	for _, code := range l.spent {
		if c.Redeem(ctx, via, code).Outcome != fleet.Refused {
			again++
		}
	}
	for _, token := range l.rotated {
		if c.Renew(ctx, via, token).Outcome != fleet.Refused {
			again++
		}
	}
	if lost+alive+again > 0 {
		t.Errorf("of %d acknowledged tokens %d are lost; of %d revoked ones %d live; of %d spent codes and refresh tokens %d are good",
			len(l.active), lost, len(l.ended), alive, len(l.spent)+len(l.rotated), again)
	}
	if !l.enough() {
		t.Errorf("too little was acknowledged: %d tokens, %d revoked, %d codes", len(l.active), len(l.ended), len(l.spent))
	}
	t.Logf("%d requests answered, %d not; %d tokens, %d revoked tokens, %d codes and %d rotated tokens are as acknowledged",
		l.answered, l.unknown, len(l.active), len(l.ended), len(l.spent), len(l.rotated))
}

// enough reports whether the ledger says enough for an audit to mean something.
func (l *ledger) enough() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.active) >= 20 && len(l.ended) >= 5 && len(l.spent) >= 10
}

// signIn returns browsers of people who have signed in: a sign-in is refused after
// a few that were cut off, so it comes before the faults.
func signIn(t *testing.T, f *fleet.Fleet, c *fleet.Client, n int) []*fleet.Browser {
	t.Helper()
	var browsers []*fleet.Browser
	for i := range n {
		browser, err := f.Browser(i, f.Via(nil))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := browser.Code(c); err != nil {
			t.Fatal(err)
		}
		browsers = append(browsers, browser)
	}
	return browsers
}

// load uses grants from all browsers at a time until ctx ends.
func (l *ledger) load(ctx context.Context, f *fleet.Fleet, c *fleet.Client, browsers []*fleet.Browser) {
	var work sync.WaitGroup
	for _, browser := range browsers {
		work.Go(func() {
			via := f.Via(nil)
			for n := 0; ctx.Err() == nil; n++ {
				code, err := browser.Code(c)
				if err != nil {
					time.Sleep(20 * time.Millisecond) // a fault; the next may have none
					continue
				}
				l.life(context.Background(), via, c, code, n%3 == 0)
			}
		})
	}
	work.Wait()
}
