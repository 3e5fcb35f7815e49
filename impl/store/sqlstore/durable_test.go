package sqlstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

// SQLite forgets pragmas with each connection: so they are asked of the one that
// writes and of all that read.
func TestSQLitePragmas(t *testing.T) {
	s := openSQLite(t)
	check := func(what string, get func(pragma string, into any) error) {
		var synchronous int
		var mode string
		if err := errors.Join(get("synchronous", &synchronous), get("journal_mode", &mode)); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if synchronous != 2 || mode != "wal" {
			t.Errorf("%s: synchronous is %d, journal_mode %s; want 2 (FULL), wal", what, synchronous, mode)
		}
	}
	check("the writer", func(pragma string, into any) error { return s.WriteRow(t.Context(), "PRAGMA "+pragma, into) })
	readers := s.ReadPool().Stats().MaxOpenConnections
	if readers < 2 {
		t.Fatalf("%d connections read", readers)
	}
	for i := range readers {
		conn, err := s.ReadPool().Connx(t.Context()) // kept, so that the next is another
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		check(fmt.Sprint("reader ", i), func(pragma string, into any) error {
			return conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(into)
		})
	}
}

func TestSQLiteFileMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context(), charter.Schema); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, want 0600", filepath.Base(name), info.Mode().Perm())
		}
	}
}

// crashVariable makes the test process the one that is to be killed.
const crashVariable = "CHARTER_TEST_CRASH"

// What was answered is there after the process was killed in the middle of its
// work: no change is answered before the COMMIT that it shares.
func TestSQLiteKilled(t *testing.T) {
	if path := os.Getenv(crashVariable); path != "" {
		crash(path)
	}
	path := filepath.Join(t.TempDir(), "x.db")
	child := exec.Command(os.Args[0], "-test.run=^TestSQLiteKilled$")
	child.Env = append(os.Environ(), crashVariable+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var answered []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		answered = append(answered, lines.Text())
		if len(answered) == 500 {
			child.Process.Kill()
		}
	}
	child.Wait()
	if len(answered) < 500 {
		t.Fatalf("the process ended after %d answers: %q", len(answered), answered)
	}
	answered = answered[:len(answered)-1] // the last line may be half
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, id := range answered {
		if _, err := grantByID(t.Context(), s, id); err != nil {
			t.Errorf("%s was answered, and is lost: %v", id, err)
		}
	}
}

// crash writes from several goroutines, says what was answered, and never ends.
func crash(path string) {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		panic(err)
	}
	if err := s.Migrate(ctx, charter.Schema); err != nil {
		panic(err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for racer := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("g-%d-%d", racer, i)
				if err := s.Issue(ctx, &store.Grant{ID: id}); err != nil {
					panic(err)
				}
				mu.Lock()
				fmt.Println(id)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// Another process that writes is waited for.
func TestSQLiteBusy(t *testing.T) {
	e := sqliteEngine()
	s := e.store(t)
	other := sqlx.MustOpen("sqlite", e.sources[s])
	defer other.Close()
	other.SetMaxOpenConns(1)
	other.MustExec("BEGIN IMMEDIATE")
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- s.Issue(context.Background(), &store.Grant{ID: "waits"}) }()
	const held = 200 * time.Millisecond
	time.Sleep(held)
	other.MustExec("COMMIT")
	if err := <-done; err != nil || time.Since(began) < held {
		t.Errorf("Issue beside another writer: %v after %v", err, time.Since(began))
	}
}

// A caller that goes away while it waits for its turn leaves nothing behind; one
// that stays is served.
func TestGroupWaiterCancelled(t *testing.T) {
	e := sqliteEngine()
	s := e.store(t)
	other := sqlx.MustOpen("sqlite", e.sources[s])
	defer other.Close()
	other.SetMaxOpenConns(1)
	other.MustExec("BEGIN IMMEDIATE") // everybody queues
	var wg sync.WaitGroup
	first := make(chan struct{})
	wg.Go(func() {
		close(first)
		if err := s.Issue(context.Background(), &store.Grant{ID: "stays"}); err != nil {
			t.Errorf("who stays: %v", err)
		}
	})
	<-first
	time.Sleep(50 * time.Millisecond)
	ctx, cancel := context.WithCancel(context.Background())
	wg.Go(func() {
		if err := s.Issue(ctx, &store.Grant{ID: "goes"}); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("who goes: got %v, want ErrUnavailable for context.Canceled", err)
		}
	})
	time.Sleep(50 * time.Millisecond)
	cancel()
	other.MustExec("COMMIT")
	wg.Wait()
	if _, err := grantByID(context.Background(), s, "goes"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the grant of who went: %v", err)
	}
	if _, err := grantByID(context.Background(), s, "stays"); err != nil {
		t.Errorf("the grant of who stayed: %v", err)
	}
}
