package sqlstore_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// The floor of each engine is one bare, durable INSERT of a row as wide as a
// token, through a prepared statement on a pool that keeps its connections: what
// a store cannot do without. Compare within one run; run with -cpu 1,16 to see
// concurrent writes share a commit.

func onEveryEngine(b *testing.B, bench func(b *testing.B, s store.Store)) {
	b.Run("memory", func(b *testing.B) { bench(b, memory.New()) })
	b.Run("SQLite", func(b *testing.B) { bench(b, sqliteEngine().harness().Open(b)) })
	b.Run("PostgreSQL", func(b *testing.B) {
		pgtest.DSN(b)
		bench(b, postgresEngine().harness().Open(b))
	})
	b.Run("MariaDB", func(b *testing.B) {
		mysqltest.URL(b)
		bench(b, mysqlEngine().harness().Open(b))
	})
}

// parallelism is how many requests are under way at once, for each processor.
const parallelism = 8

func inParallel(b *testing.B, f func(i int64) error) {
	b.ReportAllocs()
	b.SetParallelism(parallelism)
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := f(n.Add(1)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

var benchTime = time.Date(2026, time.March, 29, 1, 0, 0, 0, time.UTC)

func benchDigest(b *testing.B, what string, i int64) store.Digest {
	return store.NewDigest(store.RefreshToken, fmt.Sprint(b.Name(), what, b.N, i))
}

func benchGrant(b *testing.B, i int64) store.Grant {
	return store.Grant{
		ID: benchDigest(b, "grant", i).String()[:22], Subject: "5f0c2a1e9b7d4c6f", ClientID: "c-5f0c2a1e9b7d4c6f",
		Scopes: []string{"read", "write"}, Resources: []string{"https://api.example/v1"},
		CreatedAt: benchTime, LastUsedAt: benchTime, ExpiresAt: benchTime.Add(time.Hour),
	}
}

func benchToken(b *testing.B, what string, g store.Grant, i int64) store.Token {
	return store.Token{
		Digest: benchDigest(b, what, i), Kind: store.RefreshToken, GrantID: g.ID, ClientID: g.ClientID,
		Scopes: g.Scopes, Resources: g.Resources, CreatedAt: benchTime, ExpiresAt: benchTime.Add(time.Hour),
	}
}

// BenchmarkIssue adds a grant with an access and a refresh token.
func BenchmarkIssue(b *testing.B) {
	onEveryEngine(b, func(b *testing.B, s store.Store) {
		inParallel(b, func(i int64) error {
			g := benchGrant(b, i)
			return s.Issue(b.Context(), &g, benchToken(b, "access", g, i), benchToken(b, "refresh", g, i))
		})
	})
}

// BenchmarkConsumeToken spends a refresh token for an access and a refresh token.
func BenchmarkConsumeToken(b *testing.B) {
	onEveryEngine(b, func(b *testing.B, s store.Store) {
		for i := range int64(b.N) {
			g := benchGrant(b, i+1)
			if err := s.Issue(b.Context(), &g, benchToken(b, "spent", g, i+1)); err != nil {
				b.Fatal(err)
			}
		}
		inParallel(b, func(i int64) error {
			g := benchGrant(b, i)
			next := benchToken(b, "refresh", g, i)
			return s.ConsumeToken(b.Context(), store.Consumption{
				Token: benchDigest(b, "spent", i), At: benchTime, Successor: next.Digest, Reply: make([]byte, 200),
				Successors: []store.Token{benchToken(b, "access", g, i), next}, GrantExpiresAt: benchTime.Add(time.Hour),
			})
		})
	})
}

// BenchmarkToken looks up one of 1,000 tokens.
func BenchmarkToken(b *testing.B) {
	onEveryEngine(b, func(b *testing.B, s store.Store) {
		const tokens = 1000
		for i := range int64(tokens) {
			g := benchGrant(b, i)
			if err := s.Issue(b.Context(), &g, benchToken(b, "known", g, i)); err != nil {
				b.Fatal(err)
			}
		}
		known := make([]store.Digest, tokens)
		for i := range known {
			known[i] = benchDigest(b, "known", int64(i))
		}
		inParallel(b, func(i int64) error {
			_, _, err := s.Token(b.Context(), known[i%tokens])
			return err
		})
	})
}

// BenchmarkFloor is the bare INSERT.
func BenchmarkFloor(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "floor.db")
		floor(b, "sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)", 1, sqlx.QUESTION)
	})
	b.Run("PostgreSQL", func(b *testing.B) { floor(b, "pgx", pgtest.DSN(b), 16, sqlx.DOLLAR) })
}

func floor(b *testing.B, driver, source string, connections, bind int) {
	db, err := sqlx.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if _, err := db.Exec(`CREATE TABLE floor (digest VARCHAR(43) PRIMARY KEY, row_text TEXT)`); err != nil {
		b.Fatal(err)
	}
	stmt, err := db.Prepare(sqlx.Rebind(bind, `INSERT INTO floor (digest, row_text) VALUES (?, ?)`))
	if err != nil {
		b.Fatal(err)
	}
	row := fmt.Sprintf("%0200d", 7)
	inParallel(b, func(i int64) error {
		_, err := stmt.ExecContext(context.Background(), benchDigest(b, "floor", i).String(), row)
		return err
	})
}
