package faults

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/daemon"
	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/pgtest"
)

// A pair is two PostgreSQL servers under Patroni, with synchronous replication and
// etcd to decide who is the primary.
type pair struct {
	t     *testing.T
	dir   string
	as    *syscall.SysProcAttr
	bin   string
	etcd  string // address of its clients
	nodes [2]node
}

type node struct {
	name, data, postgres, rest string
	patroni                    *exec.Cmd
}

func newPair(t *testing.T) *pair {
	t.Helper()
	bin, _ := pgtest.Programs()
	dir, err := os.MkdirTemp("", "charter-patroni-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &pair{t: t, dir: dir, bin: bin, etcd: fleet.FreeAddr(t)}
	if p.as, err = daemon.Unprivileged(dir, "postgres"); err != nil {
		t.Fatal(err)
	}
	peer := fleet.FreeAddr(t)
	p.start("etcd", "etcd", "--data-dir", filepath.Join(dir, "etcd"), "--listen-client-urls", "http://"+p.etcd, "--advertise-client-urls", "http://"+p.etcd,
		"--listen-peer-urls", "http://"+peer, "--initial-advertise-peer-urls", "http://"+peer, "--initial-cluster", "default=http://"+peer)
	for i := range p.nodes {
		name := fmt.Sprintf("node%d", i+1)
		p.nodes[i] = node{name: name, data: filepath.Join(dir, name), postgres: fleet.FreeAddr(t), rest: fleet.FreeAddr(t)}
		p.run(i)
	}
	p.await("a primary and a synchronous standby", func() bool { return p.role("leader") != nil && p.role("sync_standby") != nil })
	return p
}

// start runs a program, which ends with the test.
func (p *pair) start(name, program string, args ...string) *exec.Cmd {
	p.t.Helper()
	log, err := os.Create(filepath.Join(p.dir, name+".log"))
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = p.as, p.dir, log, log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		log.Close()
		if p.t.Failed() {
			text, _ := os.ReadFile(log.Name())
			p.t.Logf("%s said, in the end:\n%s", name, text[max(0, len(text)-2000):])
		}
	})
	return cmd
}

// run starts Patroni on a node; it starts PostgreSQL.
func (p *pair) run(i int) {
	p.t.Helper()
	n := &p.nodes[i]
	config := fmt.Sprintf(`scope: charter
name: %[1]s
restapi: {listen: %[2]s, connect_address: %[2]s}
etcd3: {host: %[3]s}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 5
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      parameters: {wal_log_hints: "on", max_connections: 200}
  initdb: [encoding: UTF8]
postgresql:
  listen: %[4]s
  connect_address: %[4]s
  data_dir: %[5]s
  bin_dir: %[6]s
  pgpass: %[7]s/%[1]s.pgpass
  authentication:
    superuser: {username: postgres}
    replication: {username: postgres}
  parameters: {unix_socket_directories: %[7]s}
  pg_hba: [host all all 127.0.0.1/32 trust, host replication all 127.0.0.1/32 trust, local all all trust]
`, n.name, n.rest, p.etcd, n.postgres, n.data, p.bin, p.dir)
	path := filepath.Join(p.dir, n.name+".yml")
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
		p.t.Fatal(err)
	}
	n.patroni = p.start(n.name+"-"+strconv.FormatInt(time.Now().UnixNano(), 36), "patroni", path)
	p.t.Cleanup(func() { p.die(i) })
}

// role returns the node that has a role in the cluster, or nil.
func (p *pair) role(role string) *node {
	var view struct {
		Members []struct{ Name, Role, State string }
	}
	for _, n := range p.nodes {
		res, err := (&http.Client{Timeout: time.Second}).Get("http://" + n.rest + "/cluster")
		if err != nil {
			continue
		}
		err = json.NewDecoder(res.Body).Decode(&view)
		res.Body.Close()
		if err == nil {
			break
		}
	}
	for _, m := range view.Members {
		for i := range p.nodes {
			if m.Name == p.nodes[i].name && m.Role == role && (m.State == "running" || m.State == "streaming") {
				return &p.nodes[i]
			}
		}
	}
	return nil
}

func (p *pair) await(what string, is func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("there is not: %s", what)
		}
	}
}

// url has both servers; the driver finds the one that can be written to.
func (p *pair) url() string {
	return "postgres://postgres@" + p.nodes[0].postgres + "," + p.nodes[1].postgres + "/postgres?sslmode=disable&target_session_attrs=read-write"
}

// die ends everything on a node at once, as a power cut does.
func (p *pair) die(i int) {
	n := &p.nodes[i]
	n.patroni.Process.Kill()
	n.patroni.Wait()
	content, err := os.ReadFile(filepath.Join(n.data, "postmaster.pid"))
	if err != nil {
		return
	}
	postmaster, err := strconv.Atoi(strings.SplitN(string(content), "\n", 2)[0])
	if err != nil {
		return
	}
	sessions := children(postmaster)
	for _, pid := range append([]int{postmaster}, sessions...) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	for range 100 {
		if c, err := net.DialTimeout("tcp", n.postgres, time.Second); err != nil {
			return
		} else {
			c.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// children returns the processes that a process has started.
func children(of int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// pid (name) state ppid …
		_, rest, _ := strings.Cut(string(content), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[1] == strconv.Itoa(of) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
