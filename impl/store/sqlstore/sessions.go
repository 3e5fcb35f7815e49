package sqlstore

import (
	"context"
	"errors"

	"github.com/charterauth/charter/impl/store"
)

const sessionColumns = "digest, id, subject, auth_time, methods, parameters, created_at, expires_at"

// CreateSession implements store.Store. The old session goes first: the new one
// may have its ID.
func (s *Store) CreateSession(ctx context.Context, session store.Session, replaces store.Digest) error {
	if err := errors.Join(session.Check(), fits("session", column{session.ID, 64}, column{session.Subject, 255})); err != nil {
		return err
	}
	return s.change(ctx, func(t tx) error {
		if !replaces.IsZero() && replaces != session.Digest {
			if _, err := t.exec(ctx, `DELETE FROM charter_sessions WHERE digest = ?`, digest(replaces)); err != nil {
				return err
			}
		}
		_, err := t.exec(ctx, insert("charter_sessions", sessionColumns, 1),
			digest(session.Digest), session.ID, session.Subject, micros(session.AuthTime), list(session.Methods), string(session.Parameters), micros(session.CreatedAt), micros(session.ExpiresAt))
		return err
	})
}

// Session implements store.Store.
func (s *Store) Session(ctx context.Context, d store.Digest) (session store.Session, err error) {
	err = s.row(ctx, `SELECT `+sessionColumns+` FROM charter_sessions WHERE digest = ?`, []any{digest(d)}, func(row scanner) error {
		var digest, methods string
		var parameters *string
		var auth, created, expires int64
		if err := row.Scan(&digest, &session.ID, &session.Subject, &auth, &methods, &parameters, &created, &expires); err != nil {
			return err
		}
		session.Parameters = nullable(parameters)
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
func (s *Store) EndSession(ctx context.Context, id string) error {
	if store.Text("session", id) != nil {
		return nil
	}
	return s.change(ctx, func(t tx) error {
		_, err := t.exec(ctx, `DELETE FROM charter_sessions WHERE id = ?`, id)
		return err
	})
}
