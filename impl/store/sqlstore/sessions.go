package sqlstore

import (
	"context"
	"errors"

	"github.com/charterauth/charter/impl/store"
)

const sessionColumns = "digest, subject, auth_time, methods, created_at, expires_at"

// CreateSession implements store.Store.
func (s *Store) CreateSession(ctx context.Context, session store.Session, replaces store.Digest) error {
	if err := errors.Join(session.Check(), fits("session", column{session.Subject, 255})); err != nil {
		return err
	}
	return s.change(ctx, func(t tx) error {
		_, err := t.exec(ctx, insert("charter_sessions", sessionColumns, 1),
			digest(session.Digest), session.Subject, micros(session.AuthTime), list(session.Methods), micros(session.CreatedAt), micros(session.ExpiresAt))
		if err != nil || replaces.IsZero() {
			return err
		}
		_, err = t.exec(ctx, `DELETE FROM charter_sessions WHERE digest = ?`, digest(replaces))
		return err
	})
}

// Session implements store.Store.
func (s *Store) Session(ctx context.Context, d store.Digest) (session store.Session, err error) {
	err = s.row(ctx, `SELECT `+sessionColumns+` FROM charter_sessions WHERE digest = ?`, []any{digest(d)}, func(row scanner) error {
		var digest, methods string
		var auth, created, expires int64
		if err := row.Scan(&digest, &session.Subject, &auth, &methods, &created, &expires); err != nil {
			return err
		}
		session.AuthTime, session.CreatedAt, session.ExpiresAt = instant(auth), instant(created), instant(expires)
		var err1, err2 error
		session.Digest, err1 = parseDigest(digest)
		session.Methods, err2 = parseList(methods)
		return errors.Join(err1, err2)
	})
	if err != nil {
		return store.Session{}, err
	}
	return session, nil
}

// EndSession implements store.Store.
func (s *Store) EndSession(ctx context.Context, d store.Digest) error {
	return s.change(ctx, func(t tx) error {
		_, err := t.exec(ctx, `DELETE FROM charter_sessions WHERE digest = ?`, digest(d))
		return err
	})
}
