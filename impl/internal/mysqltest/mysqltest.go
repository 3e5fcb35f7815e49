// Package mysqltest starts a private MariaDB for tests: one server for each test
// process, one fresh database for each call.
package mysqltest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // registers the driver "mysql"

	"github.com/charterauth/charter/impl/internal/daemon"
	"github.com/charterauth/charter/impl/internal/require"
)

// URL returns the mysql:// URL of a fresh, empty database. Without MariaDB's
// programs the test is skipped, or fails where they are required. The first call
// starts the server; Stop stops it.
func URL(t testing.TB) string {
	t.Helper()
	install, found1 := daemon.Program("mariadb-install-db")
	program, found2 := daemon.Program("mariadbd")
	require.Engine(t, "mariadb", found1 && found2, "mariadb-install-db or mariadbd is not in PATH")
	s, err := start(install, program)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("charter_%d", s.databases.Add(1))
	admin, err := sql.Open("mysql", s.source("mysql"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("mysql://root@127.0.0.1:%d/%s", s.port, name)
}

// Source is the driver's form of the URL of a database.
func Source(url string) string {
	var port int
	var name string
	fmt.Sscanf(url, "mysql://root@127.0.0.1:%d/%s", &port, &name)
	return fmt.Sprintf("root@tcp(127.0.0.1:%d)/%s", port, name)
}

// Stop stops the server, if there is one. A package that calls URL calls it at
// the end of its TestMain.
func Stop() {
	mu.Lock()
	defer mu.Unlock()
	if running == nil {
		return
	}
	running.process.Process.Signal(syscall.SIGKILL) // its files go anyway
	running.process.Wait()
	os.RemoveAll(running.dir)
	running = nil
}

type server struct {
	port      int
	process   *exec.Cmd
	dir       string
	databases atomic.Int64
}

func (s *server) source(database string) string {
	return fmt.Sprintf("root@tcp(127.0.0.1:%d)/%s", s.port, database)
}

var (
	mu      sync.Mutex
	running *server // guarded by mu
)

func start(install, program string) (*server, error) {
	mu.Lock()
	defer mu.Unlock()
	if running != nil {
		return running, nil
	}
	dir, err := os.MkdirTemp("", "charter-mariadb-")
	if err != nil {
		return nil, err
	}
	owner, err := daemon.Unprivileged(dir, "mysql")
	if err != nil {
		return nil, err
	}
	data := "--datadir=" + filepath.Join(dir, "data")
	making := exec.Command(install, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-flush-log-at-trx-commit=0")
	making.SysProcAttr, making.Dir = owner, dir
	if out, err := making.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	s := &server{dir: dir}
	if s.port, err = daemon.FreePort(); err != nil {
		return nil, err
	}
	// The server's own defaults, but for the wait for the disk, which a crash of
	// the machine would need and these tests do not.
	s.process = exec.Command(program, "--no-defaults", data, fmt.Sprintf("--port=%d", s.port), "--bind-address=127.0.0.1",
		"--socket="+filepath.Join(dir, "socket"), "--pid-file="+filepath.Join(dir, "pid"), "--innodb-flush-log-at-trx-commit=2", "--max-connections=300")
	s.process.SysProcAttr, s.process.Dir = owner, dir
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	running = s
	return s, s.await()
}

func (s *server) await() error {
	db, err := sql.Open("mysql", s.source("mysql"))
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("MariaDB does not answer: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
