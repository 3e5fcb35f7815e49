// Package pgtest starts a private PostgreSQL for tests: one cluster for each
// test process, one fresh database or schema for each call.
package pgtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/charterauth/charter/impl/internal/daemon"
	"github.com/charterauth/charter/impl/internal/require"
)

// DSN returns the URL of a fresh, empty database. Without PostgreSQL's programs
// the test is skipped, or fails where they are required. The first call starts
// the cluster; Main stops it.
func DSN(t testing.TB) string {
	t.Helper()
	c, name := create(t, "DATABASE")
	return c.url(name)
}

// Schema is DSN with a schema for a database: cheaper by far, for tests that
// need many and let each other be.
func Schema(t testing.TB) string {
	t.Helper()
	c, name := create(t, "SCHEMA")
	return c.url("postgres") + "&search_path=" + name
}

// create makes a database or schema, in a cluster that runs.
func create(t testing.TB, what string) (c *cluster, name string) {
	t.Helper()
	bin, found := programs()
	require.Engine(t, "postgres", found, "initdb and postgres are neither in PATH nor in /usr/lib/postgresql")
	c, err := start(bin)
	if err != nil {
		t.Fatal(err)
	}
	name = fmt.Sprintf("charter_%d", c.names.Add(1))
	admin, err := sql.Open("pgx", c.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Exec("CREATE " + what + " " + name); err != nil {
		t.Fatal(err)
	}
	return c, name
}

// Main runs the tests of a package and stops the cluster that they started. A
// package that calls DSN has: func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
func Main(m *testing.M) int {
	defer stop()
	return m.Run()
}

type cluster struct {
	port     int
	server   *exec.Cmd
	bin, dir string
	owner    *syscall.SysProcAttr
	names    atomic.Int64 // of databases and schemas
}

func (c *cluster) url(database string) string {
	return fmt.Sprintf("postgres://charter@127.0.0.1:%d/%s?sslmode=disable", c.port, database)
}

var (
	mu      sync.Mutex
	running *cluster // guarded by mu
)

func stop() {
	mu.Lock()
	defer mu.Unlock()
	if running == nil {
		return
	}
	running.server.Process.Signal(syscall.SIGINT) // fast shutdown
	running.server.Wait()
	os.RemoveAll(running.dir)
	running = nil
}

// programs finds the directory of initdb and postgres, the newest version first.
func programs() (dir string, found bool) {
	candidates, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	for i := len(candidates) - 1; i >= 0; i-- {
		if executable(filepath.Join(candidates[i], "initdb")) && executable(filepath.Join(candidates[i], "postgres")) {
			return candidates[i], true
		}
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", false
	}
	return filepath.Dir(initdb), true
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&0o111 != 0
}

func start(bin string) (*cluster, error) {
	mu.Lock()
	defer mu.Unlock()
	if running != nil {
		return running, nil
	}
	c, err := initialize(bin)
	if err != nil {
		return nil, err
	}
	if err := c.run(); err != nil {
		return nil, err
	}
	running = c
	return c, c.await()
}

// initialize makes a cluster that does not run yet.
func initialize(bin string) (*cluster, error) {
	dir, err := os.MkdirTemp("", "charter-postgres-")
	if err != nil {
		return nil, err
	}
	owner, err := daemon.Unprivileged(dir, "postgres")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "charter", "-A", "trust", "-E", "UTF8", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = owner, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	c := &cluster{dir: dir, bin: bin, owner: owner}
	c.port, err = daemon.FreePort()
	return c, err
}

// run starts the server of a cluster.
func (c *cluster) run(settings ...string) error {
	c.server = exec.Command(filepath.Join(c.bin, "postgres"), append([]string{"-D", c.data(), "-p", strconv.Itoa(c.port), "-h", "127.0.0.1", "-k", c.dir,
		"-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "log_min_messages=fatal"}, settings...)...)
	c.server.SysProcAttr, c.server.Dir = c.owner, c.dir
	return c.server.Start()
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *cluster) await() error {
	db, err := sql.Open("pgx", c.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
