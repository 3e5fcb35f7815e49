package sqlite_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

// tail is how much of the log is cut and torn.
const tail = 64 << 10

// REL-17: a log that ends at any byte of its last 64 KiB, as a power cut leaves
// it, and one in which a sector of them is missing, as a disk leaves it that said
// it had written: the database opens, and has the first of what was committed, each
// change whole. CHARTER_TEST_LONG cuts at every byte.
func TestLogIsCut(t *testing.T) {
	proof.Of(t, "REL-17")
	database, log, total := writtenLog(t)
	step, sectors := 1021, 2 // a prime: every place in a sector and in a frame comes
	if os.Getenv("CHARTER_TEST_LONG") != "" {
		step, sectors = 1, 1
	}
	dir := t.TempDir()
	opened, seen, last := 0, map[int]bool{}, 0
	for cut := len(log) - tail; cut <= len(log); cut += step {
		n := committed(t, dir, fmt.Sprintf("cut at %d of %d", cut, len(log)), database, log[:cut])
		if n < last {
			t.Fatalf("cut at %d of %d it has %d changes, cut before that %d", cut, len(log), n, last)
		}
		opened, last, seen[n] = opened+1, n, true
	}
	if whole := committed(t, dir, "the whole log", database, log); whole != total {
		t.Errorf("the whole log has %d changes of %d", whole, total)
	}
	const sector = 512
	for at := (len(log) - tail) / sector * sector; at+sector <= len(log); at += sectors * sector {
		torn := bytes.Clone(log)
		clear(torn[at : at+sector])
		seen[committed(t, dir, fmt.Sprintf("without the sector at %d", at), database, torn)] = true
		opened++
	}
	t.Logf("opened %d times, with %d different numbers of changes of %d", opened, len(seen), total)
	if len(seen) < 3 {
		t.Error("the cuts are all in one change")
	}
}

// writtenLog returns a database and its log, which has a number of changes that
// were acknowledged one after the other.
func writtenLog(t *testing.T) (database, log []byte, changes int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "charter.db")
	s := open(t, path)
	for ; changes < 60; changes++ {
		g := store.Grant{ID: fmt.Sprintf("g%03d", changes), Subject: "s"}
		token := store.Token{Digest: store.NewDigest(store.AccessToken, g.ID), Kind: store.AccessToken, GrantID: g.ID}
		if err := s.Issue(t.Context(), &g, token); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if database, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	if log, err = os.ReadFile(path + "-wal"); err != nil {
		t.Fatal(err)
	}
	if len(log) < 2*tail {
		t.Fatalf("the log has %d bytes", len(log))
	}
	return database, log, changes
}

// committed opens a database over a log and returns how many changes it has: the
// first so many, each with its grant and its token.
func committed(t *testing.T, dir, what string, database, log []byte) int {
	t.Helper()
	path := filepath.Join(dir, "torn.db")
	os.Remove(path + "-shm")
	for name, content := range map[string][]byte{path: database, path + "-wal": log} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer s.Close()
	grants, err := s.Grants(t.Context(), store.GrantFilter{Subject: "s"}, time.Time{}, "", 1000)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for i, g := range grants {
		if g.ID != fmt.Sprintf("g%03d", i) {
			t.Fatalf("%s: change %d is missing, and %s is there", what, i, g.ID)
		}
		if _, _, err := s.Token(t.Context(), store.NewDigest(store.AccessToken, g.ID)); err != nil {
			t.Fatalf("%s: %s has no token: %v", what, g.ID, err)
		}
	}
	return len(grants)
}
