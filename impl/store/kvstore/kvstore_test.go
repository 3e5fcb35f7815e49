package kvstore_test

import (
	"context"
	"errors"
	"maps"
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

// An engine in memory.
type engine struct {
	mu    sync.Mutex
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
	t := transaction{maps.Clone(e.data)}
	err := f(t)
	if err == nil || e.keeps {
		e.data = t.data
	}
	return err
}

func (e *engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.shut = true
	return nil
}

type transaction struct{ data map[string]string }

func (t transaction) Get(key []byte) ([]byte, error) {
	value, ok := t.data[string(key)]
	if !ok {
		return nil, nil
	}
	return []byte(value), nil
}

func (t transaction) Put(key, value []byte) error {
	t.data[string(key)] = string(value)
	return nil
}

func (t transaction) Delete(key []byte) error {
	delete(t.data, string(key))
	return nil
}

func (t transaction) Scan(prefix, start []byte, visit func(key, value []byte) bool) error {
	for _, key := range slices.Sorted(maps.Keys(t.data)) {
		if strings.HasPrefix(key, string(prefix)) && key >= string(start) && !visit([]byte(key), []byte(t.data[key])) {
			return nil
		}
	}
	return nil
}
