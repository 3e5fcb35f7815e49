package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/pgtest"
)

// highWater is the most memory that a process has had, in MiB (proc_pid_status(5)).
func highWater(t *testing.T, p *fleet.Process) int {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			kib, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			return kib / 1024
		}
	}
	t.Fatal("the system does not tell")
	return 0
}

// REL-22: whatever strangers do at once, with everything that costs memory as
// large as it may be, the process needs less than 256 MiB. It turns some away, and
// serves others meanwhile.
func TestHostileMemory(t *testing.T) {
	f := fleet.Start(t, fleet.Options{})
	f.AddPeople(8)
	c, calm := f.Confidential(), highWater(t, f.Processes[0])
	ctx, stop := context.WithTimeout(context.Background(), long(t, 5*time.Second))
	defer stop()
	var did [4]atomic.Int64
	var work sync.WaitGroup
	for i := range 8 { // people who sign in all at once, each of which costs a hash
		work.Go(func() {
			for n := i; ctx.Err() == nil; n += 8 {
				if browser, err := f.Browser(n, f.Via(f.Processes[0])); err == nil {
					browser.Code(c)
					did[0].Add(1)
				}
			}
		})
	}
	for range 8 { // bodies that do not end, of every form and document
		work.Go(func() { flood(ctx, f, &did[1]) })
	}
	for range 100 { // headers that do not end
		work.Go(func() { dripHeader(ctx, f.Processes[0].Addr, &did[2]) })
	}
	served, shed := 0, 0
	for via := f.Via(f.Processes[0]); ctx.Err() == nil; {
		switch a := c.Own(context.Background(), via); a.Outcome {
		case fleet.OK:
			served++
		case fleet.Unknown:
			shed++
		default:
			t.Fatalf("beside all that: %v", a)
		}
	}
	work.Wait()
	most := highWater(t, f.Processes[0])
	t.Logf("%d sign-ins, %d floods, %d dripping headers; %d requests were served and %d shed meanwhile; %d MiB, and %d before",
		did[0].Load(), did[1].Load(), did[2].Load(), served, shed, most, calm)
	if most > 256 {
		t.Errorf("the process had %d MiB", most)
	}
	if served == 0 || did[0].Load() == 0 || did[1].Load() == 0 || did[2].Load() == 0 {
		t.Error("something of it did not happen")
	}
}

// flood sends 8 MiB to an endpoint, or as much as it takes.
func flood(ctx context.Context, f *fleet.Fleet, did *atomic.Int64) {
	paths := []string{"/token", "/par", "/register", "/introspect", "/authorize", "/login"}
	for ctx.Err() == nil {
		kind := []string{"application/x-www-form-urlencoded", "application/json"}[rand.IntN(2)]
		body := strings.NewReader(strings.Repeat("a=b&", 2<<20))
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.Issuer+paths[rand.IntN(len(paths))], body)
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", kind)
		if res, err := f.Via(f.Processes[0]).RoundTrip(r); err == nil {
			res.Body.Close()
		}
		did.Add(1)
	}
}

// dripHeader sends a header as large as one may be, slowly.
func dripHeader(ctx context.Context, addr string, did *atomic.Int64) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer conn.Close()
	did.Add(1)
	fmt.Fprint(conn, "GET /authorize HTTP/1.1\r\nHost: x\r\n")
	for ctx.Err() == nil {
		if _, err := fmt.Fprintf(conn, "X-%d: %s\r\n", rand.Int(), strings.Repeat("x", 1000)); err != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// REL-23: processes that get a fifth of a processor, and some that stand still for
// seconds, with whatever they held. Whatever was acknowledged holds.
func TestStarved(t *testing.T) {
	db := pgtest.Start(t)
	f := fleet.Start(t, fleet.Options{Store: db.URL(""), Processes: 3})
	c, l := f.Confidential(), &ledger{}
	browsers := signIn(t, f, c, 6)
	d := long(t, 4*time.Second)
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Minute+d)
	defer stop()
	end, stopped := time.Now().Add(d), 0
	var work sync.WaitGroup
	work.Go(func() { l.load(ctx, f, c, browsers) })
	for ctx.Err() == nil && (time.Now().Before(end) || !l.enough()) {
		p := f.Processes[rand.IntN(len(f.Processes))]
		for range 10 { // a fifth of a processor, for a second
			p.Signal(syscall.SIGSTOP)
			time.Sleep(80 * time.Millisecond)
			p.Signal(syscall.SIGCONT)
			time.Sleep(20 * time.Millisecond)
		}
		p.Signal(syscall.SIGSTOP)
		time.Sleep(time.Duration(500+rand.IntN(2000)) * time.Millisecond)
		p.Signal(syscall.SIGCONT)
		stopped++
	}
	stop()
	work.Wait()
	t.Logf("processes stood still %d times", stopped)
	l.audit(t, f.Via(nil), c)
}

// REL-23: a process that stood still while a code expired does not take it for
// good when it goes on, nor does a request that was under way.
func TestExpiredWhileStopped(t *testing.T) {
	if os.Getenv("CHARTER_TEST_LONG") == "" {
		t.Skip("CHARTER_TEST_LONG is not set: a code is good for a minute")
	}
	f := fleet.Start(t, fleet.Options{})
	c, p, via := f.Confidential(), f.Processes[0], f.Via(f.Processes[0])
	browser, err := f.Browser(0, via)
	if err != nil {
		t.Fatal(err)
	}
	var codes [2]string
	for i := range codes {
		if codes[i], err = browser.Code(c); err != nil {
			t.Fatal(err)
		}
	}
	p.Signal(syscall.SIGSTOP)
	sent := make(chan fleet.Answer, 1)
	go func() {
		patient := f.Via(p)
		patient.ResponseHeaderTimeout = 2 * time.Minute
		sent <- c.Redeem(context.Background(), patient, codes[0])
	}()
	time.Sleep(65 * time.Second)
	p.Signal(syscall.SIGCONT)
	var problems []error
	for what, a := range map[string]fleet.Answer{"sent while it stood still": <-sent, "sent afterwards": c.Redeem(context.Background(), via, codes[1])} {
		if a.Outcome == fleet.OK {
			problems = append(problems, fmt.Errorf("%s: an expired code is good: %v", what, a))
		}
	}
	if err := errors.Join(problems...); err != nil {
		t.Error(err)
	}
	code, err := browser.Code(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Redeem(context.Background(), via, code).Must(t, "a fresh code")
}
