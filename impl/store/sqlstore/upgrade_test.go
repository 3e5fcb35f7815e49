package sqlstore_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore"
)

// released are the versions that databases in the world have; each has its
// schema.sql and what a program of it writes in testdata.
var released = []string{"1"}

func testdata(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// From every released version a database becomes what a new one is, with all
// that was in it; and programs of that version go on writing to it.
func TestUpgrade(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		fresh := e.description(t, e.store(t))
		for _, version := range released {
			s, ctx := e.handle(t, e.make(t)), t.Context()
			create(t, s, version)
			writeAs(t, s, version, "A")
			mentions(t, "version "+version, s.CheckSchema(ctx), "version "+version, "charter migrate")
			if err := s.Migrate(ctx, charter.Schema); err != nil {
				t.Fatalf("Migrate from version %s: %v", version, err)
			}
			if got := e.description(t, s); got != fresh {
				t.Errorf("version %s and the migrations make:\n%s\nschema.sql makes:\n%s", version, got, fresh)
			}
			writeAs(t, s, version, "E")
			for _, suffix := range []string{"A", "E"} {
				readWritten(t, s, suffix)
			}
		}
	})
}

func create(t testing.TB, s *sqlstore.Store, version string) {
	t.Helper()
	text, err := os.ReadFile("testdata/schema_" + version + ".sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Define(context.Background(), string(text)); err != nil {
		t.Fatal(err)
	}
}

func writeAs(t *testing.T, s *sqlstore.Store, version, suffix string) {
	t.Helper()
	if err := s.Define(t.Context(), strings.ReplaceAll(testdata(t, "rows_"+version+".sql"), "{}", suffix)); err != nil {
		t.Fatalf("a program of version %s writes: %v", version, err)
	}
}

// readWritten reads what writeAs wrote, and goes on with it.
func readWritten(t *testing.T, s store.Store, suffix string) {
	t.Helper()
	ctx, at := t.Context(), time.Date(2026, time.November, 2, 0, 0, 0, 0, time.UTC)
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	handle := func(letter string) store.Digest {
		d, ok := store.ParseDigest(strings.Repeat("A", 41) + letter + suffix)
		if !ok {
			t.Fatal("a digest of the fixture is none")
		}
		return d
	}
	token, grant, err := s.Token(ctx, handle("B"))
	must("Token", err)
	if grant.ID != "grant-"+suffix || !slices.Equal(grant.Scopes, []string{"read"}) || string(grant.Props) != "props" || grant.SessionID != "" || grant.Parameters != nil || string(token.WrappedKey) != "key" {
		t.Errorf("Token: %+v under %+v", token, grant)
	}
	next := store.Token{Digest: store.NewDigest(store.RefreshToken, suffix), Kind: store.RefreshToken, GrantID: grant.ID}
	must("ConsumeToken", s.ConsumeToken(ctx, store.Consumption{Token: token.Digest, At: at, Successors: []store.Token{next}}))
	session, err := s.Session(ctx, handle("C"))
	must("Session", err)
	if session.ID != "session-"+suffix || session.Parameters != nil || !slices.Equal(session.Methods, []string{"pwd"}) {
		t.Errorf("Session: %+v", session)
	}
	c, err := s.Client(ctx, "client-"+suffix)
	must("Client", err)
	if len(c.Secrets) != 1 || c.Secrets[0].Sealed != nil {
		t.Errorf("Client: %+v", c)
	}
	must("ReplaceClient", s.ReplaceClient(ctx, c))
	a, err := s.AccountByName(ctx, "name-"+suffix)
	must("AccountByName", err)
	must("ReplaceAccount", s.ReplaceAccount(ctx, a))
	if n, err := s.RevokeGrants(ctx, store.GrantFilter{Subject: a.ID}, at); n != 1 || err != nil {
		t.Errorf("RevokeGrants: %d, %v", n, err)
	}
	keys, err := s.Keys(ctx)
	must("Keys", err)
	events, err := s.Events(ctx, "", 10)
	must("Events", err)
	if len(keys) != 2 || len(events) != 2 {
		t.Errorf("%d keys, %d events", len(keys), len(events))
	}
}

// Processes that migrate an older database at once all end with the new schema,
// beside one of the old version that writes all the while.
func TestUpgradeTogether(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		fresh := e.description(t, e.store(t))
		for range 3 {
			source := e.make(t)
			old := e.handle(t, source)
			create(t, old, released[0])
			ctx, stop := context.WithCancel(t.Context())
			var migrating, writing sync.WaitGroup
			writing.Go(func() {
				for ctx.Err() == nil {
					if err := old.Once(context.Background(), "upgrade", time.Now().String(), time.Now()); err != nil {
						t.Errorf("a write beside the migration: %v", err)
					}
				}
			})
			for range 4 {
				s := e.handle(t, source)
				migrating.Go(func() {
					if err := s.Migrate(context.Background(), charter.Schema); err != nil {
						t.Errorf("Migrate: %v", err)
					}
				})
			}
			migrating.Wait()
			stop()
			writing.Wait()
			if got := e.description(t, old); got != fresh {
				t.Errorf("migrated together:\n%s\nwant:\n%s", got, fresh)
			}
		}
	})
}

// A migration that was cut off is finished by the next: it left nothing, or,
// where DDL is no part of a transaction, its first statements.
func TestUpgradeCutOff(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		fresh := e.description(t, e.store(t))
		s, ctx := e.handle(t, e.make(t)), t.Context()
		create(t, s, "1")
		if err := s.StepCutOff(ctx, 2, 3); err == nil {
			t.Fatal("the step was not cut off")
		}
		mentions(t, "after the cut", s.CheckSchema(ctx), "version 1", "charter migrate")
		if err := s.Migrate(ctx, charter.Schema); err != nil {
			t.Fatalf("Migrate: %v", err)
		}
		if got := e.description(t, s); got != fresh {
			t.Errorf("made:\n%s\nwant:\n%s", got, fresh)
		}
	})
}

// An older program runs on a newer schema that is marked compatible, and refuses
// another.
func TestNewerSchema(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		s, ctx := e.store(t), t.Context()
		newer := func(compatible string) {
			if _, err := s.ReadPool().Exec(`UPDATE charter_schema SET version = 99, compatible = ` + compatible); err != nil {
				t.Fatal(err)
			}
		}
		newer("2")
		for what, call := range map[string]func() error{
			"CheckSchema": func() error { return s.CheckSchema(ctx) },
			"Migrate":     func() error { return s.Migrate(ctx, charter.Schema) },
		} {
			if err := call(); err != nil {
				t.Errorf("%s of a compatible schema: %v", what, err)
			}
		}
		newer("3")
		mentions(t, "CheckSchema", s.CheckSchema(ctx), "version 99", "knows only 2", "newer charter")
		mentions(t, "Migrate", s.Migrate(ctx, charter.Schema), "version 99", "newer charter")
	})
}

// A new schema may take longer to make than any request may wait.
func TestMigrateIsNoRequest(t *testing.T) {
	for name, slow := range map[string]string{"PostgreSQL": "SELECT pg_sleep(6)", "MariaDB": "DO SLEEP(6)"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var e *engine
			if name == "MariaDB" {
				mysqltest.URL(t)
				e = mysqlEngine()
			} else {
				pgtest.DSN(t)
				e = postgresEngine()
			}
			if err := e.handle(t, e.make(t)).Migrate(t.Context(), slow+";\n"+charter.Schema); err != nil {
				t.Error(err)
			}
		})
	}
}
