package pgtest

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/charterauth/charter/impl/internal/require"
)

// A Cluster is a PostgreSQL of one test's own, which it may stop, crash and start
// again. It writes durably, as PostgreSQL does by default.
type Cluster struct {
	t        testing.TB
	c        *cluster
	settings []string
}

// Start starts a cluster with settings, each as name=value. It ends with the
// test. Without PostgreSQL's programs it does what DSN does.
func Start(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	bin, found := programs()
	require.Engine(t, "postgres", found, "initdb and postgres are neither in PATH nor in /usr/lib/postgresql")
	c, err := initialize(bin)
	if err != nil {
		t.Fatal(err)
	}
	cluster := &Cluster{t: t, c: c}
	for _, s := range settings {
		cluster.settings = append(cluster.settings, "-c", s)
	}
	t.Cleanup(func() {
		cluster.end(syscall.SIGQUIT)
		os.RemoveAll(c.dir)
	})
	cluster.Restart()
	return cluster
}

// Restart starts the server after Stop or Crash, and returns when it answers.
func (c *Cluster) Restart() {
	c.t.Helper()
	if err := c.c.run(c.settings...); err != nil {
		c.t.Fatal(err)
	}
	if err := c.c.await(); err != nil {
		c.t.Fatal(err)
	}
}

// Stop ends the server in order, breaking off its sessions.
func (c *Cluster) Stop() { c.end(syscall.SIGINT) }

// Crash ends the server at once; it recovers from its log at Restart.
func (c *Cluster) Crash() { c.end(syscall.SIGQUIT) }

func (c *Cluster) end(s syscall.Signal) {
	if c.c.server == nil || c.c.server.ProcessState != nil {
		return
	}
	c.c.server.Process.Signal(s)
	c.c.server.Wait()
}

// Addr is where the server listens.
func (c *Cluster) Addr() string { return fmt.Sprintf("127.0.0.1:%d", c.c.port) }

// Data is the data directory.
func (c *Cluster) Data() string { return c.c.data() }

// Own gives a directory and all in it to the account that the server runs as.
func (c *Cluster) Own(dir string) {
	c.t.Helper()
	who := c.c.owner.Credential
	if who == nil {
		return // ours
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, int(who.Uid), int(who.Gid)))
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// Program returns the path of a program of this PostgreSQL.
func (c *Cluster) Program(name string) string { return filepath.Join(c.c.bin, name) }

// URL is that of the cluster's one database; through, when not empty, is the
// address of a relay to it.
func (c *Cluster) URL(through string) string {
	if through == "" {
		through = c.Addr()
	}
	return "postgres://charter@" + through + "/postgres?sslmode=disable"
}

// Connections returns how many client connections the server has, without the
// one that asks.
func (c *Cluster) Connections() int {
	c.t.Helper()
	var n int
	c.Query(&n, `SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`)
	return n
}

// Query runs a query of one value; into may be nil.
func (c *Cluster) Query(into any, query string) {
	c.t.Helper()
	db, err := sql.Open("pgx", c.URL(""))
	if err != nil {
		c.t.Fatal(err)
	}
	defer db.Close()
	if into == nil {
		_, err = db.Exec(query)
	} else {
		err = db.QueryRow(query).Scan(into)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// Programs returns the directory of PostgreSQL's programs, if it is here.
func Programs() (dir string, found bool) { return programs() }
