package redisstore_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/charterauth/charter/impl/internal/nthcall"
	"github.com/charterauth/charter/impl/internal/redistest"
)

// The engine says all of these instead of carrying a command out.
var engineFaults = []nthcall.Fault{
	{Name: "READONLY", Err: engineSays("READONLY You can't write against a read only replica."), Undone: true},
	{Name: "OOM", Err: engineSays("OOM command not allowed when used memory > 'maxmemory'."), Undone: true},
	{Name: "LOADING", Err: engineSays("LOADING Redis is loading the dataset in memory"), Undone: true},
	{Name: "MOVED", Err: engineSays("MOVED 3999 127.0.0.1:1"), Undone: true},
	{Name: "CLUSTERDOWN", Err: engineSays("CLUSTERDOWN The cluster is down"), Undone: true},
	{Name: "MISCONF", Err: engineSays("MISCONF Errors writing to the AOF file"), Undone: true},
	{Name: "BUSY", Err: engineSays("BUSY Redis is busy running a script."), Undone: true},
	{Name: "NOREPLICAS", Err: engineSays("NOREPLICAS Not enough good replicas to write."), Undone: true},
	{Name: "connection lost", Err: io.ErrUnexpectedEOF},
}

// REL-7, REL-12: every call to the engine fails once, with each error, before
// and after it took effect.
func TestEveryEngineCallFails(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	t.Cleanup(server.Stop)
	wire := newFailingWire(t, fmt.Sprintf("127.0.0.1:%d", server.Port))
	failures := nthcall.EngineCalls(t, open(t, "redis://"+wire.addr), wire, engineFaults)
	t.Logf("%d failures", failures)
	if failures < 40 {
		t.Error("too few: the engine was hardly called")
	}
}

// With replicas to wait for, WAIT fails too: the write has happened, and was not
// acknowledged.
func TestEveryWaitFails(t *testing.T) {
	primary := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	t.Cleanup(primary.Stop)
	replica := redistest.Start(t, "--replicaof", fmt.Sprintf("127.0.0.1 %d", primary.Port), "--appendonly", "yes", "--appendfsync", "always")
	t.Cleanup(replica.Stop)
	wire := newFailingWire(t, fmt.Sprintf("127.0.0.1:%d", primary.Port))
	st := open(t, "redis://"+wire.addr+"?replicas=1")
	awaitWrites(t, st)
	lost := []nthcall.Fault{{Name: "connection lost", Err: io.ErrUnexpectedEOF, Kept: true}}
	failures := nthcall.EngineCalls(t, st, wire, lost)
	t.Logf("%d failures", failures)
}

// The client of a cluster sends again what the engine refused to carry out, and
// nothing else: an answer that was lost is told as lost.
func TestEveryClusterCallFails(t *testing.T) {
	wire := newFailingWire(t, "")
	_, port, _ := strings.Cut(wire.addr, ":")
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always",
		"--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", port)
	t.Cleanup(server.Stop)
	wire.engine = fmt.Sprintf("127.0.0.1:%d", server.Port)
	admin := redis.NewClient(&redis.Options{Addr: wire.engine})
	defer admin.Close()
	if err := admin.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	url := "redis://" + wire.addr + "?cluster=true"
	awaitCluster(t, url)
	faults := slices.DeleteFunc(slices.Clone(engineFaults), func(f nthcall.Fault) bool { return f.Name == "MOVED" })
	for i := range faults {
		switch faults[i].Name {
		case "READONLY", "LOADING", "CLUSTERDOWN", "NOREPLICAS":
			faults[i].Transient = true
		}
	}
	failures := nthcall.EngineCalls(t, open(t, url), wire, faults)
	t.Logf("%d failures", failures)
	if failures < 40 {
		t.Error("too few: the engine was hardly called")
	}
}
