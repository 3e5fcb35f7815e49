package sqlstore

import (
	"context"
	"time"
)

// A sweeping removes what is over from one table. Tokens come before what they
// belong to, so that none outlives it.
type sweeping struct {
	table, key, over string // over is a condition with one ?, the time
}

const isOver = "expires_at <> 0 AND expires_at <= ?"

var sweepings = []sweeping{
	// A consumed token stays while its grant does: reuse is told by it.
	{"charter_tokens", "digest", isOver + " AND (consumed_at = 0 OR grant_id = '')"},
	{"charter_tokens", "digest", "grant_id IN (SELECT id FROM charter_grants WHERE " + isOver + ")"},
	{"charter_tokens", "digest", "grant_id = '' AND client_id IN (SELECT id FROM charter_clients WHERE " + isOver + ")"},
	{"charter_grants", "id", isOver + " AND NOT EXISTS (SELECT 1 FROM charter_tokens WHERE grant_id = charter_grants.id)"},
	{"charter_clients", "id", isOver + " AND NOT EXISTS (SELECT 1 FROM charter_tokens WHERE grant_id = '' AND client_id = charter_clients.id)"},
	{"charter_requests", "handle", isOver},
	{"charter_sessions", "digest", isOver},
	{"charter_keys", "id", isOver},
	{"charter_marks", "id", isOver},
	{"charter_counters", "id", isOver},
}

// Sweep implements store.Store. Each table is swept in a transaction of its own,
// to keep them short.
func (s *Store) Sweep(ctx context.Context, before time.Time, limit int) (removed int, err error) {
	for _, w := range sweepings {
		if removed >= limit {
			break
		}
		var n int64
		err := s.change(ctx, func(t tx) (err error) {
			n, err = t.exec(ctx, `DELETE FROM `+w.table+` WHERE `+w.key+` IN (SELECT `+w.key+` FROM `+w.table+` WHERE `+w.over+` LIMIT ?)`, micros(before), limit-removed)
			return err
		})
		if err != nil {
			return removed, err
		}
		removed += int(n)
	}
	return removed, nil
}
