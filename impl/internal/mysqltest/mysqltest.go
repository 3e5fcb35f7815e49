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
	s, err := shared(programs(t))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("charter_%d", s.databases.Add(1))
	if err := s.exec("CREATE DATABASE " + name); err != nil {
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
	running.end(syscall.SIGKILL) // its files go anyway
	os.RemoveAll(running.dir)
	running = nil
}

var (
	mu      sync.Mutex
	running *server // guarded by mu
)

func shared(install, program string) (*server, error) {
	mu.Lock()
	defer mu.Unlock()
	if running != nil {
		return running, nil
	}
	// The server's own defaults, but for the wait for the disk, which a crash of
	// the machine would need and these tests do not.
	s, err := initialize(install, program, "--innodb-flush-log-at-trx-commit=2", "--max-connections=300")
	if err != nil {
		return nil, err
	}
	if err := s.run(); err != nil {
		return nil, err
	}
	running = s
	return s, nil
}

func programs(t testing.TB) (install, program string) {
	t.Helper()
	install, found1 := daemon.Program("mariadb-install-db")
	program, found2 := daemon.Program("mariadbd")
	require.Engine(t, "mariadb", found1 && found2, "mariadb-install-db or mariadbd is not in PATH")
	return install, program
}

// A server is one process of the engine over a directory of its own.
type server struct {
	port      int
	program   string
	settings  []string
	owner     *syscall.SysProcAttr
	process   *exec.Cmd
	dir       string
	databases atomic.Int64
}

// initialize makes a server that does not run yet.
func initialize(install, program string, settings ...string) (*server, error) {
	dir, err := os.MkdirTemp("", "charter-mariadb-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, program: program, settings: settings}
	if s.owner, err = daemon.Unprivileged(dir, "mysql"); err != nil {
		return nil, err
	}
	making := exec.Command(install, "--no-defaults", "--datadir="+s.data(), "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-flush-log-at-trx-commit=0")
	making.SysProcAttr, making.Dir = s.owner, dir
	if out, err := making.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	s.port, err = daemon.FreePort()
	return s, err
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

// run starts the process and returns when it answers.
func (s *server) run() error {
	s.process = exec.Command(s.program, append([]string{"--no-defaults", "--datadir=" + s.data(), fmt.Sprintf("--port=%d", s.port), "--bind-address=127.0.0.1",
		"--socket=" + filepath.Join(s.dir, "socket"), "--pid-file=" + filepath.Join(s.dir, "pid")}, s.settings...)...)
	s.process.SysProcAttr, s.process.Dir = s.owner, s.dir
	if err := s.process.Start(); err != nil {
		return err
	}
	return s.await()
}

func (s *server) end(with syscall.Signal) {
	if s.process == nil || s.process.ProcessState != nil {
		return
	}
	s.process.Process.Signal(with)
	s.process.Wait()
}

func (s *server) source(database string) string {
	return fmt.Sprintf("root@tcp(127.0.0.1:%d)/%s", s.port, database)
}

func (s *server) exec(statement string) error {
	admin, err := sql.Open("mysql", s.source("mysql"))
	if err != nil {
		return err
	}
	defer admin.Close()
	_, err = admin.Exec(statement)
	return err
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
