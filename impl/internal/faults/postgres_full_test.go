package faults

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/pgtest"
)

// REL-16: PostgreSQL runs out of disk, for its tables in the middle of a
// transaction, or for its log, which ends it. No write is told as done that was
// not, what was acknowledged is there, and with room again it goes on. It needs the
// right to mount a file system.
func TestPostgreSQLDiskFull(t *testing.T) {
	t.Run("tables", func(t *testing.T) {
		db, disk := pgtest.Start(t), smallDisk(t, "4m")
		db.Own(disk)
		db.Query(nil, `CREATE TABLESPACE small LOCATION '`+disk+`'`)
		db.Query(nil, `ALTER ROLE charter SET default_tablespace = small`)
		fillsUp(t, db, disk, 60_000)
	})
	t.Run("log", func(t *testing.T) {
		if os.Getenv("CHARTER_TEST_LONG") == "" {
			t.Skip("CHARTER_TEST_LONG is not set")
		}
		db, disk := pgtest.Start(t, "min_wal_size=32MB", "max_wal_size=32MB"), smallDisk(t, "100m")
		db.Stop()
		log, moved := filepath.Join(db.Data(), "pg_wal"), filepath.Join(disk, "pg_wal")
		if out, err := exec.Command("cp", "-a", log, moved).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if err := os.RemoveAll(log); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(moved, log); err != nil {
			t.Fatal(err)
		}
		db.Own(disk)
		db.Restart()
		fillsUp(t, db, disk, 60_000)
	})
}

// smallDisk mounts a file system of so many bytes.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	for at := dir; at != "/" && at != os.TempDir(); at = filepath.Dir(at) {
		os.Chmod(at, 0o755) // the server is somebody else
	}
	if os.Getuid() != 0 || exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "charter-test", dir).Run() != nil {
		t.Skip("a file system cannot be mounted here")
	}
	t.Cleanup(func() { exec.Command("umount", "-l", dir).Run() })
	return dir
}

// fillsUp writes until the disk is full, frees it, and looks for what was
// acknowledged.
func fillsUp(t *testing.T, db *pgtest.Cluster, disk string, most int) {
	f := fleet.Start(t, fleet.Options{Store: db.URL("")})
	c, via, ctx := f.Confidential(), f.Via(nil), context.Background()
	c.Own(ctx, via).Must(t, "client credentials")
	ballast := filepath.Join(disk, "ballast")
	os.WriteFile(ballast, make([]byte, 100<<20), 0o600) // as much as fits
	var acknowledged []string
	refused := 0
	for range most {
		a := c.Own(ctx, via)
		switch a.Outcome {
		case fleet.OK:
			acknowledged = append(acknowledged, a.Access)
		case fleet.Unknown:
			refused++
		default:
			t.Fatalf("no fault explains: %v", a)
		}
		if refused == 5 {
			break
		}
	}
	if refused < 5 {
		t.Fatalf("the disk does not fill up with %d grants", len(acknowledged))
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if !fleet.Ready(f.Processes[0].Addr) { // the server that could not write its log has ended
		db.Crash()
		db.Restart()
	}
	inService(t, f.Processes[0])
	c.Own(ctx, via).Must(t, "client credentials when there is room")
	for _, token := range acknowledged {
		if !c.Introspect(ctx, via, token).Must(t, "introspection").Active {
			t.Fatal("an acknowledged token is lost")
		}
	}
	t.Logf("%d grants were acknowledged before the disk was full, and are there", len(acknowledged))
}
