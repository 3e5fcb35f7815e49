package customstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A kv stands for a key-value engine such as FoundationDB, etcd or bbolt:
// ordered keys, and transactions that are serialisable and all or nothing. It
// knows nothing of the store above it.
type kv struct {
	mu     sync.Mutex
	data   map[string][]byte
	closed bool
}

var errClosed = errors.New("kv: closed")

// transact runs f alone, and keeps what it wrote if it returns nil.
func (db *kv) transact(ctx context.Context, f func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return errClosed
	}
	t := &tx{db: db, written: map[string][]byte{}}
	if err := f(t); err != nil {
		return err
	}
	for key, value := range t.written {
		if value == nil {
			delete(db.data, key)
		} else {
			db.data[key] = value
		}
	}
	return nil
}

// A tx is one transaction. It sees what it wrote itself.
type tx struct {
	db      *kv
	written map[string][]byte // nil for what it deleted
}

// get returns nil for a key without a value.
func (t *tx) get(key string) []byte {
	if value, ok := t.written[key]; ok {
		return value
	}
	return t.db.data[key]
}

func (t *tx) put(key string, value []byte) { t.written[key] = value }

func (t *tx) delete(key string) { t.written[key] = nil }

// keys returns the keys with a prefix that sort behind after.
func (t *tx) keys(prefix, after string) []string {
	found := map[string]bool{}
	for _, source := range []map[string][]byte{t.db.data, t.written} {
		for key := range source {
			if strings.HasPrefix(key, prefix) && key > prefix+after && t.get(key) != nil {
				found[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (db *kv) close() {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.closed = true
}
