package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore"
)

// onEachEngine runs a test on every engine.
func onEachEngine(t *testing.T, test func(t *testing.T, e *engine)) {
	t.Run("SQLite", func(t *testing.T) { test(t, sqliteEngine()) })
	t.Run("PostgreSQL", func(t *testing.T) {
		pgtest.DSN(t)
		test(t, postgresEngine())
	})
	t.Run("MariaDB", func(t *testing.T) {
		mysqltest.URL(t)
		test(t, mysqlEngine())
	})
}

func (e *engine) store(t testing.TB) *sqlstore.Store { return e.harness().Open(t).(*sqlstore.Store) }

type busy struct{}

func (busy) Error() string    { return "rolled back for the sake of another" }
func (busy) Code() int        { return 5 }       // SQLITE_BUSY
func (busy) SQLState() string { return "40001" } // serialization_failure; MySQL tells it by a number, see TestClassify

// What was certainly rolled back is tried again, three times; nothing else is,
// and no failure leaves anything behind.
func TestRetry(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		s, broken := e.store(t), errors.New("connection reset")
		for i, c := range []struct {
			errs []error
			runs int
			want error
		}{
			{nil, 1, nil},
			{[]error{busy{}}, 2, nil},
			{[]error{busy{}, busy{}, busy{}}, 4, nil},
			{[]error{busy{}, busy{}, busy{}, busy{}}, 4, store.ErrUnavailable},
			{[]error{broken}, 1, store.ErrUnavailable},
			{[]error{busy{}, broken}, 2, store.ErrUnavailable},
			{[]error{store.ErrConsumed}, 1, store.ErrConsumed},
		} {
			mark := fmt.Sprint("mark-", i)
			runs, err := s.WriteFailing(t.Context(), mark, c.errs...)
			if runs != c.runs || !errors.Is(err, c.want) {
				t.Errorf("failing with %v: ran %d times, %v; want %d, %v", c.errs, runs, err, c.runs, c.want)
			}
			var marks int
			if err := s.WriteRow(t.Context(), `SELECT COUNT(*) FROM charter_marks WHERE id = '`+mark+`'`, &marks); err != nil {
				t.Fatal(err)
			}
			if (marks == 1) != (c.want == nil) {
				t.Errorf("failing with %v left %d marks", c.errs, marks)
			}
		}
	})
}

// A retry waits no longer than its caller.
func TestRetryCancelled(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		s := e.store(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("gone"))
		if runs, err := s.WriteFailing(ctx, "mark", busy{}); runs > 1 || !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("ran %d times, %v", runs, err)
		}
	})
}

// The first instant of 1970 is a time like any other, though the columns have 0
// for no time.
func TestEpoch(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		s, ctx, first := e.store(t), t.Context(), time.Unix(0, 0)
		spent := token("spent", "")
		spent.ExpiresAt = first
		if err := s.Issue(ctx, nil, spent); err != nil {
			t.Fatal(err)
		}
		for i, want := range []error{nil, store.ErrConsumed} {
			if err := s.ConsumeToken(ctx, store.Consumption{Token: spent.Digest, At: first}); !errors.Is(err, want) {
				t.Errorf("ConsumeToken, call %d: got %v, want %v", i+1, err, want)
			}
		}
		got, _, err := s.Token(ctx, spent.Digest)
		if err != nil || got.ExpiresAt.IsZero() || got.ExpiresAt.After(first) {
			t.Errorf("a token that expired in 1970: %v, %v", got.ExpiresAt, err)
		}
	})
}

// A text that its column cannot hold is refused before an engine cuts it; one
// that just fits is kept. Lengths are in characters, not bytes.
func TestLength(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		s, ctx := e.store(t), t.Context()
		for _, c := range []struct {
			what string
			most int
			add  func(text string) error
		}{
			{"Client.ID", 255, func(x string) error {
				_, err := s.RegisterClient(ctx, store.Client{ID: x}, time.Time{})
				return err
			}},
			{"Client.Source", 32, func(x string) error {
				_, err := s.RegisterClient(ctx, store.Client{ID: "source-" + x, Source: x}, time.Time{})
				return err
			}},
			{"Grant.ID", 64, func(x string) error { return s.Issue(ctx, &store.Grant{ID: x}) }},
			{"Grant.Subject", 255, func(x string) error { return s.Issue(ctx, &store.Grant{ID: fmt.Sprint("g", len(x)), Subject: x}) }},
			{"Token.Kind", 32, func(x string) error {
				return s.Issue(ctx, nil, store.Token{Digest: store.NewDigest("kind", x), Kind: store.Kind(x)})
			}},
			{"Token.GrantID", 64, func(x string) error { return s.Issue(ctx, nil, token("of "+x, x)) }},
			{"Session.ID", 64, func(x string) error {
				return s.CreateSession(ctx, store.Session{Digest: store.NewDigest("i", x), ID: x}, store.Digest{})
			}},
			{"Grant.SessionID", 64, func(x string) error { return s.Issue(ctx, &store.Grant{ID: fmt.Sprint("s", len(x)), SessionID: x}) }},
			{"Delivery.ID", 64, func(x string) error { return s.Enqueue(ctx, store.Delivery{ID: x}) }},
			{"Session.Subject", 255, func(x string) error {
				return s.CreateSession(ctx, store.Session{Digest: store.NewDigest("s", x), ID: fmt.Sprint("s", len(x)), Subject: x}, store.Digest{})
			}},
			{"Account.ID", 255, func(x string) error { return s.ReplaceAccount(ctx, store.Account{ID: x, Name: fmt.Sprint(len(x))}) }},
			{"Account.Name", 255, func(x string) error { return s.ReplaceAccount(ctx, store.Account{ID: fmt.Sprint(len(x)), Name: x}) }},
			{"Account.PasswordHash", 512, func(x string) error {
				return s.ReplaceAccount(ctx, store.Account{ID: fmt.Sprint("h", len(x)), Name: fmt.Sprint("h", len(x)), PasswordHash: x})
			}},
			{"Key.ID", 128, func(x string) error { return s.CreateKey(ctx, store.Key{ID: x, Generation: int64(len(x))}) }},
			{"Key.Use", 32, func(x string) error { return s.CreateKey(ctx, store.Key{ID: fmt.Sprint("u", len(x)), Use: x}) }},
			{"Key.Algorithm", 32, func(x string) error {
				return s.CreateKey(ctx, store.Key{ID: fmt.Sprint("a", len(x)), Algorithm: x})
			}},
			{"Event.ID", 64, func(x string) error { return s.Record(ctx, store.Event{ID: x}) }},
			{"Event.Reason", 64, func(x string) error { return s.Record(ctx, store.Event{ID: fmt.Sprint("r", len(x)), Reason: x}) }},
			{"Event.Address", 64, func(x string) error { return s.Record(ctx, store.Event{ID: fmt.Sprint("d", len(x)), Address: x}) }},
		} {
			if err := c.add(wide(c.most + 1)); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("%s of %d characters: got %v, want %v", c.what, c.most+1, err, store.ErrInvalid)
			}
			if err := c.add(wide(c.most)); err != nil {
				t.Errorf("%s of %d characters: %v", c.what, c.most, err)
			}
		}
	})
}

// wide is a text of n characters of four bytes each.
func wide(n int) string {
	text := make([]rune, n)
	for i := range text {
		text[i] = '🔑'
	}
	return string(text)
}

func TestMigrate(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		ctx, s := t.Context(), e.handle(t, e.make(t))
		for _, call := range []func() error{
			func() error { return s.CheckSchema(ctx) },
			func() error { return s.CheckSchema(ctx) }, // looking changes nothing
		} {
			mentions(t, "no schema", call(), "no Charter schema", "version 2", "charter migrate")
		}
		for range 2 {
			if err := s.Migrate(ctx, charter.Schema); err != nil {
				t.Fatalf("Migrate: %v", err)
			}
			if err := s.CheckSchema(ctx); err != nil {
				t.Fatalf("CheckSchema: %v", err)
			}
		}
		if err := s.CheckSchema(ctx); err != nil {
			t.Errorf("CheckSchema: %v", err)
		}
	})
}

func mentions(t *testing.T, what string, err error, words ...string) {
	t.Helper()
	if !errors.Is(err, sqlstore.ErrSchema) {
		t.Fatalf("%s: got %v, want ErrSchema", what, err)
	}
	for _, w := range words {
		if !contains(err.Error(), w) {
			t.Errorf("%s: %q does not say %q", what, err, w)
		}
	}
}

// Processes that start at once over a new database all end with one schema.
func TestMigrateTogether(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *engine) {
		for range 5 {
			source := e.make(t)
			var wg sync.WaitGroup
			for range 4 {
				s := e.handle(t, source)
				wg.Go(func() {
					if err := s.Migrate(context.Background(), charter.Schema); err != nil {
						t.Errorf("Migrate: %v", err)
					}
				})
			}
			wg.Wait()
			s := e.handle(t, source)
			var rows int
			if err := s.WriteRow(t.Context(), `SELECT COUNT(*) FROM charter_schema`, &rows); err != nil || rows != 1 {
				t.Errorf("charter_schema has %d rows (%v)", rows, err)
			}
			if err := s.Issue(t.Context(), &store.Grant{ID: "g"}); err != nil {
				t.Errorf("Issue: %v", err)
			}
		}
	})
}

// A database whose locale orders text as people do lists in the order of bytes,
// and does so from an index.
func TestPostgreSQLLocale(t *testing.T) {
	source := pgtest.DSN(t)
	db := sqlx.MustConnect("pgx", source)
	defer db.Close()
	if _, err := db.Exec(`CREATE DATABASE people TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`); err != nil {
		t.Skipf("this PostgreSQL has no such locale: %v", err)
	}
	var peoples bool
	people := otherDatabase(source, "people")
	other := sqlx.MustConnect("pgx", people)
	defer other.Close()
	if err := other.Get(&peoples, `SELECT 'a' < 'B'`); err != nil || !peoples {
		t.Fatalf("the database orders by bytes anyway (%v)", err)
	}
	e := postgresEngine()
	e.make = func(testing.TB) string { return people }
	s := e.store(t)
	for _, id := range []string{"b", "A", "_", "a", "B"} {
		if err := s.ReplaceAccount(t.Context(), store.Account{ID: id, Name: id}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Accounts(t.Context(), "A", 10)
	got := ""
	for _, a := range list {
		got += a.ID
	}
	if err != nil || got != "B_ab" {
		t.Errorf("behind A: %q (%v), want %q", got, err, "B_ab")
	}
}
