package interact

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
)

func TestPasswordHash(t *testing.T) {
	h := newPasswordHash("correct horse")
	if !strings.HasPrefix(h.String(), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash is %q, want OWASP's parameters", h)
	}
	again, err := parsePasswordHash(h.String())
	if err != nil {
		t.Fatal(err)
	}
	if !again.matches("correct horse") {
		t.Error("the password does not match its hash")
	}
	if again.outdated() {
		t.Error("a new hash is outdated")
	}
	for _, wrong := range []string{"", "correct hors", "correct horse ", "Correct horse", "correct horse\x00", "correct\u00a0horse"} {
		if again.matches(wrong) {
			t.Errorf("%q matches", wrong)
		}
	}
	if other := newPasswordHash("correct horse"); other.String() == h.String() {
		t.Error("two hashes of one password are equal: there is no salt")
	}
}

// A stored hash of other parameters still opens, and is outdated.
func TestPasswordHashOfOtherCost(t *testing.T) {
	cheap := passwordHash{cost: argonParameters{64, 1, 1}, salt: []byte("saltsaltsaltsalt")}
	cheap.hash = derive("secret words", cheap.salt, cheap.cost, hashSize)
	h, err := parsePasswordHash(cheap.String())
	if err != nil {
		t.Fatal(err)
	}
	if !h.matches("secret words") || !h.outdated() {
		t.Errorf("matches %v, outdated %v; want both", h.matches("secret words"), h.outdated())
	}
}

// Passwords are their bytes: normalising would make several of them equal.
func TestPasswordsAreNotNormalised(t *testing.T) {
	const composed, decomposed, wide = "caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301", "ｃaf\u00e9 caf\u00e9"
	h := newPasswordHash(composed)
	if !h.matches(composed) || h.matches(decomposed) || h.matches(wide) {
		t.Error("a password with another normal form matches, or the same does not")
	}
}

// Nothing behind a limit is ignored.
func TestLongPasswordsAreNotCut(t *testing.T) {
	proof.Of(t, "OKTA-2024")
	long := strings.Repeat("x", maxPassword)
	h := newPasswordHash(long)
	if !h.matches(long) || h.matches(long[:maxPassword-1]) || h.matches(long+"y") {
		t.Error("the length of a password does not count")
	}
}

func TestParsePasswordHashRefuses(t *testing.T) {
	good := newPasswordHash("correct horse").String()
	if _, err := parsePasswordHash(good); err != nil {
		t.Fatalf("positive control: %v", err)
	}
	for name, bad := range map[string]string{
		"empty":           "",
		"plain text":      "correct horse",
		"argon2i":         strings.Replace(good, "argon2id", "argon2i", 1),
		"version":         strings.Replace(good, "v=19", "v=16", 1),
		"bcrypt":          "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"memory bomb":     strings.Replace(good, "m=19456", "m=4194304", 1),
		"pass bomb":       strings.Replace(good, "t=2", "t=1000", 1),
		"no memory":       strings.Replace(good, "m=19456", "m=0", 1),
		"no passes":       strings.Replace(good, "t=2", "t=0", 1),
		"no threads":      strings.Replace(good, "p=1", "p=0", 1),
		"leading zero":    strings.Replace(good, "t=2", "t=02", 1),
		"trailing":        good + "$",
		"trailing text":   good + " x",
		"padding":         good + "=",
		"short hash":      good[:len(good)-40],
		"parameter order": strings.Replace(good, "m=19456,t=2", "t=2,m=19456", 1),
		"junk after cost": strings.Replace(good, "p=1", "p=1,x=2", 1),
	} {
		if _, err := parsePasswordHash(bad); !errors.Is(err, errHash) {
			t.Errorf("%s: err = %v, want errHash", name, err)
		}
	}
}

// However many sign in at once, hashing has at most its seats, and who
// cannot wait is told so.
func TestBenchBoundsHashing(t *testing.T) {
	proof.Of(t, "REL-29")
	b := &bench{seats: make(chan struct{}, 2)}
	var mu sync.Mutex
	var now, most, served, busy int
	release := make(chan struct{})
	var all sync.WaitGroup
	callers := waitersPerSeat*cap(b.seats) + 100
	for range callers {
		all.Go(func() {
			err := b.work(t.Context(), func() {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				<-release
				mu.Lock()
				now--
				served++
				mu.Unlock()
			})
			if errors.Is(err, ErrBusy) {
				mu.Lock()
				busy++
				mu.Unlock()
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(50 * time.Millisecond)
	close(release)
	all.Wait()
	if most != cap(b.seats) {
		t.Errorf("%d hashes at once, want %d", most, cap(b.seats))
	}
	if busy == 0 || served == 0 || busy+served != callers {
		t.Errorf("%d served and %d refused of %d; want some of both, and all", served, busy, callers)
	}
}

func TestBenchGivesUpWithTheCaller(t *testing.T) {
	b := &bench{seats: make(chan struct{}, 1)}
	b.seats <- struct{}{} // taken
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.work(ctx, func() { t.Error("worked without a seat") }); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want Canceled", err)
	}
	<-b.seats
	worked := false
	if err := b.work(t.Context(), func() { worked = true }); err != nil || !worked {
		t.Errorf("with a free seat: err = %v, worked = %v", err, worked)
	}
}
