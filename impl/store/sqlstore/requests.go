package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/store"
)

const requestColumns = "handle, browser, client_id, parameters, created_at, expires_at, answered_at"

// CreateRequest implements store.Store.
func (s *Store) CreateRequest(ctx context.Context, r store.Request) error {
	if err := r.Check(); err != nil {
		return err
	}
	return s.change(ctx, func(t tx) error {
		_, err := t.exec(ctx, insert("charter_requests", requestColumns, 1),
			digest(r.Handle), digest(r.Browser), r.ClientID, string(r.Parameters), micros(r.CreatedAt), micros(r.ExpiresAt), micros(r.AnsweredAt))
		return err
	})
}

// Request implements store.Store.
func (s *Store) Request(ctx context.Context, handle store.Digest) (r store.Request, err error) {
	err = s.row(ctx, `SELECT `+requestColumns+` FROM charter_requests WHERE handle = ?`, []any{digest(handle)}, func(row scanner) error {
		var handle, browser, parameters string
		var created, expires, answered int64
		if err := row.Scan(&handle, &browser, &r.ClientID, &parameters, &created, &expires, &answered); err != nil {
			return err
		}
		r.Parameters = document(parameters)
		r.CreatedAt, r.ExpiresAt, r.AnsweredAt = instant(created), instant(expires), instant(answered)
		var err1, err2 error
		r.Handle, err1 = parseDigest(handle)
		r.Browser, err2 = parseDigest(browser)
		return errors.Join(err1, err2)
	})
	if err != nil {
		return store.Request{}, err
	}
	return r, nil
}

// AnswerRequest implements store.Store.
func (s *Store) AnswerRequest(ctx context.Context, handle store.Digest, at time.Time, grant *store.Grant, tokens ...store.Token) error {
	if err := store.Marks(at); err != nil {
		return err
	}
	if handle.IsZero() {
		return store.ErrNotFound
	}
	return s.change(ctx, func(t tx) error {
		changed, err := t.exec(ctx, `UPDATE charter_requests SET answered_at = ? WHERE handle = ? AND answered_at = 0`, micros(at), digest(handle))
		if err != nil {
			return err
		}
		if changed == 0 {
			return t.conflictOr(ctx, store.ErrConsumed, `SELECT 1 FROM charter_requests WHERE handle = ?`, digest(handle))
		}
		if grant == nil {
			return nil
		}
		if err := t.addGrant(ctx, *grant); err != nil {
			return err
		}
		return t.addTokens(ctx, tokens)
	})
}
