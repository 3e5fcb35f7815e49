package sqlstore

import (
	"context"
	"errors"
	"sync"

	"github.com/jmoiron/sqlx"
)

// A groupCommit lets concurrent changes share one transaction of an engine that
// has one writer anyway: one wait for the disk makes many changes durable. Each
// change is a savepoint, so that one that fails undoes itself alone, and each
// is answered only after the commit that holds it.
type groupCommit struct {
	db    *sqlx.DB
	queue chan *pendingChange
	done  chan struct{}

	mu     sync.RWMutex // held for reading while sending to queue
	closed bool
}

type pendingChange struct {
	ctx    context.Context
	f      func(runner) error
	answer chan error
}

// maxGroup bounds how many changes wait for each other.
const maxGroup = 64

var errClosed = errors.New("sqlstore: the store is closed")

func newGroupCommit(db *sqlx.DB) *groupCommit {
	g := &groupCommit{db: db, queue: make(chan *pendingChange, maxGroup), done: make(chan struct{})}
	go g.run()
	return g
}

// do runs f in a transaction and returns after its commit.
func (g *groupCommit) do(ctx context.Context, f func(runner) error) error {
	change := &pendingChange{ctx, f, make(chan error, 1)}
	if err := g.enqueue(change); err != nil {
		return err
	}
	// The change is waited for even when ctx ends: whether it happened is
	// known only then.
	return <-change.answer
}

func (g *groupCommit) enqueue(change *pendingChange) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return errClosed
	}
	select {
	case g.queue <- change:
		return nil
	case <-change.ctx.Done():
		return change.ctx.Err()
	}
}

// close answers what is queued and ends.
func (g *groupCommit) close() {
	g.mu.Lock()
	g.closed = true
	close(g.queue)
	g.mu.Unlock()
	<-g.done
}

func (g *groupCommit) run() {
	defer close(g.done)
	w := &writer{db: g.db}
	defer w.close()
	for first := range g.queue {
		group := []*pendingChange{first}
	collect:
		for len(group) < maxGroup {
			select {
			case next, ok := <-g.queue:
				if !ok {
					break collect
				}
				group = append(group, next)
			default:
				break collect
			}
		}
		results, err := commit(w, group)
		for i, change := range group {
			if err != nil {
				change.answer <- err
				continue
			}
			change.answer <- results[i]
		}
	}
}

// commit runs a group and returns the result of each change, or why none of them
// happened.
func commit(w *writer, group []*pendingChange) ([]error, error) {
	if err := w.run("BEGIN IMMEDIATE"); err != nil {
		w.abandon() // whatever it did, the next group starts anew
		return nil, err
	}
	results := make([]error, len(group))
	for i, change := range group {
		var broken error
		if results[i], broken = w.savepoint(change); broken != nil {
			w.abandon()
			return nil, broken // the error that broke it is the one to tell
		}
	}
	if err := w.run("COMMIT"); err != nil {
		w.abandon()
		return nil, err
	}
	return results, nil
}
