package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

func open(t *testing.T, path string) *sqlstore.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Migrate(t.Context(), charter.Schema); err != nil {
		t.Fatal(err)
	}
	return s
}

// A backup has all that was acknowledged before it began, whatever is written
// meanwhile, and of every transaction all or nothing.
func TestBackupBesideWrites(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "charter.db"))
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	var mu sync.Mutex
	acknowledged := 0
	for racer := range 4 {
		writing.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				g := store.Grant{ID: fmt.Sprint(racer, "-", i), Subject: "s"}
				token := store.Token{Digest: store.NewDigest(store.AccessToken, g.ID), Kind: store.AccessToken, GrantID: g.ID}
				if err := s.Issue(context.Background(), &g, token); err != nil {
					t.Errorf("a write beside the backup: %v", err)
				}
				mu.Lock()
				acknowledged++
				mu.Unlock()
			}
		})
	}
	for round := range 5 {
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		before := acknowledged
		mu.Unlock()
		to := filepath.Join(dir, fmt.Sprint("backup-", round, ".db"))
		if err := sqlite.Backup(t.Context(), filepath.Join(dir, "charter.db"), to); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(to)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the backup: %v, %v", info, err)
		}
		restored := open(t, to)
		grants, err := restored.Grants(t.Context(), store.GrantFilter{Subject: "s"}, time.Time{}, "", 1<<20)
		if err != nil || len(grants) < before {
			t.Errorf("the backup has %d grants (%v), %d were acknowledged before it", len(grants), err, before)
		}
		for _, g := range grants {
			if _, _, err := restored.Token(t.Context(), store.NewDigest(store.AccessToken, g.ID)); err != nil {
				t.Fatalf("a grant without its token: %v", err)
			}
		}
	}
	stop()
	writing.Wait()
	left, err := filepath.Glob(filepath.Join(dir, ".charter-backup-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func TestBackupReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	path, to := filepath.Join(dir, "charter.db"), filepath.Join(dir, "there")
	open(t, path)
	if err := os.WriteFile(to, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Backup(t.Context(), path, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a file: %v", err)
	}
	if text, err := os.ReadFile(to); string(text) != "mine" {
		t.Errorf("the file is now %q (%v)", text, err)
	}
}

// crashed returns a database as a process leaves it that was killed: the file and
// its log.
func crashed(t *testing.T) (path string) {
	t.Helper()
	alive, dir := filepath.Join(t.TempDir(), "charter.db"), t.TempDir()
	s := open(t, alive)
	for i := range 200 {
		if err := s.Issue(t.Context(), &store.Grant{ID: fmt.Sprint("g", i), Subject: "s", Metadata: make([]byte, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, suffix := range []string{"", "-wal"} {
		bytes, err := os.ReadFile(alive + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "charter.db"+suffix), bytes, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "charter.db")
}

// After a crash the log is replayed, and a file that is damaged is refused at the
// start.
func TestOpenAfterCrash(t *testing.T) {
	sound := crashed(t)
	grants, err := open(t, sound).Grants(t.Context(), store.GrantFilter{Subject: "s"}, time.Time{}, "", 1000)
	if err != nil || len(grants) != 200 {
		t.Errorf("after a crash: %d grants, %v", len(grants), err)
	}

	broken := crashed(t)
	// All is moved from the log into the file, which then loses a page, and a log
	// is there again as after a crash.
	s := open(t, broken)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(broken, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for at := int64(2 * page); at < info.Size(); at += page {
		if _, err := file.WriteAt([]byte("not what SQLite wrote"), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(file.Close(), os.WriteFile(broken+"-wal", make([]byte, 32), 0o600)); err != nil {
		t.Fatal(err)
	}
	if s, err := sqlite.Open(t.Context(), broken); !errors.Is(err, sqlite.ErrDamaged) {
		t.Errorf("a damaged file: got %v, %v, want ErrDamaged", s, err)
	}
}

// A second process does not take the first one's log for a crash, and waits for
// nothing.
func TestOpenBesideAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "charter.db")
	first := open(t, path)
	if err := first.Issue(t.Context(), &store.Grant{ID: "g"}); err != nil {
		t.Fatal(err)
	}
	second := open(t, path)
	if err := second.Issue(t.Context(), &store.Grant{ID: "h"}); err != nil {
		t.Fatal(err)
	}
	if err := first.Issue(t.Context(), &store.Grant{ID: "i"}); err != nil {
		t.Errorf("the first process afterwards: %v", err)
	}
}
