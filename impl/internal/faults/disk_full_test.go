package faults

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/store/sqlstore"
	_ "github.com/charterauth/charter/impl/store/sqlstore/sqlite" // registers the driver
)

// openLimited opens a database that can have so many pages at most; 0: any number.
func openLimited(t *testing.T, path string, pages int) *sqlstore.Store {
	t.Helper()
	if pages == 0 {
		return openWith(path, "")
	}
	return openWith(path, fmt.Sprintf("&_pragma=max_page_count(%d)", pages))
}

// openWith opens a database with a further pragma.
func openWith(path, pragma string) *sqlstore.Store {
	source := "file:" + path + "?_pragma=journal_mode(WAL)&_txlock=immediate" + pragma
	write, read := sqlx.MustOpen("sqlite", source), sqlx.MustOpen("sqlite", source)
	write.SetMaxOpenConns(1)
	return sqlstore.New(read, write, sqlstore.SQLite)
}

// REL-16: a database that can grow no more: writes are 503, what was acknowledged
// is read as before, and with more room it goes on.
func TestDatabaseFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "charter.db")
	st := openLimited(t, path, 0)
	if err := st.Migrate(context.Background(), charter.Schema); err != nil {
		t.Fatal(err)
	}
	s := servertest.New(t, st)
	c := s.Confidential()
	a := s.Grant(c)
	refresh, full := a.Refresh, 0
	s.Close()
	st.Close()
	for limit := range 2 { // full, and with room again
		pages := sqlx.MustOpen("sqlite", "file:"+path)
		var n int
		if err := pages.Get(&n, "PRAGMA page_count"); err != nil {
			t.Fatal(err)
		}
		pages.Close()
		st := openLimited(t, path, n+10+limit*1000)
		s := servertest.New(t, st)
		for range 300 {
			res := s.Post("/token", c.Refresh(refresh, nil), c.Auth())
			if res.StatusCode == 503 && limit == 0 {
				full++
				servertest.Refused(t, res, 503, "temporarily_unavailable")
				continue
			}
			refresh, _ = servertest.Decode(t, res, 200)["refresh_token"].(string)
		}
		if got, err := s.VerifyAccessToken(context.Background(), a.Access); err != nil || got.ClientID != c.ID {
			t.Errorf("reads do not go on: %v", err)
		}
		s.Close()
		st.Close()
	}
	if full == 0 {
		t.Error("the database did not fill up")
	}
	t.Logf("%d of 300 refreshes were 503; after the last of them the token was still good", full)
}

// A database that SQLite may not write, as on a file system that the system made
// read-only after an error of the disk: writes are 503, what was acknowledged is
// read as before, and the server is not ready.
func TestSQLiteReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "charter.db")
	st := openWith(path, "")
	if err := st.Migrate(context.Background(), charter.Schema); err != nil {
		t.Fatal(err)
	}
	s := servertest.New(t, st)
	c := s.Confidential()
	a := s.Grant(c)
	for _, step := range []struct {
		pragma string
		want   int
	}{{"&_pragma=query_only(1)", http.StatusServiceUnavailable}, {"", http.StatusOK}} {
		s.Close()
		st.Close()
		st = openWith(path, step.pragma)
		s = servertest.New(t, st)
		if got, err := s.VerifyAccessToken(context.Background(), a.Access); err != nil || got.ClientID != c.ID {
			t.Errorf("%q: reads do not go on: %v", step.pragma, err)
		}
		for what, res := range map[string]*http.Response{
			"refresh": s.Post("/token", c.Refresh(a.Refresh, nil), c.Auth()), "readiness": s.Get("/readyz", nil),
			"client registration": s.JSON(http.MethodPost, "/register", `{"redirect_uris":["https://app.example.com/cb"]}`),
		} {
			if res.StatusCode != step.want && (what != "client registration" || step.want != http.StatusOK) {
				t.Errorf("%q: %s is %d, want %d", step.pragma, what, res.StatusCode, step.want)
			}
		}
	}
	st.Close()
}

// The disk itself is full: a small file system of its own. It needs the right to
// mount one.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if os.Getuid() != 0 || exec.Command("mount", "-t", "tmpfs", "-o", "size=1500k", "charter-test", dir).Run() != nil {
		t.Skip("a file system cannot be mounted here")
	}
	defer exec.Command("umount", "-l", dir).Run()
	f := fleet.Start(t, fleet.Options{Store: "sqlite:" + filepath.Join(dir, "charter.db")})
	c, via, ctx := f.Confidential(), f.Via(nil), context.Background()
	first := c.Own(ctx, via).Must(t, "client credentials")
	ballast := filepath.Join(dir, "ballast")
	content := make([]byte, 2<<20)
	os.WriteFile(ballast, content, 0o600) // as much as fits
	refused := 0
	for range 3000 {
		a := c.Own(ctx, via)
		switch a.Outcome {
		case fleet.OK:
			first = a
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
		t.Fatal("the disk does not fill up")
	}
	if !c.Introspect(ctx, via, first.Access).Must(t, "introspection").Active {
		t.Error("an acknowledged token is lost")
	}
	// Whether it is ready now is open: the probe's one page may still fit.
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if !until(func() bool { return fleet.Ready(f.Processes[0].Addr) }) {
		t.Fatal("it does not become ready when there is room")
	}
	c.Own(ctx, via).Must(t, "client credentials when there is room")
	if !c.Introspect(ctx, via, first.Access).Must(t, "introspection").Active {
		t.Error("an acknowledged token is lost")
	}
}
