package interact

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// A clock that tests move.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanos.Store(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.nanos.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

// A callLog is a store that notes which methods of a login were called.
type callLog struct {
	store.Store
	mu    sync.Mutex
	calls []string
}

func (l *callLog) note(call string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, call)
}

func (l *callLog) AccountByName(ctx context.Context, name string) (store.Account, error) {
	l.note("AccountByName")
	return l.Store.AccountByName(ctx, name)
}

func (l *callLog) Count(ctx context.Context, scope, id string, at, until time.Time) (int, error) {
	l.note("Count")
	return l.Store.Count(ctx, scope, id, at, until)
}

func (l *callLog) ReplaceAccount(ctx context.Context, a store.Account) error {
	l.note("ReplaceAccount")
	return l.Store.ReplaceAccount(ctx, a)
}

const (
	aliceName     = "alice"
	alicePassword = "correct horse battery"
	wrongPassword = "incorrect horse battery"
)

func newAlice(t testing.TB, st store.Store, c *clock) *LocalAccounts {
	t.Helper()
	l := NewLocalAccounts(st)
	l.now = c.now
	if err := l.Add(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatal(err)
	}
	return l
}

func disable(t testing.TB, st store.Store, name string, at time.Time) {
	t.Helper()
	a, err := st.AccountByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	a.DisabledAt = at
	if err := st.ReplaceAccount(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

func TestAuthenticate(t *testing.T) {
	proof.Of(t, "GHSA-7rqj")
	st, c := memory.New(), newClock()
	l := newAlice(t, st, c)
	id, err := l.Authenticate(t.Context(), " alice\t", alicePassword)
	if err != nil {
		t.Fatalf("positive control: %v", err)
	}
	if !strings.HasPrefix(id.Subject, "u_") || id.Name != aliceName || !slices.Equal(id.Methods, []string{"pwd"}) || !id.ValidSince.IsZero() {
		t.Errorf("identity is %+v", id)
	}
	for _, row := range []struct {
		what, name, password string
		want                 error
	}{
		{"wrong password", aliceName, wrongPassword, ErrCredentials},
		{"empty password", aliceName, "", ErrCredentials},
		{"password with a space behind", aliceName, alicePassword + " ", ErrCredentials},
		{"password of another case", aliceName, strings.ToUpper(alicePassword), ErrCredentials},
		{"unknown name", "bob", alicePassword, ErrCredentials},
		{"name of another case", "Alice", alicePassword, ErrCredentials},
		{"full-width name, GHSA-7rqj", "ａlice", alicePassword, ErrCredentials},
		{"empty name", "", alicePassword, ErrCredentials},
		{"name that no store holds", "a\x00b\xff", alicePassword, ErrCredentials},
		{"password of 1025 bytes", aliceName, strings.Repeat("x", 1025), ErrPasswordTooLong},
		{"the same of an unknown name", "bob", strings.Repeat("x", 1025), ErrPasswordTooLong},
	} {
		if id, err := l.Authenticate(t.Context(), row.name, row.password); !errors.Is(err, row.want) || id.Subject != "" {
			t.Errorf("%s: %+v, %v; want %v", row.what, id, err, row.want)
		}
	}
}

// An unknown, a known and a disabled account are refused with the same
// error after the same calls of the store, and all three compare a hash. The
// time that takes is not measured here.
func TestAuthenticateDoesTheSameWorkForAll(t *testing.T) {
	proof.Of(t, "ATK-97")
	st, c := &callLog{Store: memory.New()}, newClock()
	l := newAlice(t, st, c)
	if err := l.Add(t.Context(), "gone", alicePassword); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Authenticate(t.Context(), "gone", alicePassword); err != nil {
		t.Fatalf("positive control: %v", err)
	}
	disable(t, st.Store, "gone", c.now())
	for _, row := range [][2]string{{"nobody", wrongPassword}, {aliceName, wrongPassword}, {"gone", wrongPassword}, {"gone", alicePassword}} {
		st.calls = nil
		// A hash that cannot be made shows that one was due.
		l.bench.seats <- struct{}{}
		for range cap(l.bench.seats) - 1 {
			l.bench.seats <- struct{}{}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := l.Authenticate(ctx, row[0], row[1]); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: answered %v without a hash", row[0], err)
		}
		cancel()
		for range cap(l.bench.seats) {
			<-l.bench.seats
		}
		st.calls = nil
		if _, err := l.Authenticate(t.Context(), row[0], row[1]); err != ErrCredentials {
			t.Errorf("%s: err = %v, want ErrCredentials itself", row[0], err)
		}
		if want := []string{"AccountByName", "Count"}; !slices.Equal(st.calls, want) {
			t.Errorf("%s: calls %v, want %v", row[0], st.calls, want)
		}
	}
}

func TestOutdatedHashIsRenewed(t *testing.T) {
	st, c := memory.New(), newClock()
	l := newAlice(t, st, c)
	account, err := st.AccountByName(t.Context(), aliceName)
	if err != nil {
		t.Fatal(err)
	}
	cheap := passwordHash{cost: argonParameters{64, 1, 1}, salt: []byte("saltsaltsaltsalt")}
	cheap.hash = derive(alicePassword, cheap.salt, cheap.cost, hashSize)
	account.PasswordHash = cheap.String()
	if err := st.ReplaceAccount(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	stored := func() string {
		a, err := st.AccountByName(t.Context(), aliceName)
		if err != nil {
			t.Fatal(err)
		}
		return a.PasswordHash
	}
	if _, err := l.Authenticate(t.Context(), aliceName, wrongPassword); !errors.Is(err, ErrCredentials) || stored() != cheap.String() {
		t.Fatalf("a wrong password gives %v and the hash %s", err, stored())
	}
	if _, err := l.Authenticate(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatal(err)
	}
	if h, err := parsePasswordHash(stored()); err != nil || h.cost != currentCost || !h.matches(alicePassword) {
		t.Errorf("the stored hash is %s (%v)", stored(), err)
	}
}

func TestSetPassword(t *testing.T) {
	st, c := memory.New(), newClock()
	l := newAlice(t, st, c)
	c.advance(time.Hour)
	if err := l.SetPassword(t.Context(), aliceName, "another good one"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Authenticate(t.Context(), aliceName, alicePassword); !errors.Is(err, ErrCredentials) {
		t.Errorf("the old password: %v", err)
	}
	id, err := l.Authenticate(t.Context(), aliceName, "another good one")
	if err != nil || !id.ValidSince.Equal(c.now()) {
		t.Errorf("the new password: %+v, %v; want sessions from before %s void", id, err, c.now())
	}
	if err := l.SetPassword(t.Context(), "nobody", "another good one"); !errors.Is(err, ErrNoAccount) {
		t.Errorf("of nobody: %v", err)
	}
}

func TestAdd(t *testing.T) {
	proof.Of(t, "ATK-37", "GHSA-7rqj")
	l := newAlice(t, memory.New(), newClock())
	for _, row := range []struct {
		what, name, password string
		ok                   bool
	}{
		{"plain", "bob", "long enough", true},
		{"mail address", "bob@example.com", "long enough", true},
		{"another script", "Ζωή Παππά", "long enough", true},
		{"password of 1024 bytes", "carol", strings.Repeat("x", 1024), true},
		{"password of 8 characters of 3 bytes", "dave", strings.Repeat("あ", 8), true},
		{"password of 1025 bytes", "erin", strings.Repeat("x", 1025), false},
		{"short password", "frank", "1234567", false},
		{"empty name", "  ", "long enough", false},
		{"long name", strings.Repeat("x", 256), "long enough", false},
		{"control character", "bo\x07b", "long enough", false},
		{"line break", "bo\nb", "long enough", false},
		{"direction override, ATK-37", "bo\u202eb", "long enough", false},
		{"zero width", "bo\u200bb", "long enough", false},
		{"full-width at sign, GHSA-7rqj", "bob＠example.com", "long enough", false},
		{"invalid UTF-8", "bo\xffb", "long enough", false},
	} {
		if err := l.Add(t.Context(), row.name, row.password); (err == nil) != row.ok {
			t.Errorf("%s: %v", row.what, err)
		}
	}
	if err := l.Add(t.Context(), " alice ", "long enough"); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a taken name: %v, want ErrConflict", err)
	}
}

// A name that is used again is another person.
func TestSubjectsAreNeverUsedAgain(t *testing.T) {
	proof.Of(t, "OIDC-CORE-5.7-1")
	proof.Of(t, "RFC7519-4.1.2-1")
	proof.Of(t, "CVE-2026-55670")
	st, c := memory.New(), newClock()
	l := newAlice(t, st, c)
	before, err := l.Authenticate(t.Context(), aliceName, alicePassword)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Account(t.Context(), before.Subject); err != nil {
		t.Fatalf("positive control: %v", err)
	}
	if err := st.DeleteAccount(t.Context(), before.Subject, c.now()); err != nil {
		t.Fatal(err)
	}
	if err := l.Add(t.Context(), aliceName, alicePassword); err != nil {
		t.Fatal(err)
	}
	after, err := l.Authenticate(t.Context(), aliceName, alicePassword)
	if err != nil || after.Subject == before.Subject {
		t.Errorf("subject %q again (%v)", after.Subject, err)
	}
	if _, err := l.Account(t.Context(), before.Subject); !errors.Is(err, ErrNoAccount) {
		t.Errorf("the deleted account: %v, want ErrNoAccount", err)
	}
}

// A storage failure is no wrong password, and never a right one.
func TestAuthenticateWithoutStore(t *testing.T) {
	st, c := memory.New(), newClock()
	l := newAlice(t, st, c)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if id, err := l.Authenticate(t.Context(), aliceName, alicePassword); !errors.Is(err, store.ErrUnavailable) || id.Subject != "" {
		t.Errorf("%+v, %v; want ErrUnavailable", id, err)
	}
	if _, err := l.Account(t.Context(), "u_x"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Account: %v, want ErrUnavailable", err)
	}
}

func ExampleAccountFuncs() {
	people := map[string]string{"ada": "u_1"}
	var accounts Accounts = AccountFuncs{
		AuthenticateFunc: func(_ context.Context, name, password string) (Identity, error) {
			if subject, ok := people[name]; ok && password == "engine" {
				return Identity{Subject: subject, Name: name}, nil
			}
			return Identity{}, ErrCredentials
		},
		AccountFunc: func(_ context.Context, subject string) (Identity, error) {
			return Identity{Subject: subject, Name: "ada"}, nil
		},
	}
	id, err := accounts.Authenticate(context.Background(), "ada", "engine")
	fmt.Println(id.Subject, err)
	_, err = accounts.Authenticate(context.Background(), "ada", "loom")
	fmt.Println(err)
	// Output:
	// u_1 <nil>
	// interact: wrong name or password
}
