package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	f      func(*sql.Tx) error
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
func (g *groupCommit) do(ctx context.Context, f func(*sql.Tx) error) error {
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
		g.commit(group)
	}
}

// commit runs a group and answers every change of it.
func (g *groupCommit) commit(group []*pendingChange) {
	// No single caller's context may end what belongs to all.
	t, err := g.db.BeginTx(context.Background(), nil)
	if err != nil {
		answerAll(group, err)
		return
	}
	results := make([]error, len(group))
	for i, change := range group {
		if results[i] = savepoint(t, change); errors.Is(results[i], errBroken) {
			t.Rollback() // the error that broke it is the one to tell
			answerAll(group, results[i])
			return
		}
	}
	if err := t.Commit(); err != nil {
		t.Rollback() // a failed commit leaves SQLite's transaction open
		answerAll(group, err)
		return
	}
	for i, change := range group {
		change.answer <- results[i]
	}
}

// errBroken: the transaction itself is gone, so no change of it happened.
var errBroken = errors.New("sqlstore: the shared transaction broke")

func savepoint(t *sql.Tx, change *pendingChange) error {
	if err := change.ctx.Err(); err != nil {
		return err // nobody waits for it any more
	}
	if _, err := t.Exec("SAVEPOINT change"); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	result := change.f(t)
	if result != nil {
		if _, err := t.Exec("ROLLBACK TO change"); err != nil {
			return fmt.Errorf("%w: %w after %w", errBroken, err, result)
		}
	}
	if _, err := t.Exec("RELEASE change"); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return result
}

func answerAll(group []*pendingChange, err error) {
	for _, change := range group {
		change.answer <- err
	}
}
