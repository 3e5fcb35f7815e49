package faults

import (
	"context"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/pgtest"
)

// A wired is a fleet whose database is at the end of a wire that can be cut.
type wired struct {
	*fleet.Fleet
	database database
	wire     *fleet.Relay
	via      http.RoundTripper
	client   *fleet.Client
}

func newWired(t *testing.T, processes int) *wired { return newWiredTo(t, pgtest.Start(t), processes) }

func newWiredTo(t *testing.T, db database, processes int) *wired {
	t.Helper()
	w := &wired{database: db}
	w.wire = fleet.NewRelay(t, func() []string { return []string{w.database.Addr()} })
	w.Fleet = fleet.Start(t, fleet.Options{Store: w.database.URL(w.wire.Addr), Processes: processes})
	w.client = w.Confidential()
	w.via = w.Via(w.Processes[0])
	return w
}

// tokens runs a code flow.
func (w *wired) tokens(t *testing.T) fleet.Answer {
	t.Helper()
	browser, err := w.Browser(0, w.via)
	if err != nil {
		t.Fatal(err)
	}
	code, err := browser.Code(w.client)
	if err != nil {
		t.Fatal(err)
	}
	return w.client.Redeem(context.Background(), w.via, code).Must(t, "code")
}

// unavailable sees that every endpoint that needs the store says so, soon, and
// blames nobody.
func (w *wired) unavailable(t *testing.T, a fleet.Answer, within time.Duration) {
	t.Helper()
	ctx := context.Background()
	var asked sync.WaitGroup
	for name, request := range map[string]func() fleet.Answer{
		"client credentials": func() fleet.Answer { return w.client.Own(ctx, w.via) },
		"refresh":            func() fleet.Answer { return w.client.Renew(ctx, w.via, a.Refresh) },
		"introspection":      func() fleet.Answer { return w.client.Introspect(ctx, w.via, a.Access) },
		"revocation":         func() fleet.Answer { return w.client.Revoke(ctx, w.via, a.Access) },
	} {
		asked.Go(func() {
			begin := time.Now()
			got := request()
			if got.Status != http.StatusServiceUnavailable || got.Outcome != fleet.Unknown {
				t.Errorf("%s: %v", name, got)
			}
			if took := time.Since(begin); took > within {
				t.Errorf("%s was answered after %v", name, took.Round(time.Millisecond))
			}
			for _, inside := range []string{"postgres", "mysql", "redis", "Error 1", "READONLY", "127.0.0.1:"} {
				if strings.Contains(string(got.Body), inside) {
					t.Errorf("%s tells what is inside: %s", name, got.Body)
				}
			}
		})
	}
	asked.Wait()
	addr := w.Processes[0].Addr
	if fleet.Ready(addr) || !alive(addr) {
		t.Errorf("ready %v, alive %v", fleet.Ready(addr), alive(addr))
	}
}

// alive asks the liveness probe, which needs no store.
func alive(addr string) bool {
	res, err := http.Get("http://" + addr + "/healthz")
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// recovers sees that the process serves again, by itself.
func (w *wired) recovers(t *testing.T, a fleet.Answer) fleet.Answer {
	t.Helper()
	begin := time.Now()
	for !fleet.Ready(w.Processes[0].Addr) {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("the process does not become ready again")
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("ready again after %v", time.Since(begin).Round(time.Millisecond))
	ctx := context.Background()
	if !w.client.Introspect(ctx, w.via, a.Access).Must(t, "introspection").Active {
		t.Error("an acknowledged token is lost")
	}
	return w.client.Renew(ctx, w.via, a.Refresh).Must(t, "refresh")
}

// REL-13: without its database the server lives, is not ready, answers 503 at
// once, and serves again when the database is back.
func TestDatabaseDown(t *testing.T) {
	w := newWired(t, 1)
	a := w.tokens(t)
	w.wire.Down()
	w.unavailable(t, a, 2*time.Second)
	w.wire.Up()
	a = w.recovers(t, a)

	w.database.Crash()
	w.unavailable(t, a, 2*time.Second)
	w.database.Restart()
	w.recovers(t, a)
}

// A server that cannot reach its database does not start, and does not tell the
// password.
func TestDatabaseDownAtStart(t *testing.T) {
	source := "postgres://charter:hunter2@" + fleet.FreeAddr(t) + "/charter"
	out, err := exec.Command(fleet.Binary(t), "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--store", source).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the database does not answer") || strings.Contains(string(out), "hunter2") {
		t.Errorf("%v: %s", err, out)
	}
}

// REL-14: a database that says nothing holds no request for long, and no more than
// those that wait for it.
func TestDatabaseStalls(t *testing.T) {
	w := newWired(t, 1)
	a := w.tokens(t)
	w.wire.Stall()
	begin := time.Now()
	var waiting sync.WaitGroup
	answers := make([]fleet.Answer, 40) // more than there are connections
	for i := range answers {
		waiting.Go(func() { answers[i] = w.client.Introspect(context.Background(), w.via, a.Access) })
	}
	waiting.Wait()
	for _, got := range answers {
		if got.Status != http.StatusServiceUnavailable {
			t.Errorf("%v", got)
		}
	}
	t.Logf("all are answered after %v", time.Since(begin).Round(time.Millisecond))
	w.unavailable(t, a, 9*time.Second)
	w.wire.Up()
	w.recovers(t, a)
}

// A database that is far away makes answers slow, not wrong.
func TestDatabaseSlow(t *testing.T) {
	w := newWired(t, 1)
	w.wire.Delay(25 * time.Millisecond) // each way
	a := w.tokens(t)
	for range 5 {
		a = w.client.Renew(context.Background(), w.via, a.Refresh).Must(t, "refresh")
	}
}

// A database that became read-only, as one that was demoted: reads go on, writes
// are 503, the process says that it is not ready.
func TestDatabaseReadOnly(t *testing.T) {
	w := newWired(t, 1)
	a := w.tokens(t)
	engines[0].readOnly(t, w.database, true)
	w.wire.Cut()
	w.readsOnly(t, a)
	engines[0].readOnly(t, w.database, false)
	w.wire.Cut()
	w.recovers(t, a)
}

// until asks until the answer is yes, a second at most.
func until(ask func() bool) bool {
	for range 100 {
		if ask() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// REL-15: 500 clients at a time on 16 connections: no request needs a second
// connection while it holds one, so all are served.
func TestPoolExhaustion(t *testing.T) {
	w := newWired(t, 1)
	a := w.tokens(t)
	ctx := context.Background()
	begin := time.Now()
	answers := race(500, func() fleet.Answer { return w.client.Own(ctx, w.via) })
	for _, got := range answers {
		if got.Outcome != fleet.OK && got.Outcome != fleet.Unknown {
			t.Fatalf("%v", got)
		}
	}
	t.Logf("500 requests took %v", time.Since(begin).Round(time.Millisecond))
	if n := w.database.(*pgtest.Cluster).Connections(); n > 17 {
		t.Errorf("%d connections", n)
	}
	w.recovers(t, a)
}
