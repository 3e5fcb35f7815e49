package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/store"
)

const clientColumns = "id, metadata, secrets, source, fingerprint, fingerprint_slot, shared, insecure_no_pkce, insecure_legacy_jwt, disabled_at, revision, created_at, updated_at, last_used_at, expires_at"

// clientRow returns the values of clientColumns.
func clientRow(c store.Client) ([]any, error) {
	if err := errors.Join(c.Check(), fits("client", column{c.ID, 255}, column{c.Source, 32})); err != nil {
		return nil, err
	}
	secrets := ""
	if len(c.Secrets) > 0 {
		b, err := json.Marshal(c.Secrets)
		if err != nil {
			return nil, err
		}
		secrets = string(b)
	}
	// NULL, unlike "", may stand in a unique column many times.
	var slot any
	if !c.Fingerprint.IsZero() {
		slot = digest(c.Fingerprint)
	}
	return []any{
		c.ID, string(c.Metadata), secrets, c.Source, digest(c.Fingerprint), slot, flag(c.Shared), flag(c.InsecureNoPKCE), flag(c.InsecureLegacyJWT), micros(c.DisabledAt),
		c.Revision, micros(c.CreatedAt), micros(c.UpdatedAt), micros(c.LastUsedAt), micros(c.ExpiresAt),
	}, nil
}

func scanClient(row scanner) (store.Client, error) {
	var c store.Client
	var metadata, secrets, fingerprint string
	var slot *string
	var shared, noPKCE, legacyJWT, disabled, created, updated, used, expires int64
	err := row.Scan(&c.ID, &metadata, &secrets, &c.Source, &fingerprint, &slot, &shared, &noPKCE, &legacyJWT, &disabled, &c.Revision, &created, &updated, &used, &expires)
	if err != nil {
		return store.Client{}, err
	}
	c.Metadata = document(metadata)
	if secrets != "" {
		if err := json.Unmarshal([]byte(secrets), &c.Secrets); err != nil {
			return store.Client{}, err
		}
		for i := range c.Secrets {
			c.Secrets[i].CreatedAt, c.Secrets[i].ExpiresAt = instant(micros(c.Secrets[i].CreatedAt)), instant(micros(c.Secrets[i].ExpiresAt))
		}
	}
	if c.Fingerprint, err = parseDigest(fingerprint); err != nil {
		return store.Client{}, err
	}
	c.Shared, c.InsecureNoPKCE, c.InsecureLegacyJWT = shared != 0, noPKCE != 0, legacyJWT != 0
	c.DisabledAt, c.CreatedAt, c.UpdatedAt = instant(disabled), instant(created), instant(updated)
	c.LastUsedAt, c.ExpiresAt = instant(used), instant(expires)
	return c, nil
}

// RegisterClient implements store.Store.
//
// The unique fingerprint_slot decides between registrants that come at once: it
// is the fingerprint at the one client that answers for it, and NULL elsewhere.
// Who finds it taken looks again, and shares.
func (s *Store) RegisterClient(ctx context.Context, c store.Client, since time.Time, tokens ...store.Token) (registered store.Client, err error) {
	row, err := clientRow(c)
	if err != nil {
		return store.Client{}, err
	}
	const attempts = 4 // one to lose, one to find what won, and two for what a sweep or a delete does between
	for range attempts {
		err = s.change(ctx, func(t tx) error {
			if !c.Fingerprint.IsZero() {
				shared, err := t.shareClient(ctx, c, since)
				if err == nil {
					registered = shared
					return nil
				}
				if !errors.Is(err, store.ErrNotFound) {
					return err
				}
			}
			if _, err := t.exec(ctx, insert("charter_clients", clientColumns, 1), row...); err != nil {
				return err
			}
			// What a reader will get, with the store's precision; read before the
			// commit, after which nothing may fail.
			if registered, err = scanClient(t.one(ctx, `SELECT `+clientColumns+` FROM charter_clients WHERE id = ?`, c.ID)); err != nil {
				return err
			}
			return t.addTokens(ctx, tokens)
		})
		if c.Fingerprint.IsZero() || !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	if err != nil {
		return store.Client{}, err
	}
	return registered, nil
}

// shareClient marks the live client that answers for c's fingerprint as shared
// and returns it, or frees the slot of one that is too old and returns
// ErrNotFound.
func (t tx) shareClient(ctx context.Context, c store.Client, since time.Time) (store.Client, error) {
	expiry, args := raised(c.ExpiresAt)
	changed, err := t.exec(ctx, `UPDATE charter_clients SET
		revision = revision + CASE WHEN shared = 0 THEN 1 ELSE 0 END, shared = 1, `+expiry+`
		WHERE fingerprint_slot = ? AND disabled_at = 0 AND (expires_at = 0 OR expires_at > ?) AND created_at >= ?`,
		append(args, digest(c.Fingerprint), micros(c.CreatedAt), micros(since))...)
	if err != nil {
		return store.Client{}, err
	}
	if changed == 0 {
		// The condition is asked again: who answers may have come since.
		_, err := t.exec(ctx, `UPDATE charter_clients SET fingerprint_slot = NULL WHERE fingerprint_slot = ?
			AND NOT (disabled_at = 0 AND (expires_at = 0 OR expires_at > ?) AND created_at >= ?)`,
			digest(c.Fingerprint), micros(c.CreatedAt), micros(since))
		if err != nil {
			return store.Client{}, err
		}
		return store.Client{}, store.ErrNotFound
	}
	return scanClient(t.one(ctx, `SELECT `+clientColumns+` FROM charter_clients WHERE fingerprint_slot = ?`, digest(c.Fingerprint)))
}

// Client implements store.Store.
func (s *Store) Client(ctx context.Context, id string) (c store.Client, err error) {
	if store.Text("client", id) != nil {
		return store.Client{}, store.ErrNotFound
	}
	err = s.row(ctx, `SELECT `+clientColumns+` FROM charter_clients WHERE id = ?`, []any{id}, func(row scanner) (err error) {
		c, err = scanClient(row)
		return err
	})
	return c, err
}

// Clients implements store.Store.
func (s *Store) Clients(ctx context.Context, after string, limit int) (clients []store.Client, err error) {
	if err := store.Text("listing", after); err != nil {
		return nil, err
	}
	err = s.rows(ctx, `SELECT `+clientColumns+` FROM charter_clients WHERE id > ? ORDER BY id LIMIT ?`, []any{after, max(limit, 0)}, func(row scanner) error {
		c, err := scanClient(row)
		clients = append(clients, c)
		return err
	})
	return clients, err
}

// ReplaceClient implements store.Store.
func (s *Store) ReplaceClient(ctx context.Context, c store.Client) error {
	row, err := clientRow(c)
	if err != nil {
		return err
	}
	metadata, secrets, source, fingerprint := row[1], row[2], row[3], row[4]
	return s.change(ctx, func(t tx) error {
		changed, err := t.exec(ctx, `UPDATE charter_clients SET metadata = ?, secrets = ?, source = ?,
			fingerprint_slot = CASE WHEN fingerprint = ? THEN fingerprint_slot ELSE NULL END, fingerprint = ?,
			shared = ?, insecure_no_pkce = ?, insecure_legacy_jwt = ?, disabled_at = ?, revision = revision + 1, created_at = ?, updated_at = ?, last_used_at = ?, expires_at = ?
			WHERE id = ? AND revision = ?`,
			metadata, secrets, source, fingerprint, fingerprint,
			flag(c.Shared), flag(c.InsecureNoPKCE), flag(c.InsecureLegacyJWT), micros(c.DisabledAt), micros(c.CreatedAt), micros(c.UpdatedAt), micros(c.LastUsedAt), micros(c.ExpiresAt),
			c.ID, c.Revision)
		if err != nil || changed == 1 {
			return err
		}
		return t.conflictOr(ctx, store.ErrConflict, `SELECT 1 FROM charter_clients WHERE id = ?`, c.ID)
	})
}

// conflictOr tells why a conditional change met no row: is when the row of the
// query exists, and ErrNotFound when it does not.
func (t tx) conflictOr(ctx context.Context, is error, query string, args ...any) error {
	var one int
	if err := t.row(ctx, query, args, &one); err != nil {
		return err
	}
	return is
}

// RenewClient implements store.Store.
func (s *Store) RenewClient(ctx context.Context, id string, usedAt, expiresAt time.Time) error {
	if store.Text("client", id) != nil {
		return store.ErrNotFound
	}
	expiry, args := raised(expiresAt)
	args = append(append([]any{micros(usedAt), micros(usedAt)}, args...), id)
	return s.change(ctx, func(t tx) error {
		return foundOr(t.exec(ctx, `UPDATE charter_clients SET
			last_used_at = CASE WHEN last_used_at < ? THEN ? ELSE last_used_at END, `+expiry+`
			WHERE id = ?`, args...))
	})
}

// foundOr is ErrNotFound for a change that met no row.
func foundOr(changed int64, err error) error {
	if err == nil && changed == 0 {
		return store.ErrNotFound
	}
	return err
}

// DeleteClient implements store.Store.
func (s *Store) DeleteClient(ctx context.Context, id string, at time.Time) error {
	if err := store.Marks(at); err != nil {
		return err
	}
	if store.Text("client", id) != nil {
		return store.ErrNotFound
	}
	return s.change(ctx, func(t tx) error {
		if err := foundOr(t.exec(ctx, `DELETE FROM charter_clients WHERE id = ?`, id)); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `DELETE FROM charter_tokens WHERE client_digest = ?`, clientDigest(id)); err != nil {
			return err
		}
		_, err := t.revokeGrants(ctx, store.GrantFilter{ClientID: id}, at)
		return err
	})
}
