package server

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/store"
)

// An AccessToken is a live access token of this server.
type AccessToken struct {
	Subject   string          // the person, also where the client is told a pairwise subject; the client for client_credentials
	ClientID  string          // who it was issued to
	GrantID   string          // what it was issued under
	Scopes    []string        // what it is good for
	Resources []string        // the resources it is for; a resource server must be among them
	Props     json.RawMessage // the application's data; nil without
	AuthTime  time.Time       // when the person authenticated; zero without one
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// VerifyAccessToken returns what a live access token says, of either format. It
// reads the store: a revoked token is refused at once. The error is *oauth.Error
// invalid_token for what is no live access token, and wraps store.ErrUnavailable
// when that cannot be told. It does not check the audience: the caller knows for
// which resource it asks.
func (s *Server) VerifyAccessToken(ctx context.Context, token string) (AccessToken, error) {
	invalid := errAccessToken("access_token_not_live")
	if tokenKind(token) != store.AccessToken {
		return AccessToken{}, invalid
	}
	t, g, found, err := s.findToken(ctx, token)
	if err != nil {
		return AccessToken{}, err
	}
	if !found {
		return AccessToken{}, invalid
	}
	live, err := s.liveToken(ctx, t, g, nil)
	if err != nil {
		return AccessToken{}, err
	}
	if live == nil {
		return AccessToken{}, invalid
	}
	props, err := mint.PresentedProps(token, t)
	if err != nil {
		return AccessToken{}, invalid.Because(fmt.Errorf("props: %w", err))
	}
	plaintext, err := props.Open(g)
	if err != nil {
		return AccessToken{}, invalid.Because(fmt.Errorf("props: %w", err))
	}
	scopes, resources := s.served(t)
	return AccessToken{
		Subject: g.Subject, ClientID: t.ClientID, GrantID: g.ID,
		Scopes: scopes, Resources: resources, Props: plaintext,
		AuthTime: g.AuthTime, IssuedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
	}, nil
}
