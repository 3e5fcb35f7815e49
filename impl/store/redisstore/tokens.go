package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/charterauth/charter/impl/store"
)

var (
	issue        = script("issue")
	readToken    = script("token")
	consumeToken = script("consume_token")
	listGrants   = script("grants")
	revokeGrants = script("revoke_grants")
)

// issued are the arguments for a grant, which may be nil, and tokens.
func issued(grant *store.Grant, tokens []store.Token) []any {
	var r record
	if grant != nil {
		r = grantRecord(*grant)
	}
	return append(r.args(), tokenArgs(tokens)...)
}

func tokenArgs(tokens []store.Token) []any {
	args := []any{len(tokens)}
	for _, t := range tokens {
		args = append(args, tokenRecord(t).args()...)
	}
	return args
}

// Issue implements store.Store.
func (s *Store) Issue(ctx context.Context, grant *store.Grant, tokens ...store.Token) error {
	if err := store.CheckIssue(grant, tokens); err != nil {
		return err
	}
	return s.change(ctx, issue, issued(grant, tokens)...)
}

// Token implements store.Store: token and grant in one read.
func (s *Store) Token(ctx context.Context, d store.Digest) (token store.Token, grant store.Grant, err error) {
	answer, err := s.call(ctx, readToken, digest(d))
	if err != nil {
		return token, grant, err
	}
	if _, ok := answer.(string); ok {
		return token, grant, outcome(answer)
	}
	found, err := rows(answer)
	if err != nil {
		return token, grant, err
	}
	if len(found) != 2 {
		return token, grant, fmt.Errorf("%w: a script answered %d hashes", store.ErrUnavailable, len(found))
	}
	if token, err = parsed(found[0], fields.token); err != nil {
		return store.Token{}, grant, err
	}
	if grant, err = parsed(found[1], fields.grant); err != nil {
		return store.Token{}, store.Grant{}, err
	}
	return token, grant, nil
}

// ConsumeToken implements store.Store.
func (s *Store) ConsumeToken(ctx context.Context, c store.Consumption) error {
	if err := c.Check(); err != nil {
		return err
	}
	args := []any{digest(c.Token), micros(c.At), digest(c.Successor), string(c.Reply), micros(c.GrantExpiresAt)}
	return s.change(ctx, consumeToken, append(args, issued(c.Grant, c.Successors)...)...)
}

func filterArgs(f store.GrantFilter) []any {
	return []any{f.ID, f.Subject, f.ClientID, f.SessionID}
}

// Grants implements store.Store.
func (s *Store) Grants(ctx context.Context, f store.GrantFilter, at time.Time, after string, limit int) ([]store.Grant, error) {
	return readAll(ctx, s, fields.grant, listGrants, append(filterArgs(f), micros(at), after, limit)...)
}

// RevokeGrants implements store.Store.
func (s *Store) RevokeGrants(ctx context.Context, f store.GrantFilter, at time.Time) (int, error) {
	if err := store.Marks(at); err != nil {
		return 0, err
	}
	return s.number(ctx, revokeGrants, append(filterArgs(f), micros(at))...)
}
