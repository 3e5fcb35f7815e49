package sqlstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/store"
)

const grantColumns = "id, issuer, subject, client_id, client_digest, scopes, resources, redirect_uri, session_id, parameters, props, metadata, auth_time, created_at, last_used_at, expires_at, revoked_at"

// add adds grant, which may be nil, and tokens.
func (t tx) add(ctx context.Context, grant *store.Grant, tokens []store.Token) error {
	if grant == nil {
		return t.addTokens(ctx, tokens)
	}
	row, err := grantValues(grant)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, insert("charter_grants", grantColumns, 1), row...); err != nil {
		return err
	}
	return t.addTokens(ctx, tokens)
}

// grantValues returns the values of grantColumns; none without a grant.
func grantValues(g *store.Grant) ([]any, error) {
	if g == nil {
		return nil, nil
	}
	if err := errors.Join(g.Check(), fits("grant", column{g.ID, 64}, column{g.Issuer, 255}, column{g.Subject, 255}, column{g.SessionID, 64})); err != nil {
		return nil, err
	}
	return []any{
		g.ID, g.Issuer, g.Subject, g.ClientID, clientDigest(g.ClientID), list(g.Scopes), list(g.Resources), g.RedirectURI, g.SessionID, string(g.Parameters), sealed(g.Props), string(g.Metadata),
		micros(g.AuthTime), micros(g.CreatedAt), micros(g.LastUsedAt), micros(g.ExpiresAt), micros(g.RevokedAt),
	}, nil
}

// A grantRow is the columns of a grant as they are scanned. All may be NULL
// where a token is joined with a grant that it does not have.
type grantRow struct {
	id, issuer, subject, clientID, clientDigest, scopes, resources, redirectURI, sessionID, parameters, props, metadata *string
	auth, created, used, expires, revoked                                                                               *int64
}

func (r *grantRow) dest() []any {
	return []any{&r.id, &r.issuer, &r.subject, &r.clientID, &r.clientDigest, &r.scopes, &r.resources, &r.redirectURI, &r.sessionID, &r.parameters, &r.props, &r.metadata, &r.auth, &r.created, &r.used, &r.expires, &r.revoked}
}

// grant returns the record; the zero grant when there was none.
func (r *grantRow) grant() (store.Grant, error) {
	if r.id == nil {
		return store.Grant{}, nil
	}
	g := store.Grant{
		ID: *r.id, Issuer: *r.issuer, Subject: *r.subject, ClientID: *r.clientID, RedirectURI: *r.redirectURI, SessionID: *r.sessionID,
		Parameters: nullable(r.parameters), Metadata: document(*r.metadata),
		AuthTime: instant(*r.auth), CreatedAt: instant(*r.created), LastUsedAt: instant(*r.used), ExpiresAt: instant(*r.expires), RevokedAt: instant(*r.revoked),
	}
	var err1, err2, err3 error
	g.Scopes, err1 = parseList(*r.scopes)
	g.Resources, err2 = parseList(*r.resources)
	g.Props, err3 = unsealed(*r.props)
	return g, errors.Join(err1, err2, err3)
}

func scanGrant(row scanner) (store.Grant, error) {
	var r grantRow
	if err := row.Scan(r.dest()...); err != nil {
		return store.Grant{}, err
	}
	return r.grant()
}

// Issue implements store.Store.
func (s *Store) Issue(ctx context.Context, grant *store.Grant, tokens ...store.Token) error {
	if s.dialect.atOnce && len(tokens) > 0 {
		return s.issueAtOnce(ctx, grant, tokens)
	}
	return s.change(ctx, func(t tx) error { return t.add(ctx, grant, tokens) })
}

// Grants implements store.Store.
func (s *Store) Grants(ctx context.Context, f store.GrantFilter, at time.Time, after string, limit int) (grants []store.Grant, err error) {
	if err := store.Text("listing", after); err != nil {
		return nil, err
	}
	where, args, some := matching(f)
	if !some {
		return nil, nil
	}
	if !at.IsZero() {
		where, args = where+" AND revoked_at = 0 AND (expires_at = 0 OR expires_at > ?)", append(args, micros(at))
	}
	err = s.rows(ctx, `SELECT `+grantColumns+` FROM charter_grants WHERE `+where+` AND id > ? ORDER BY id LIMIT ?`,
		append(args, after, max(limit, 0)), func(row scanner) error {
			g, err := scanGrant(row)
			grants = append(grants, g)
			return err
		})
	return grants, err
}

// matching returns the condition of a filter and its arguments; false where no
// grant can match.
func matching(f store.GrantFilter) (where string, args []any, some bool) {
	if f == (store.GrantFilter{}) || store.Text("filter", f.ID, f.Subject, f.ClientID, f.SessionID) != nil {
		return "", nil, false
	}
	client := ""
	if f.ClientID != "" {
		client = clientDigest(f.ClientID)
	}
	var conditions []string
	for _, c := range []struct{ column, value string }{
		{"id", f.ID}, {"subject", f.Subject}, {"client_digest", client}, {"session_id", f.SessionID},
	} {
		if c.value != "" {
			conditions, args = append(conditions, c.column+" = ?"), append(args, c.value)
		}
	}
	return strings.Join(conditions, " AND "), args, true
}

// RevokeGrants implements store.Store.
func (s *Store) RevokeGrants(ctx context.Context, f store.GrantFilter, at time.Time) (n int, err error) {
	if err := store.Marks(at); err != nil {
		return 0, err
	}
	err = s.change(ctx, func(t tx) (err error) {
		n, err = t.revokeGrants(ctx, f, at)
		return err
	})
	return n, err
}

// revokeGrants takes the rows in the order of their identifiers where it can, so
// that two revocations that overlap do not wait for each other.
func (t tx) revokeGrants(ctx context.Context, f store.GrantFilter, at time.Time) (int, error) {
	where, args, some := matching(f)
	if !some {
		return 0, nil
	}
	where = "revoked_at = 0 AND " + where
	if t.store.dialect.locking != "" {
		where = `revoked_at = 0 AND id IN (SELECT id FROM charter_grants WHERE ` + where + ` ORDER BY id{locking})`
	}
	n, err := t.exec(ctx, `UPDATE charter_grants SET revoked_at = ? WHERE `+where, append([]any{micros(at)}, args...)...)
	return int(n), err
}
