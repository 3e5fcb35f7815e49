package mcp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/auth"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/protect"
)

// ExtraIdentity is the key of the protect.Identity in auth.TokenInfo.Extra.
const ExtraIdentity = "charter.identity"

// Handler guards an MCP server, such as the SDK's streamable HTTP handler: it
// serves the metadata and the challenges of g, and gives next the token info that
// the SDK binds sessions to. The token itself does not reach next, whose tools
// see the request's headers, unless g keeps it.
func Handler(g *protect.Guard, next http.Handler) http.Handler {
	inform := auth.RequireBearerToken(admitted, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true})
	return g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		original := r.Header
		restored := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = r.WithContext(r.Context())
			r.Header = original
			next.ServeHTTP(w, r)
		})
		// The SDK sets its token info only where it finds a bearer token itself.
		r = r.WithContext(r.Context())
		r.Header = maps.Clone(original)
		r.Header.Set("Authorization", "Bearer admitted")
		inform(restored).ServeHTTP(w, r)
	}))
}

// admitted tells of the request that a Guard let through; it looks at no token.
func admitted(ctx context.Context, _ string, _ *http.Request) (*auth.TokenInfo, error) {
	identity, ok := protect.FromContext(ctx)
	if !ok {
		return nil, auth.ErrInvalidToken
	}
	return infoOf(identity), nil
}

// TokenVerifier is g for auth.RequireBearerToken, for programs that keep to the
// SDK's own middleware. That reports a failing verifier as 500; Handler, which is
// to be preferred, answers 503 and has the better challenges.
func TokenVerifier(g *protect.Guard) auth.TokenVerifier {
	return func(ctx context.Context, token string, _ *http.Request) (*auth.TokenInfo, error) {
		identity, err := g.Authenticate(ctx, token)
		if err == nil {
			return infoOf(identity), nil
		}
		// The SDK sends the text of the error to the client.
		if e, ok := errors.AsType[*oauth.Error](err); ok {
			return nil, fmt.Errorf("%w: %s", auth.ErrInvalidToken, e.Code)
		}
		return nil, protect.ErrUnavailable
	}
}

// infoOf binds sessions to the person, or to the client where there is none.
func infoOf(i protect.Identity) *auth.TokenInfo {
	return &auth.TokenInfo{
		Scopes:     i.Scopes,
		Expiration: i.ExpiresAt,
		UserID:     cmp.Or(i.Subject, i.ClientID),
		Extra:      map[string]any{ExtraIdentity: i},
	}
}
