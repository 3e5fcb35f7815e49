package protect

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxKept answers of each kind are kept; garbage pushes out no good ones.
const maxKept = 10_000

type digest = [sha256.Size]byte

// answered is what the authorization server said about a token: an identity, or
// that it is not good.
type answered struct {
	identity Identity
	err      error
	until    time.Time
}

// answers keeps what was said about tokens, by their digests.
type answers struct {
	mu        sync.Mutex // guards what follows
	good, bad map[digest]answered
}

func newAnswers() *answers {
	return &answers{good: make(map[digest]answered), bad: make(map[digest]answered)}
}

func (c *answers) get(key digest, now time.Time) (answered, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, found := c.good[key]
	if !found {
		a, found = c.bad[key]
	}
	return a, found && now.Before(a.until)
}

// put replaces whatever was said before.
func (c *answers) put(key digest, a answered, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.good, key)
	delete(c.bad, key)
	if !now.Before(a.until) {
		return
	}
	kind := c.good
	if a.err != nil {
		kind = c.bad
	}
	if len(kind) >= maxKept {
		makeRoom(kind, now)
	}
	kind[key] = a
}

// makeRoom drops what is over, and of the rest some: each pass makes room for
// many, so that it is rare.
func makeRoom(kind map[digest]answered, now time.Time) {
	surplus := len(kind) - maxKept*15/16
	for key, a := range kind {
		if !now.Before(a.until) || surplus > 0 {
			delete(kind, key)
			surplus--
		}
	}
}
