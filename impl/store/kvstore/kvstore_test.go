package kvstore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/kvstore"
	"github.com/charterauth/charter/impl/store/storetest"
)

// The kit over an engine of a few lines: a map behind a lock. What is kept
// elsewhere, as in impl/examples/customstore, is tested there.
func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: func(testing.TB) store.Store { return kvstore.New(&engine{data: map[string]string{}}) }})
}

// An engine that forgets to undo a failed transaction is seen: the kit does not
// pass whatever is below.
func TestEngineMustUndo(t *testing.T) {
	s := kvstore.New(&engine{data: map[string]string{}, keeps: true})
	ctx := context.Background()
	g := store.Grant{ID: "g"}
	k := store.Token{Digest: store.NewDigest(store.AccessToken, "a"), GrantID: "g"}
	if err := s.Issue(ctx, nil, k); err != nil {
		t.Fatal(err)
	}
	if err := s.Issue(ctx, &g, k); !errors.Is(err, store.ErrConflict) {
		t.Fatalf("a digest that is taken: %v", err)
	}
	if _, got, err := s.Token(ctx, k.Digest); err != nil || got.ID == "" {
		t.Errorf("the engine kept nothing of a failed transaction (%v): this test shows nothing", err)
	}
}

// An engine in memory: keys in order, and what undoes a transaction.
type engine struct {
	mu    sync.Mutex
	keys  []string
	data  map[string]string
	shut  bool
	keeps bool // a defect: what failed stays
}

var errShut = errors.New("the engine is closed")

func (e *engine) Transact(_ context.Context, _ bool, f func(kvstore.Tx) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.shut {
		return errShut
	}
	t := &transaction{engine: e}
	err := f(t)
	if err != nil && !e.keeps {
		for i := len(t.undo) - 1; i >= 0; i-- {
			t.undo[i]()
		}
	}
	return err
}

func (e *engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.shut = true
	return nil
}

func (e *engine) set(key, value string) {
	if i, known := slices.BinarySearch(e.keys, key); !known {
		e.keys = slices.Insert(e.keys, i, key)
	}
	e.data[key] = value
}

func (e *engine) remove(key string) {
	if i, known := slices.BinarySearch(e.keys, key); known {
		e.keys = slices.Delete(e.keys, i, i+1)
	}
	delete(e.data, key)
}

type transaction struct {
	*engine
	undo []func()
}

// remember notes what key has now.
func (t *transaction) remember(key string) {
	value, known := t.data[key]
	t.undo = append(t.undo, func() {
		if known {
			t.set(key, value)
		} else {
			t.remove(key)
		}
	})
}

func (t *transaction) Get(key []byte) ([]byte, error) {
	value, ok := t.data[string(key)]
	if !ok {
		return nil, nil
	}
	return []byte(value), nil
}

func (t *transaction) Put(key, value []byte) error {
	t.remember(string(key))
	t.set(string(key), string(value))
	return nil
}

func (t *transaction) Delete(key []byte) error {
	t.remember(string(key))
	t.remove(string(key))
	return nil
}

func (t *transaction) Scan(prefix, start []byte, visit func(key, value []byte) bool) error {
	i, _ := slices.BinarySearch(t.keys, string(start))
	for _, key := range t.keys[i:] {
		if !strings.HasPrefix(key, string(prefix)) || !visit([]byte(key), []byte(t.data[key])) {
			return nil
		}
	}
	return nil
}
