package sweeping

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/store/sqlstore"
)

// A table is a database whose tokens are over.
type table struct {
	db *sqlx.DB
	// fill adds so many tokens, whose digests and expiries are in no order, as those
	// of a server are.
	fill string
	rows int
}

const tokenColumns = "digest, kind, grant_id, client_id, client_digest, scopes, resources, parameters, props, wrapped_key, created_at, expires_at, consumed_at, successor, reply, sweep_at"

// The parameters are a first number, a last number, and the time that the tokens
// are over at, at the latest, in microseconds.
const (
	fillSQLite = `INSERT INTO charter_tokens (` + tokenColumns + `)
		WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
		SELECT substr(hex(randomblob(22)), 1, 43) AS digest, 'access_token', 'grant-' || (i / 8), 'https://client.example.com/metadata', '', '["read"]', '["https://api.example.com"]',
			'', '', hex(randomblob(45)), $3 - 7200000000, $3 - i % 3600000000, 0, '', '', $3 - i * 7919 % 3600000000 FROM n ORDER BY digest`
	fillPostgreSQL = `INSERT INTO charter_tokens (` + tokenColumns + `)
		SELECT substr(md5(i::text) || md5((i + 1)::text), 1, 43), 'access_token', 'grant-' || (i / 8), 'https://client.example.com/metadata', '', '["read"]', '["https://api.example.com"]',
			'', '', md5((i + 2)::text) || md5((i + 3)::text), $3::bigint - 7200000000, $3::bigint - i * 7919 % 3600000000, 0, '', '', $3::bigint - i * 7919 % 3600000000 FROM generate_series($1::bigint, $2::bigint) AS i`
)

// make fills the tables of st, which has no schema yet, and closes it.
func (x *table) make(t *testing.T, st *sqlstore.Store) {
	t.Helper()
	ctx, begin := context.Background(), time.Now()
	if err := st.Migrate(ctx, charter.Schema); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	indexes := []string{"grant", "client", "sweep"}
	columns := map[string]string{"grant": "grant_id", "client": "client_digest", "sweep": "sweep_at"}
	for _, name := range indexes {
		x.do(t, "DROP INDEX charter_tokens_"+name)
	}
	over := time.Now().Add(-time.Second).UnixMicro()
	x.do(t, x.fill, 1, x.rows, over)
	for _, name := range indexes {
		x.do(t, fmt.Sprintf("CREATE INDEX charter_tokens_%s ON charter_tokens (%s)", name, columns[name]))
	}
	t.Logf("%d tokens that are over were added in %v", x.rows, time.Since(begin).Round(time.Second))
}

func (x *table) do(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := x.db.Exec(statement, args...); err != nil {
		t.Fatal(err)
	}
}

// swept reports whether none of the tokens is left.
func (x *table) swept(t *testing.T) bool {
	t.Helper()
	var n int
	err := x.db.Get(&n, x.db.Rebind(`SELECT COUNT(*) FROM (SELECT 1 FROM charter_tokens WHERE sweep_at > 0 AND sweep_at <= ? LIMIT 1) AS left_over`), time.Now().UnixMicro())
	if err != nil {
		t.Fatal(err)
	}
	return n == 0
}
