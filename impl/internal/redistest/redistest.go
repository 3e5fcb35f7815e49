// Package redistest starts a private Redis or Valkey for tests: one server for
// each test process, another set of keys for each call.
package redistest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/require"
)

// URL returns the URL of an empty set of keys on a durable server. Without the
// engine the test is skipped, or fails where it is required. The first call
// starts the server; Main stops it.
func URL(t testing.TB) string {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if running == nil {
		running = Start(t, "--appendonly", "yes", "--appendfsync", "always")
	}
	return fmt.Sprintf("%s?tag=test%d", running.URL, tags.Add(1))
}

var (
	mu      sync.Mutex
	running *Server // guarded by mu
	tags    atomic.Int64
)

// Main runs the tests of a package and stops the server that they started. A
// package that calls URL has: func TestMain(m *testing.M) { os.Exit(redistest.Main(m)) }
func Main(m *testing.M) int {
	defer func() {
		if running != nil {
			running.Stop()
		}
	}()
	return m.Run()
}

// A Server is one process of the engine.
type Server struct {
	URL  string // redis://127.0.0.1:PORT
	Port int

	dir     string
	command []string
	cmd     *exec.Cmd
}

// Start starts a server with further arguments. The caller stops it.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	program := Program()
	require.Engine(t, "redis", program != "", "neither redis-server nor valkey-server is in PATH")
	dir, err := os.MkdirTemp("", "charter-redis-")
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{URL: "redis://127.0.0.1:" + strconv.Itoa(port), Port: port, dir: dir}
	s.command = append([]string{
		program, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--loglevel", "warning",
	}, args...)
	s.run(t)
	return s
}

// run starts the process and waits until it listens.
func (s *Server) run(t testing.TB) {
	t.Helper()
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.cmd = exec.Command(s.command[0], s.command[1:]...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := s.await(); err != nil {
		text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.Stop()
		t.Fatalf("%v\n%s", err, text)
	}
}

// Crash kills the process.
func (s *Server) Crash() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// Restart starts the process again over its files, and returns when it listens;
// it may still be reading them.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.run(t)
}

// Addr is where the process listens.
func (s *Server) Addr() string { return "127.0.0.1:" + strconv.Itoa(s.Port) }

// Dir is where its files are.
func (s *Server) Dir() string { return s.dir }

// Program returns the engine's server program, or "".
func Program() string {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	if port > 50000 { // a cluster's bus listens 10000 above
		port -= 20000
	}
	return port, nil
}

func (s *Server) await() error {
	for range 300 {
		conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(s.Port))
		if err == nil {
			return conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("the engine does not listen after 15 s")
}

// Stop ends the server and removes its files.
func (s *Server) Stop() {
	s.Crash()
	os.RemoveAll(s.dir)
}
