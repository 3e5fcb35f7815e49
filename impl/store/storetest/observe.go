package storetest

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Observe runs f with a testing.TB whose failures are noted instead of failing
// t, and returns whether there were any, and what was logged. With it a test
// shows that the kit catches a store with a planted bug:
//
//	failed, log := storetest.Observe(t, func(t testing.TB) { storetest.Races(t, planted) })
//
// Clean-ups, temporary directories and skips are those of t.
func Observe(t testing.TB, f func(testing.TB)) (failed bool, log string) {
	t.Helper()
	o := &observer{TB: t}
	done := make(chan struct{})
	go func() { // FailNow ends a goroutine, which must not be that of t
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				o.Errorf("panic: %v", p)
			}
		}()
		f(o)
	}()
	<-done
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.skipped {
		t.Skip(o.lines...)
	}
	return o.failed, fmt.Sprint(o.lines...)
}

// An observer is a testing.TB that keeps verdict and log to itself. Methods that
// it does not have are those of the test that observes.
type observer struct {
	testing.TB
	mu      sync.Mutex // guards everything below
	failed  bool
	skipped bool
	lines   []any
}

func (o *observer) note(failed, skipped bool, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed = o.failed || failed
	o.skipped = o.skipped || skipped
	o.lines = append(o.lines, strings.TrimSuffix(text, "\n")+"\n")
}

func (o *observer) Helper()                   {}
func (o *observer) Log(args ...any)           { o.note(false, false, fmt.Sprintln(args...)) }
func (o *observer) Logf(f string, a ...any)   { o.note(false, false, fmt.Sprintf(f, a...)) }
func (o *observer) Error(args ...any)         { o.note(true, false, fmt.Sprintln(args...)) }
func (o *observer) Errorf(f string, a ...any) { o.note(true, false, fmt.Sprintf(f, a...)) }
func (o *observer) Fail()                     { o.note(true, false, "failed") }

func (o *observer) FailNow() {
	o.Fail()
	runtime.Goexit()
}

func (o *observer) Fatal(args ...any) {
	o.Error(args...)
	runtime.Goexit()
}

func (o *observer) Fatalf(f string, a ...any) {
	o.Errorf(f, a...)
	runtime.Goexit()
}

func (o *observer) Skip(args ...any) {
	o.note(false, true, fmt.Sprintln(args...))
	runtime.Goexit()
}

func (o *observer) Skipf(f string, a ...any) { o.Skip(fmt.Sprintf(f, a...)) }
func (o *observer) SkipNow()                 { o.Skip("skipped") }

func (o *observer) Failed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

func (o *observer) Skipped() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.skipped
}
