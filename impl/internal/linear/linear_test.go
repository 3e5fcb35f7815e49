package linear

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(fleet.Main(m)) }

func newSystem(t *testing.T, binary string) *system {
	t.Helper()
	s := &system{database: pgtest.Start(t), broken: make(map[string]int), use: lively}
	s.wire = fleet.NewRelay(t, func() []string { return []string{s.database.Addr()} })
	s.fleet = fleet.Start(t, fleet.Options{Binary: binary, Store: s.database.URL(s.wire.Addr), Processes: 3})
	return s
}

// A finding is what the check of a system has seen.
type finding struct {
	histories, requests, unknown, undecided atomic.Int64
	whole                                   atomic.Int64 // histories of at least 200 requests

	mu    sync.Mutex
	first string // the first violation; guarded by mu
}

// check uses grants until the time is up or a violation is found.
func (s *system) check(t *testing.T, d time.Duration) *finding {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), d)
	defer stop()
	f := &finding{}
	c := s.fleet.Confidential()
	var faults, work sync.WaitGroup
	faults.Go(func() { s.breakThings(ctx) })
	for i := range sessions {
		work.Go(func() {
			var ways []http.RoundTripper
			for _, p := range s.fleet.Processes {
				ways = append(ways, s.fleet.Via(p))
			}
			for ctx.Err() == nil {
				code, err := s.code(ctx, i, c)
				if err != nil {
					continue // a fault; the next may have none
				}
				one := &session{client: c, ways: ways, code: code, start: time.Now(), use: s.use}
				if f.judge(one.run(context.Background()), one.wrong) {
					stop()
				}
			}
		})
	}
	work.Wait()
	stop()
	faults.Wait()
	return f
}

// code lets somebody allow what the client asks for.
func (s *system) code(ctx context.Context, i int, c *fleet.Client) (string, error) {
	if s.browsers[i] == nil {
		b, err := s.fleet.Browser(i, s.fleet.Via(nil))
		if err != nil {
			return "", err
		}
		s.browsers[i] = b
	}
	code, err := s.browsers[i].Code(c)
	if err != nil {
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	return code, err
}

// judge checks one history, and reports whether it is a violation.
func (f *finding) judge(history []porcupine.Operation, wrong []fleet.Answer) bool {
	f.histories.Add(1)
	f.requests.Add(int64(len(history)))
	if len(history) >= 200 {
		f.whole.Add(1)
	}
	for _, o := range history {
		if o.Output.(output).outcome == fleet.Unknown {
			f.unknown.Add(1)
		}
	}
	if len(wrong) > 0 {
		f.violation(fmt.Sprintf("no fault explains: %v", wrong[0]))
		return true
	}
	m := model.ToModel()
	result, info := porcupine.CheckOperationsVerbose(m, history, 10*time.Second)
	switch result {
	case porcupine.Unknown:
		f.undecided.Add(1)
	case porcupine.Illegal:
		var text strings.Builder
		for _, o := range history {
			fmt.Fprintf(&text, "client %d, %d to %d µs: %s\n", o.ClientId, o.Call/1000, o.Return/1000, describe(o.Input.(input), o.Output.(output)))
		}
		if dir := os.Getenv("CHARTER_TEST_ARTIFACTS"); dir != "" {
			porcupine.VisualizePath(m, info, filepath.Join(dir, "history.html"))
		}
		f.violation("no order of these explains all answers:\n" + text.String())
		return true
	}
	return false
}

func (f *finding) violation(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == "" {
		f.first = what
	}
}

// REL-1, REL-20: what three processes answer under faults, one that does one thing
// at a time could have answered.
func TestLinearizable(t *testing.T) {
	d := 8 * time.Second
	if value := os.Getenv("CHARTER_TEST_LONG"); value != "" {
		var err error
		if d, err = time.ParseDuration(value); err != nil {
			t.Fatal(err)
		}
	}
	s := newSystem(t, "")
	if d >= time.Minute {
		s.use = lasting
	}
	begin := time.Now()
	f := s.check(t, d)
	if f.first != "" {
		t.Error(f.first)
	}
	rate := float64(f.requests.Load()) / time.Since(begin).Seconds()
	t.Logf("%d histories (%d of 200 requests or more) of %d requests, %.0f a second, %d without an answer, %d undecided; faults %v",
		f.histories.Load(), f.whole.Load(), f.requests.Load(), rate, f.unknown.Load(), f.undecided.Load(), s.broken)
	if f.histories.Load() < 10 || f.undecided.Load()*50 > f.histories.Load() {
		t.Error("too little was checked")
	}
}
