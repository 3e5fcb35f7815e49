package sqlstore

import (
	"context"
	"strings"
	"time"
)

// Sweep implements store.Store, in one transaction. Rows that somebody else is
// changing are left for the next time, so a sweep waits for nobody.
func (s *Store) Sweep(ctx context.Context, before time.Time, limit int) (removed int, err error) {
	err = s.change(ctx, func(t tx) error {
		w := &sweeping{t, micros(before), max(limit, 0)}
		if err := w.all(ctx); err != nil {
			return err
		}
		removed = max(limit, 0) - w.left
		return nil
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

// A sweeping removes what is over at before, at most left rows more.
type sweeping struct {
	tx
	before int64
	left   int
}

// all sweeps every table. Tokens come before what they belong to, so that none
// outlives it.
func (w *sweeping) all(ctx context.Context) error {
	if err := w.table(ctx, "charter_tokens", "digest", "sweep_at"); err != nil {
		return err
	}
	if err := w.withTokens(ctx, "charter_grants", "grant_id", func(id string) any { return id }); err != nil {
		return err
	}
	if err := w.withTokens(ctx, "charter_clients", "client_digest", func(id string) any { return clientDigest(id) }); err != nil {
		return err
	}
	for _, table := range []struct{ name, key string }{
		{"charter_sessions", "digest"}, {"charter_keys", "id"}, {"charter_deliveries", "id"},
		{"charter_marks", "id"}, {"charter_counters", "id"},
	} {
		if err := w.table(ctx, table.name, table.key, "expires_at"); err != nil {
			return err
		}
	}
	return nil
}

// table removes the rows that are over.
func (w *sweeping) table(ctx context.Context, table, key, expiry string) error {
	keys, err := w.over(ctx, table, key, expiry)
	if err != nil {
		return err
	}
	return w.remove(ctx, table, key, keys)
}

// over returns the keys of rows that are over, and locks them. The lower bound
// keeps rows that are never over out of the range of the index.
func (w *sweeping) over(ctx context.Context, table, key, expiry string) ([]string, error) {
	return w.keys(ctx, `SELECT `+key+` FROM `+table+` WHERE `+expiry+` > 0 AND `+expiry+` <= ? LIMIT ?{skipping}`, w.before, w.left)
}

// withTokens removes rows that are over with their tokens, whose column owner is
// what named makes of the row's identifier. The rows are locked first: whoever
// adds a token under a grant changes its row.
func (w *sweeping) withTokens(ctx context.Context, table, owner string, named func(id string) any) error {
	ids, err := w.over(ctx, table, "id", "expires_at")
	if err != nil {
		return err
	}
	for _, id := range ids {
		tokens, err := w.keys(ctx, `SELECT digest FROM charter_tokens WHERE `+owner+` = ? LIMIT ?{skipping}`, named(id), w.left)
		if err != nil {
			return err
		}
		if err := w.remove(ctx, "charter_tokens", "digest", tokens); err != nil {
			return err
		}
		if w.left == 0 {
			return nil
		}
		n, err := w.exec(ctx, `DELETE FROM `+table+` WHERE id = ? AND NOT EXISTS (SELECT 1 FROM charter_tokens WHERE `+owner+` = ?)`, id, named(id))
		if err != nil {
			return err
		}
		w.left -= int(n)
	}
	return nil
}

func (w *sweeping) keys(ctx context.Context, query string, args ...any) (keys []string, err error) {
	if w.left == 0 {
		return nil, nil
	}
	rows, err := w.on.rows(ctx, w.store.query(query), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// maxKeys is how many rows one statement removes.
const maxKeys = 100

// remove removes rows by their keys.
func (w *sweeping) remove(ctx context.Context, table, key string, keys []string) error {
	for len(keys) > 0 {
		chunk := keys[:min(len(keys), maxKeys)]
		keys = keys[len(chunk):]
		// One text for every number of keys: the last one fills the list.
		args := make([]any, maxKeys)
		for i := range args {
			args[i] = chunk[min(i, len(chunk)-1)]
		}
		n, err := w.exec(ctx, `DELETE FROM `+table+` WHERE `+key+` IN (?`+strings.Repeat(", ?", maxKeys-1)+`)`, args...)
		if err != nil {
			return err
		}
		w.left -= int(n)
	}
	return nil
}
