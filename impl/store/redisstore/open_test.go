package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/redistest"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/redisstore"
)

// An engine that may lose or evict what it acknowledged is refused, and says what
// to change; insecure-volatile takes it all the same.
func TestOpenWantsDurability(t *testing.T) {
	for _, row := range []struct {
		args  []string
		names string // in the refusal; "": accepted
	}{
		{[]string{"--appendonly", "yes", "--appendfsync", "always"}, ""},
		{[]string{"--appendonly", "no", "--appendfsync", "always"}, "appendonly"},
		{[]string{"--appendonly", "yes", "--appendfsync", "everysec"}, "appendfsync"},
		{[]string{"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "allkeys-lru"}, "maxmemory-policy"},
		{[]string{"--appendonly", "yes", "--appendfsync", "always", "--rename-command", "CONFIG", ""}, "insecure-volatile"},
	} {
		s := redistest.Start(t, row.args...)
		st, err := redisstore.Open(context.Background(), s.URL)
		switch {
		case err == nil:
			st.Close()
			if row.names != "" {
				t.Errorf("%v: accepted", row.args)
			}
		case row.names == "" || !strings.Contains(err.Error(), row.names):
			t.Errorf("%v: %v; want it to name %q", row.args, err, row.names)
		}
		open(t, s.URL+"?insecure-volatile=true")
		s.Stop()
	}
}

// A URL that is wrong is told without the password in it.
func TestOpenRefuses(t *testing.T) {
	for _, url := range []string{
		"redis://user:hunter2@127.0.0.1:bad/", "redis://user:hunter2@127.0.0.1/x", "http://user:hunter2@127.0.0.1/", "redis://:hunter2@127.0.0.1?tag={x}",
		"redis://:hunter2@127.0.0.1?replicas=x", "redis://:hunter2@127.0.0.1?replicas=1&cluster=true", "redis://:hunter2@127.0.0.1?nonsense=1", "redis://:hunter2@\x7f",
	} {
		s, err := redisstore.Open(context.Background(), url)
		if err == nil {
			s.Close()
			t.Errorf("%q: accepted", url)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error has the password: %v", url, err)
		}
	}
}

// A write that its replicas do not have is not acknowledged; with one it is, and
// the replica refuses to be written to.
func TestReplicas(t *testing.T) {
	ctx := context.Background()
	primary := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	t.Cleanup(primary.Stop)
	lonely := open(t, primary.URL+"?replicas=1")
	if err := lonely.Once(ctx, "scope", "alone", time.Now().Add(time.Hour)); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Once without a replica: %v, want %v", err, store.ErrUnavailable)
	}
	replica := redistest.Start(t, "--replicaof", fmt.Sprintf("127.0.0.1 %d", primary.Port), "--appendonly", "yes", "--appendfsync", "always")
	t.Cleanup(replica.Stop)
	awaitWrites(t, lonely)
	if s, err := redisstore.Open(ctx, replica.URL); err == nil {
		s.Close()
		t.Error("a replica was taken as the store")
	}
}

// awaitWrites waits until a write is acknowledged.
func awaitWrites(t *testing.T, st store.Store) {
	t.Helper()
	var err error
	for i := range 100 {
		if err = st.Once(context.Background(), "scope", fmt.Sprint("together", i), time.Now().Add(time.Hour)); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("Once with a replica: %v", err)
}

// What was acknowledged survives a kill -9.
func TestKilled(t *testing.T) {
	ctx := context.Background()
	s := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	t.Cleanup(s.Stop)
	st := open(t, s.URL)
	for i := range 200 {
		if err := st.Once(ctx, "scope", fmt.Sprint(i), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	s.Crash()
	s.Restart(t)
	for i := 0; st.Ping(ctx) != nil && i < 100; i++ {
		time.Sleep(50 * time.Millisecond) // it reads its file
	}
	for i := range 200 {
		if err := st.Once(ctx, "scope", fmt.Sprint(i), time.Now().Add(time.Hour)); !errors.Is(err, store.ErrConsumed) {
			t.Fatalf("mark %d after a crash: %v, want %v", i, err, store.ErrConsumed)
		}
	}
}
