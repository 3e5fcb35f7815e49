package sqlstore

import (
	"context"
	"strings"

	"github.com/charterauth/charter/impl/store"
)

// The verbs of the token endpoint as single statements, for engines that change
// several tables in one: a statement is its own transaction, and one trip to the
// server instead of five. What they do is said at the verbs.

// atOnce runs one changing statement as a transaction of its own and returns how
// many rows its last part changed.
func (s *Store) atOnce(ctx context.Context, text string, args ...any) (changed int64, err error) {
	query := s.query(text)
	for again := 0; ; again++ {
		changed, err = s.statement(ctx, query, args)
		if s.dialect.classify(err) != transient || again == changeRetries {
			return changed, s.unavailable(err)
		}
		if err := pause(ctx, again); err != nil {
			return 0, s.unavailable(err)
		}
	}
}

// statement outlives ctx once it is sent, for the reason that attempt gives.
func (s *Store) statement(ctx context.Context, query string, args []any) (int64, error) {
	conn, err := s.connection(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	return affected(conn.ExecContext(whole, query, args...))
}

// issueAtOnce is Issue of tokens, with or without a grant.
func (s *Store) issueAtOnce(ctx context.Context, grant *store.Grant, tokens []store.Token) error {
	row, err := grantValues(grant)
	if err != nil {
		return err
	}
	rows, err := tokenRows(tokens)
	if err != nil {
		return err
	}
	with := ""
	if grant != nil {
		with = `WITH granted AS (` + insert("charter_grants", grantColumns, 1) + `) `
	}
	_, err = s.atOnce(ctx, with+insert("charter_tokens", tokenColumns, len(tokens)), append(row, rows...)...)
	return err
}

// consumeAtOnce is ConsumeToken for a consumption with successors. The grant is
// locked before the token is looked at, so that a revocation comes before all of
// this or after it.
func (s *Store) consumeAtOnce(ctx context.Context, c store.Consumption) error {
	granted, err := grantValues(c.Grant)
	if err != nil {
		return err
	}
	rows, err := tokenRows(c.Successors)
	if err != nil {
		return err
	}
	grant := ""
	if c.Grant != nil {
		grant = `, granted AS (
			INSERT INTO charter_grants (` + grantColumns + `) ` + onlyIfSpent(grantColumns, 1) + `
		)`
	}
	expiry, raise := raised(c.GrantExpiresAt)
	args := []any{digest(c.Token), micros(c.At), digest(c.Successor), sealed(c.Reply), digest(c.Token), micros(c.At)}
	args = append(append(append(args, raise...), granted...), rows...)
	added, err := s.atOnce(ctx, `WITH live AS (
			SELECT id FROM charter_grants WHERE revoked_at = 0 AND id = (SELECT grant_id FROM charter_tokens WHERE digest = ?) FOR NO KEY UPDATE
		), spent AS (
			UPDATE charter_tokens SET consumed_at = ?, successor = ?, reply = ?, sweep_at = CASE WHEN grant_id = '' THEN expires_at ELSE 0 END
			WHERE digest = ? AND consumed_at = 0 AND (grant_id = '' OR grant_id IN (SELECT id FROM live)) RETURNING grant_id
		), used AS (
			UPDATE charter_grants SET last_used_at = ?, `+expiry+` WHERE id IN (SELECT grant_id FROM spent)
		)`+grant+`
		INSERT INTO charter_tokens (`+tokenColumns+`) `+onlyIfSpent(tokenColumns, len(c.Successors)), args...)
	if err != nil || added > 0 {
		return err
	}
	return s.whyNotConsumed(ctx, c.Token)
}

// whyNotConsumed tells why a consumption met no token.
func (s *Store) whyNotConsumed(ctx context.Context, d store.Digest) error {
	token, grant, err := s.Token(ctx, d)
	if err != nil {
		return err
	}
	if token.GrantID != "" && (grant.ID == "" || !grant.RevokedAt.IsZero()) {
		return store.ErrNotFound
	}
	return store.ErrConsumed
}

// onlyIfSpent selects n rows of parameters for columns if the token was spent.
// Outside of an INSERT's own VALUES the engine does not know the types by itself.
func onlyIfSpent(columns string, n int) string {
	var parameters []string
	for column := range strings.SplitSeq(columns, ", ") {
		if strings.HasSuffix(column, "_at") || column == "auth_time" {
			parameters = append(parameters, "CAST(? AS BIGINT)")
		} else {
			parameters = append(parameters, "CAST(? AS TEXT)")
		}
	}
	row := "(" + strings.Join(parameters, ", ") + ")"
	rows := strings.TrimSuffix(strings.Repeat(row+", ", n), ", ")
	return `SELECT * FROM (VALUES ` + rows + `) AS given WHERE EXISTS (SELECT 1 FROM spent)`
}
