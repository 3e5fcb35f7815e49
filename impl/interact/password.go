package interact

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
)

const (
	// maxPassword bounds what is hashed, in bytes.
	maxPassword = 1024
	// minPassword is in characters (NIST SP 800-63B §3.1.1.2).
	minPassword = 8
)

// argonParameters are the cost of a password hash (RFC 9106 §3.1).
type argonParameters struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// currentCost is what OWASP recommends for argon2id: 19 MiB, 2 passes, 1 thread.
var currentCost = argonParameters{memory: 19 << 10, passes: 2, threads: 1}

// maxCost bounds what a stored hash can make this process do: hashes that were
// imported may cost more than ours, but not without limit.
var maxCost = argonParameters{memory: 256 << 10, passes: 16, threads: 16}

const (
	saltSize = 16
	hashSize = 32
)

// A passwordHash is an argon2id hash, kept as a PHC string.
type passwordHash struct {
	cost argonParameters
	salt []byte
	hash []byte
}

func newPasswordHash(password string) passwordHash {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return passwordHash{currentCost, salt, derive(password, salt, currentCost, hashSize)}
}

// derive takes the bytes of the password as they are: normalising them would
// make different passwords equal.
func derive(password string, salt []byte, cost argonParameters, size int) []byte {
	return argon2.IDKey([]byte(password), salt, cost.passes, cost.memory, cost.threads, uint32(size))
}

func (h passwordHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.hash, derive(password, h.salt, h.cost, len(h.hash))) == 1
}

// outdated reports whether the hash should be made anew when the password is
// next known.
func (h passwordHash) outdated() bool {
	return h.cost != currentCost || len(h.salt) < saltSize || len(h.hash) != hashSize
}

func (h passwordHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, h.cost.memory, h.cost.passes, h.cost.threads, b64(h.salt), b64(h.hash))
}

// errHash never has the text: it is as good as a password to a cracker.
var errHash = errors.New("interact: a stored password hash is not an argon2id PHC string within limits")

func parsePasswordHash(s string) (passwordHash, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return passwordHash{}, errHash
	}
	var h passwordHash
	var version int
	_, versionErr := fmt.Sscanf(parts[2], "v=%d", &version)
	_, costErr := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.cost.memory, &h.cost.passes, &h.cost.threads)
	salt, saltErr := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	hash, hashErr := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	h.salt, h.hash = salt, hash
	if errors.Join(versionErr, costErr, saltErr, hashErr) != nil || version != argon2.Version || !h.bounded() || h.String() != s {
		return passwordHash{}, errHash
	}
	return h, nil
}

// bounded reports whether the parameters are those of a hash that is neither
// worthless nor a burden.
func (h passwordHash) bounded() bool {
	c := h.cost
	return c.memory >= 8*uint32(c.threads) && c.memory <= maxCost.memory &&
		c.passes >= 1 && c.passes <= maxCost.passes &&
		c.threads >= 1 && c.threads <= maxCost.threads &&
		len(h.salt) >= 8 && len(h.salt) <= 64 && len(h.hash) >= 16 && len(h.hash) <= 64
}

// A bench bounds how many hashes are made at once, and how many wait. Each takes
// 19 MiB and a core for some hundredths of a second: without a bound, people
// signing in could starve the token endpoint of both.
type bench struct {
	seats   chan struct{}
	waiting atomic.Int64
}

const (
	waitersPerSeat = 64
	maxBenchWait   = 5 * time.Second
)

// newBench leaves at least half of the processors to everything else.
func newBench() *bench {
	return &bench{seats: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
}

// work calls f when there is a seat. ErrBusy when too many wait or the wait is
// too long.
func (b *bench) work(ctx context.Context, f func()) error {
	if b.waiting.Add(1) > int64(waitersPerSeat*cap(b.seats)) {
		b.waiting.Add(-1)
		return ErrBusy
	}
	err := b.sit(ctx)
	b.waiting.Add(-1)
	if err != nil {
		return err
	}
	defer func() { <-b.seats }()
	f()
	return nil
}

func (b *bench) sit(ctx context.Context) error {
	timer := time.NewTimer(maxBenchWait)
	defer timer.Stop()
	select {
	case b.seats <- struct{}{}:
		return nil
	case <-timer.C:
		return ErrBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}
