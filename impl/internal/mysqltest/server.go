package mysqltest

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

// A Server is a MariaDB of one test's own, with one database, which the test may
// crash and start again. It writes durably, as MariaDB does by default.
type Server struct {
	t testing.TB
	s *server
}

// user may do what charter needs and nothing more: it is no SUPER, whom a server
// that is read-only lets write.
const user = "charter"

// Start starts a server with settings, each as --name=value. It ends with the
// test. Without MariaDB's programs it does what URL does.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	install, program := programs(t)
	s, err := initialize(install, program, append([]string{"--max-connections=300"}, settings...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.end(syscall.SIGKILL)
		os.RemoveAll(s.dir)
	})
	server := &Server{t, s}
	server.Restart()
	server.Exec("CREATE DATABASE " + user)
	server.Exec("CREATE USER " + user + "@'%'")
	server.Exec("GRANT ALL ON " + user + ".* TO " + user + "@'%'")
	return server
}

// Restart starts the server after Crash, and returns when it answers.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.s.run(); err != nil {
		s.t.Fatal(err)
	}
}

// Crash ends the server at once; it recovers from its log at Restart.
func (s *Server) Crash() { s.s.end(syscall.SIGKILL) }

// Addr is where the server listens.
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.s.port) }

// Data is the data directory.
func (s *Server) Data() string { return s.s.data() }

// URL is that of the server's one database; through, when not empty, is the
// address of a relay to it.
func (s *Server) URL(through string) string {
	if through == "" {
		through = s.Addr()
	}
	return "mysql://" + user + "@" + through + "/" + user
}

// Source is the driver's form of URL, for the administrator.
func (s *Server) Source() string { return s.s.source(user) }

// Exec runs a statement as the administrator.
func (s *Server) Exec(statement string) {
	s.t.Helper()
	if err := s.s.exec(statement); err != nil {
		s.t.Fatal(err)
	}
}
