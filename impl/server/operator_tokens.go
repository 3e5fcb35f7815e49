package server

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// A TokenState says in one word what an operator asks of a token.
type TokenState string

// The states of a token, the first that applies.
const (
	TokenActive   TokenState = "active"
	TokenUnknown  TokenState = "unknown"  // no token of this store, or swept
	TokenRevoked  TokenState = "revoked"  // its grant is revoked
	TokenUsed     TokenState = "used"     // single-use, and spent
	TokenExpired  TokenState = "expired"  // it or its grant
	TokenDisabled TokenState = "disabled" // its client is gone, expired or disabled
)

// An InspectedToken is what the store knows of a token. Unlike the introspection
// endpoint it tells the state of dead ones, and of every kind.
type InspectedToken struct {
	State TokenState
	Token store.Token // zero when unknown
	Grant store.Grant // zero for kinds that belong to no grant
}

// InspectToken looks a token up as an operator. It does not know the server's
// Config: whether its resources are still served is not looked at.
func InspectToken(ctx context.Context, st store.Store, at time.Time, token string) (InspectedToken, error) {
	kind := anyTokenKind(token)
	if kind == "" {
		return InspectedToken{State: TokenUnknown}, nil
	}
	t, g, err := st.Token(ctx, store.NewDigest(kind, token))
	if errors.Is(err, store.ErrNotFound) || err == nil && t.Kind != kind {
		return InspectedToken{State: TokenUnknown}, nil
	}
	if err != nil {
		return InspectedToken{}, err
	}
	restored, err := store.RestoredAt(ctx, st, at.UTC().Truncate(time.Microsecond))
	if err != nil {
		return InspectedToken{}, err
	}
	if g.ID != "" && g.CreatedAt.Before(restored) {
		return InspectedToken{TokenRevoked, t, g}, nil
	}
	state, err := stateOf(ctx, st, at, t, g)
	return InspectedToken{state, t, g}, err
}

// anyTokenKind is tokenKind for every kind that a token can be.
func anyTokenKind(token string) store.Kind {
	switch {
	case seal.WellFormed(seal.PrefixAuthorizationCode, token):
		return store.AuthorizationCode
	case seal.WellFormed(seal.PrefixRegistrationAccessToken, token):
		return store.RegistrationAccessToken
	case seal.WellFormed(seal.PrefixInitialAccessToken, token):
		return store.InitialAccessToken
	}
	return tokenKind(token)
}

func stateOf(ctx context.Context, st store.Store, at time.Time, t store.Token, g store.Grant) (TokenState, error) {
	switch {
	case t.GrantID != "" && (g.ID != t.GrantID || !g.RevokedAt.IsZero()):
		return TokenRevoked, nil
	case !t.ConsumedAt.IsZero():
		return TokenUsed, nil
	case expired(t.ExpiresAt, at) || expired(g.ExpiresAt, at):
		return TokenExpired, nil
	case t.ClientID == "" || strings.Contains(t.ClientID, ":"): // a metadata document is not in the store
		return TokenActive, nil
	}
	c, err := st.Client(ctx, t.ClientID)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!c.DisabledAt.IsZero() || expired(c.ExpiresAt, at)) {
		return TokenDisabled, nil
	}
	return TokenActive, err
}

// The errors of EndToken.
var (
	ErrTokenUnknown = errors.New("server: no such token")
	ErrTokenNoGrant = errors.New("server: a token without a grant cannot be revoked")
)

// EndToken revokes, as an operator, the whole grant of a token, as the
// revocation endpoint does. Any token under the grant will do, expired and used
// ones too. ErrTokenUnknown; ErrTokenNoGrant for registration and initial access
// tokens; nil when the grant was revoked before.
func EndToken(ctx context.Context, st store.Store, at time.Time, token string) (grantID string, err error) {
	found, err := InspectToken(ctx, st, at, token)
	switch {
	case err != nil:
		return "", err
	case found.State == TokenUnknown:
		return "", ErrTokenUnknown
	case found.Token.GrantID == "":
		return "", ErrTokenNoGrant
	}
	_, err = EndGrants(ctx, st, at, store.GrantFilter{ID: found.Token.GrantID})
	return found.Token.GrantID, err
}
