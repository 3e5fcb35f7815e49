package memory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
	"github.com/charterauth/charter/impl/store/storetest"
)

func TestStore(t *testing.T) {
	proof.Of(t, "ATK-180", "ATK-182", "ATK-184", "FUZZ-17", "REL-I12")
	storetest.Run(t, storetest.Harness{Open: func(testing.TB) store.Store { return memory.New() }})
}

func TestClosed(t *testing.T) {
	ctx, s := context.Background(), memory.New()
	if err := s.Once(ctx, "scope", "before", time.Now()); err != nil {
		t.Fatalf("before Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	_, clientErr := s.Client(ctx, "x")
	for what, err := range map[string]error{
		"Ping": s.Ping(ctx), "Once": s.Once(ctx, "scope", "after", time.Now()), "Client": clientErr,
	} {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s after Close: got %v, want %q", what, err, store.ErrUnavailable)
		}
	}
}

// A context that is done ends every verb before it starts: what is tested on
// memory then does not depend on luck.
func TestCancelled(t *testing.T) {
	s := memory.New()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := s.Once(ctx, "scope", "id", time.Now())
	if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("Once: got %v, want ErrUnavailable that wraps context.Canceled", err)
	}
	if err := s.Once(context.Background(), "scope", "id", time.Now()); err != nil {
		t.Errorf("Once with a live context: %v", err)
	}
}

// A server that is tested on memory must meet what SQL refuses and what it
// rounds, though maps could hold both.
func TestLikeSQL(t *testing.T) {
	ctx, s := context.Background(), memory.New()
	for what, id := range map[string]string{"NUL": "a\x00b", "invalid UTF-8": "a\xffb"} {
		if err := s.Issue(ctx, &store.Grant{ID: id}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: got %v, want %q", what, err, store.ErrInvalid)
		}
	}
	at := time.Now().Add(time.Nanosecond) // with a monotonic reading, in local time
	if err := s.Issue(ctx, &store.Grant{ID: "ab", CreatedAt: at}); err != nil {
		t.Fatalf("Issue: %v", err)
	}
	list, err := s.Grants(ctx, store.GrantFilter{ID: "ab"}, at, "", 1)
	if want := at.UTC().Truncate(time.Microsecond); err != nil || len(list) != 1 || list[0].CreatedAt != want {
		t.Errorf("Grants: got %v (%v), want one created at %v", list, err, want)
	}
}
