package faults

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/internal/redistest"
)

// A database is a server of one test's own.
type database interface {
	Addr() string
	// URL is its --store; through, when not empty, is a relay to it.
	URL(through string) string
	// Crash ends it at once, and Restart starts it again over its files.
	Crash()
	Restart()
}

// A redisServer is a durable Redis.
type redisServer struct {
	*redistest.Server
	t *testing.T
}

func startRedis(t *testing.T) database {
	s := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	t.Cleanup(s.Stop)
	return redisServer{s, t}
}

func (s redisServer) URL(through string) string {
	if through == "" {
		through = s.Addr()
	}
	return "redis://" + through
}

func (s redisServer) Restart() { s.Server.Restart(s.t) }

// engines are the database servers, and how each is made to take no writes.
var engines = []struct {
	name     string
	start    func(*testing.T) database
	readOnly func(t *testing.T, db database, yes bool)
}{
	{"postgres", func(t *testing.T) database { return pgtest.Start(t) }, func(_ *testing.T, db database, yes bool) {
		statement := `ALTER DATABASE postgres SET default_transaction_read_only = on`
		if !yes {
			statement = `BEGIN READ WRITE; ALTER DATABASE postgres RESET default_transaction_read_only; COMMIT`
		}
		db.(*pgtest.Cluster).Query(nil, statement)
	}},
	{"mariadb", func(t *testing.T) database { return mysqltest.Start(t) }, func(_ *testing.T, db database, yes bool) {
		value := "ON"
		if !yes {
			value = "OFF"
		}
		db.(*mysqltest.Server).Exec("SET GLOBAL read_only = " + value)
	}},
	{"redis", startRedis, func(t *testing.T, db database, yes bool) {
		// A replica of nobody, as one that was demoted while its primary is away.
		host, port := "127.0.0.1", "1"
		if !yes {
			host, port = "NO", "ONE"
		}
		admin := redis.NewClient(&redis.Options{Addr: db.Addr()})
		defer admin.Close()
		if err := admin.ReplicaOf(context.Background(), host, port).Err(); err != nil {
			t.Fatal(err)
		}
	}},
}

// What happens to PostgreSQL in tests of their own happens to the other engines
// here, one after the other: far away, gone, crashed, read-only and silent.
func TestOtherDatabases(t *testing.T) {
	for _, engine := range engines[1:] {
		t.Run(engine.name, func(t *testing.T) {
			w := newWiredTo(t, engine.start(t), 1)
			a := w.tokens(t)
			w.wire.Delay(25 * time.Millisecond)
			for range 3 {
				a = w.client.Renew(context.Background(), w.via, a.Refresh).Must(t, "refresh over a long way")
			}
			w.wire.Delay(0)

			w.wire.Down()
			w.unavailable(t, a, 2*time.Second)
			w.wire.Up()
			a = w.recovers(t, a)

			w.database.Crash()
			w.unavailable(t, a, 2*time.Second)
			w.database.Restart()
			a = w.recovers(t, a)

			engine.readOnly(t, w.database, true)
			w.wire.Cut()
			w.readsOnly(t, a)
			engine.readOnly(t, w.database, false)
			w.wire.Cut()
			a = w.recovers(t, a)

			w.wire.Stall()
			w.unavailable(t, a, 9*time.Second)
			w.wire.Up()
			w.recovers(t, a)
		})
	}
}

// readsOnly sees that reads go on, that writes are 503, and that the process is
// not ready.
func (w *wired) readsOnly(t *testing.T, a fleet.Answer) {
	t.Helper()
	ctx := context.Background()
	if !until(func() bool { return w.client.Introspect(ctx, w.via, a.Access).Outcome == fleet.OK }) {
		t.Error("reads do not go on")
	}
	for name, got := range map[string]fleet.Answer{
		"refresh": w.client.Renew(ctx, w.via, a.Refresh), "revocation": w.client.Revoke(ctx, w.via, a.Access), "client credentials": w.client.Own(ctx, w.via),
	} {
		if got.Status != http.StatusServiceUnavailable || got.Outcome != fleet.Unknown {
			t.Errorf("%s: %v", name, got)
		}
	}
	if fleet.Ready(w.Processes[0].Addr) {
		t.Error("ready, though it cannot write")
	}
}
