package interact

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// Ten failures in a quarter of an hour, for unknown names too; over
// again after it; in another process and after a restart the same.
func TestGuessingIsBounded(t *testing.T) {
	proof.Of(t, "RFC6749-10.10-1", "RFC6749-10.10-4")
	proof.Of(t, "ATK-98")
	for _, name := range []string{aliceName, "nobody"} {
		t.Run(name, func(t *testing.T) {
			st, c := memory.New(), newClock()
			l := newAlice(t, st, c)
			for i := range accountAttempts {
				if _, err := l.Authenticate(t.Context(), name, wrongPassword); !errors.Is(err, ErrCredentials) {
					t.Fatalf("attempt %d: %v", i+1, err)
				}
			}
			restarted := NewLocalAccounts(st)
			restarted.now = c.now
			for _, l := range []*LocalAccounts{l, restarted} {
				// The right password changes nothing: otherwise guessing would go on.
				_, err := l.Authenticate(t.Context(), " "+name, alicePassword)
				if tooMany, ok := errors.AsType[*TooManyAttempts](err); !ok || tooMany.Wait != attemptWindow {
					t.Fatalf("attempt %d: %v, want TooManyAttempts", accountAttempts+1, err)
				}
			}
			c.advance(attemptWindow)
			_, err := l.Authenticate(t.Context(), name, alicePassword)
			if want := map[string]error{aliceName: nil, "nobody": ErrCredentials}[name]; !errors.Is(err, want) {
				t.Errorf("after the wait: %v, want %v", err, want)
			}
		})
	}
}

// Only failures add up: people who sign in often are not locked out, and a
// success between failures starts the count anew.
func TestSuccessStartsTheCountAnew(t *testing.T) {
	st, c := memory.New(), newClock()
	l := newAlice(t, st, c)
	for i := range 3 * accountAttempts {
		if _, err := l.Authenticate(t.Context(), aliceName, alicePassword); err != nil {
			t.Fatalf("sign-in %d: %v", i+1, err)
		}
	}
	for range accountAttempts - 1 {
		if _, err := l.Authenticate(t.Context(), aliceName, wrongPassword); !errors.Is(err, ErrCredentials) {
			t.Fatal(err)
		}
	}
	if id, err := l.Authenticate(t.Context(), aliceName, alicePassword); err != nil || !id.ValidSince.IsZero() {
		t.Fatalf("tenth attempt: %+v, %v; want success and no session void", id, err)
	}
	if _, err := l.Authenticate(t.Context(), aliceName, wrongPassword); !errors.Is(err, ErrCredentials) {
		t.Errorf("first failure after a success: %v", err)
	}
}

// ATK-98 with 32 racers over two processes: the count is taken before the
// password is looked at, so not more than ten are.
func TestGuessingRace(t *testing.T) {
	proof.Of(t, "ATK-98")
	st, c := memory.New(), newClock()
	processes := []*LocalAccounts{newAlice(t, st, c), NewLocalAccounts(st)}
	processes[1].now = c.now
	var refused, stopped atomic.Int64
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			<-start
			_, err := processes[i%2].Authenticate(t.Context(), aliceName, wrongPassword)
			if _, ok := errors.AsType[*TooManyAttempts](err); ok {
				stopped.Add(1)
			} else if errors.Is(err, ErrCredentials) {
				refused.Add(1)
			} else {
				t.Errorf("racer: %v", err)
			}
		})
	}
	close(start)
	all.Wait()
	if refused.Load() != accountAttempts || stopped.Load() != 32-accountAttempts {
		t.Errorf("%d passwords were compared and %d attempts stopped; want %d and %d", refused.Load(), stopped.Load(), accountAttempts, 32-accountAttempts)
	}
}

// countless is a store that cannot count.
type countless struct{ store.Store }

func (countless) Count(context.Context, string, string, time.Time, time.Time) (int, error) {
	return 0, store.ErrUnavailable
}

// Where attempts cannot be counted nobody signs in, with the right password
// either, and the fault is not the person's.
func TestGuessingGuardFailsClosed(t *testing.T) {
	proof.Of(t, "REL-35")
	st, c := memory.New(), newClock()
	l := newAlice(t, st, c)
	if _, err := l.Authenticate(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatalf("control: %v", err)
	}
	l.store = countless{st}
	for _, password := range []string{alicePassword, wrongPassword} {
		if id, err := l.Authenticate(t.Context(), aliceName, password); !errors.Is(err, store.ErrUnavailable) || id.Subject != "" {
			t.Errorf("%+v, %v", id, err)
		}
	}
}
