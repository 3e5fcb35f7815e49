package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// issue carries a decision out: the policy may narrow it, the tokens are made and
// signed in memory, and one store call spends the presented token and writes the
// new ones. Whatever fails before that call has changed nothing.
func (s *Server) issue(ctx context.Context, d decision) (mint.Reply, error) {
	if d.answered != nil {
		return *d.answered, nil
	}
	if err := checkSubject(d); err != nil {
		return mint.Reply{}, err
	}
	now := s.now()
	i, err := s.issuance(ctx, d, now)
	if err != nil {
		return mint.Reply{}, err
	}
	tokens, err := mint.Mint(ctx, i)
	if err != nil {
		return mint.Reply{}, fmt.Errorf("minting: %w", err)
	}
	reply := mint.Reply{
		AccessToken: tokens.AccessToken, RefreshToken: tokens.RefreshToken,
		IDToken: tokens.IDToken, ExpiresAt: i.ExpiresAt, Scopes: i.Scopes, Resources: i.Resources,
	}
	if d.spends == nil {
		d.grant.LastUsedAt, d.grant.ExpiresAt = now, i.ExpiresAt
		return reply, s.store.Issue(ctx, &d.grant, tokens.Records...)
	}
	return s.spend(ctx, d, i, tokens, reply)
}

// checkSubject keeps a person's token from looking like one that a client got
// for itself: only there subject and client are the same (RFC 9068 §5).
func checkSubject(d decision) error {
	if (d.grant.Subject == d.grant.ClientID) != (d.request.Form.GrantType == gen.GrantTypeClientCredentials) {
		return errors.New("the subject of a person's grant is the identifier of its client")
	}
	return nil
}

// issuance asks the policy and sets the times. A grant's lifetime caps those of
// its tokens, so that rotation never outlives it (RFC 9700 §4.14.2).
func (s *Server) issuance(ctx context.Context, d decision, now time.Time) (mint.Issuance, error) {
	terms, err := s.askPolicy(ctx, &d)
	if err != nil {
		return mint.Issuance{}, err
	}
	end := d.grant.CreatedAt.Add(s.cfg.Lifetimes.Grant)
	i := mint.Issuance{
		Issuer:      s.issuer.identifier,
		Grant:       d.grant,
		At:          now,
		Scopes:      d.scopes,
		Resources:   d.resources,
		ExpiresAt:   expiry(now, terms.accessToken, end),
		Sign:        s.signer(d.resources),
		AccessProps: d.props, RefreshProps: d.props,
	}
	if !i.ExpiresAt.After(now) {
		return mint.Issuance{}, oauth.InvalidGrant("grant_expired", "the grant has expired")
	}
	if terms.accessProps != nil {
		i.AccessProps = *terms.accessProps
	}
	if i.Subject, err = s.subjectFor(ctx, d.request.client.registered, d.grant.Subject); err != nil {
		return mint.Issuance{}, err
	}
	if i.IDToken, err = s.idToken(ctx, d, now); err != nil {
		return mint.Issuance{}, err
	}
	if d.refresh {
		i.RefreshExpiresAt = expiry(now, terms.refresh, end)
	}
	return i, nil
}

// expiry returns the whole second at which a lifetime ends: JWTs tell seconds,
// and a token must not live longer by one reading than by another.
func expiry(now time.Time, lifetime time.Duration, end time.Time) time.Time {
	t := now.Truncate(time.Second).Add(lifetime)
	if t.After(end) {
		t = end
	}
	return t.Truncate(time.Second)
}

// signer returns what signs a token for these resources; nil is opaque. Where
// they want tokens of different kinds, the first that wants a JWT has its way: a
// resource that introspects can introspect a JWT, one that verifies locally
// cannot verify an opaque token.
func (s *Server) signer(resources []string) mint.Signer {
	for _, uri := range resources {
		r, ok := s.resources.find(uri)
		if ok && r.config.TokenFormat != Opaque {
			return func(ctx context.Context, typ string, claims any) (string, error) {
				return s.keys.sign(ctx, string(r.config.TokenFormat), typ, claims)
			}
		}
	}
	return nil
}

// spend is the one write of a grant that consumes a token.
func (s *Server) spend(ctx context.Context, d decision, i mint.Issuance, tokens mint.Tokens, reply mint.Reply) (mint.Reply, error) {
	of, err := parametersOf(d.grant)
	if err != nil {
		return mint.Reply{}, err
	}
	c := store.Consumption{
		Token:          d.spends.row.Digest,
		At:             i.At,
		Successors:     tokens.Records,
		GrantExpiresAt: later(later(i.ExpiresAt, i.RefreshExpiresAt), of.SessionExpiresAt),
	}
	if d.spends.row.Kind == store.RefreshToken {
		reply.Asked = d.spends.asked
		if c.Reply, err = reply.Seal(d.spends.token, d.spends.row); err != nil {
			return mint.Reply{}, err
		}
		if tokens.RefreshToken != "" {
			c.Successor = store.NewDigest(store.RefreshToken, tokens.RefreshToken)
		}
	}
	err = s.store.ConsumeToken(ctx, c)
	switch {
	case errors.Is(err, store.ErrConsumed):
		return s.lost(ctx, d)
	case errors.Is(err, store.ErrNotFound):
		return mint.Reply{}, oauth.InvalidGrant("grant_revoked", "the grant was revoked")
	case err != nil:
		return mint.Reply{}, err
	}
	if d.spends.row.Kind == store.AuthorizationCode {
		// The audit trail names who redeemed a code, should it come a second time.
		s.emit(ctx, s.tokenEvent(d.request, d.spends.row, "code_redeemed"))
	}
	return reply, nil
}

// lost answers the loser of a race for a token: it stands where it would stand
// had it come a moment later.
func (s *Server) lost(ctx context.Context, d decision) (mint.Reply, error) {
	if d.spends.row.Kind == store.AuthorizationCode {
		return mint.Reply{}, s.codeReplayed(ctx, d.request, d.spends.row)
	}
	row, grant, err := s.store.Token(ctx, d.spends.row.Digest)
	if errors.Is(err, store.ErrNotFound) {
		return mint.Reply{}, errRefreshToken("refresh_unknown")
	}
	if err != nil {
		return mint.Reply{}, err
	}
	d.spends.row = row
	return s.refreshAgain(ctx, d.request, d.spends, grant)
}
