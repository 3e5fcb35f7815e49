package sqlstore

import (
	"context"
	"errors"

	"github.com/charterauth/charter/impl/store"
)

const tokenColumns = "digest, kind, grant_id, client_id, client_digest, scopes, resources, parameters, props, wrapped_key, created_at, expires_at, consumed_at, successor, reply, sweep_at"

// addTokens adds tokens in one statement.
func (t tx) addTokens(ctx context.Context, tokens []store.Token) error {
	if len(tokens) == 0 {
		return nil
	}
	rows, err := tokenRows(tokens)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, insert("charter_tokens", tokenColumns, len(tokens)), rows...)
	return err
}

// tokenRows returns the values of tokenColumns for each token.
func tokenRows(tokens []store.Token) ([]any, error) {
	var rows []any
	for _, token := range tokens {
		row, err := tokenRow(token)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row...)
	}
	return rows, nil
}

// tokenRow returns the values of tokenColumns.
func tokenRow(t store.Token) ([]any, error) {
	if err := errors.Join(t.Check(), fits("token", column{string(t.Kind), 32}, column{t.GrantID, 64})); err != nil {
		return nil, err
	}
	// Only what no grant carries away is looked up by its client.
	own := ""
	if t.GrantID == "" && t.ClientID != "" {
		own = clientDigest(t.ClientID)
	}
	return []any{
		digest(t.Digest), string(t.Kind), t.GrantID, t.ClientID, own, list(t.Scopes), list(t.Resources), string(t.Parameters), sealed(t.Props), sealed(t.WrappedKey),
		micros(t.CreatedAt), micros(t.ExpiresAt), micros(t.ConsumedAt), digest(t.Successor), sealed(t.Reply), micros(t.ExpiresAt),
	}, nil
}

const selectToken = `SELECT t.digest, t.kind, t.grant_id, t.client_id, t.scopes, t.resources, t.parameters, t.props, t.wrapped_key, t.created_at, t.expires_at, t.consumed_at, t.successor, t.reply,
	g.id, g.issuer, g.subject, g.client_id, g.client_digest, g.scopes, g.resources, g.redirect_uri, g.session_id, g.parameters, g.props, g.metadata, g.auth_time, g.created_at, g.last_used_at, g.expires_at, g.revoked_at
	FROM charter_tokens t LEFT JOIN charter_grants g ON g.id = t.grant_id WHERE t.digest = ?`

// Token implements store.Store: token and grant in one read.
func (s *Store) Token(ctx context.Context, d store.Digest) (token store.Token, grant store.Grant, err error) {
	if d.IsZero() {
		return store.Token{}, store.Grant{}, store.ErrNotFound
	}
	err = s.row(ctx, selectToken, []any{digest(d)}, func(row scanner) error {
		var r tokenScan
		var g grantRow
		if err := row.Scan(append(r.dest(), g.dest()...)...); err != nil {
			return err
		}
		var err1, err2 error
		token, err1 = r.token()
		grant, err2 = g.grant()
		return errors.Join(err1, err2)
	})
	if err != nil {
		return store.Token{}, store.Grant{}, err
	}
	return token, grant, nil
}

// A tokenScan is the columns of a token as they are scanned.
type tokenScan struct {
	digest, kind, grantID, clientID, scopes, resources, parameters, props, wrappedKey, successor, reply string
	created, expires, consumed                                                                          int64
}

func (r *tokenScan) dest() []any {
	return []any{&r.digest, &r.kind, &r.grantID, &r.clientID, &r.scopes, &r.resources, &r.parameters, &r.props, &r.wrappedKey, &r.created, &r.expires, &r.consumed, &r.successor, &r.reply}
}

func (r *tokenScan) token() (store.Token, error) {
	t := store.Token{
		Kind: store.Kind(r.kind), GrantID: r.grantID, ClientID: r.clientID, Parameters: document(r.parameters),
		CreatedAt: instant(r.created), ExpiresAt: instant(r.expires), ConsumedAt: instant(r.consumed),
	}
	var errs [7]error
	t.Digest, errs[0] = parseDigest(r.digest)
	t.Successor, errs[1] = parseDigest(r.successor)
	t.Scopes, errs[2] = parseList(r.scopes)
	t.Resources, errs[3] = parseList(r.resources)
	t.Props, errs[4] = unsealed(r.props)
	t.WrappedKey, errs[5] = unsealed(r.wrappedKey)
	t.Reply, errs[6] = unsealed(r.reply)
	return t, errors.Join(errs[:]...)
}

// ConsumeToken implements store.Store.
//
// The grant is taken first: its row orders this against a revocation, so that
// no token is added to a grant that is already revoked. Then the token is spent
// if it is unspent; of several that try, the engine lets one change the row.
func (s *Store) ConsumeToken(ctx context.Context, c store.Consumption) error {
	if err := c.Check(); err != nil {
		return err
	}
	if s.dialect.atOnce && len(c.Successors) > 0 {
		return s.consumeAtOnce(ctx, c)
	}
	return s.change(ctx, func(t tx) error {
		expiry, args := raised(c.GrantExpiresAt)
		args = append(append([]any{micros(c.At)}, args...), digest(c.Token))
		live, err := t.exec(ctx, `UPDATE charter_grants SET last_used_at = ?, `+expiry+`
			WHERE revoked_at = 0 AND id = (SELECT grant_id FROM charter_tokens WHERE digest = ?)`, args...)
		if err != nil {
			return err
		}
		condition := " AND grant_id = ''"
		if live == 1 {
			condition = ""
		}
		spent, err := t.exec(ctx, `UPDATE charter_tokens SET consumed_at = ?, successor = ?, reply = ?,
			sweep_at = CASE WHEN grant_id = '' THEN expires_at ELSE 0 END WHERE digest = ? AND consumed_at = 0`+condition,
			micros(c.At), digest(c.Successor), sealed(c.Reply), digest(c.Token))
		if err != nil {
			return err
		}
		if spent == 0 {
			return t.conflictOr(ctx, store.ErrConsumed, `SELECT 1 FROM charter_tokens WHERE digest = ?`+condition, digest(c.Token))
		}
		return t.add(ctx, c.Grant, c.Successors)
	})
}
