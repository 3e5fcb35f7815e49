package protect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"

	"github.com/charterauth/charter/impl/oauth"
)

// Handler serves the resource's metadata at its well-known path, and hands next
// every other request that carries a good token. Mount it where both paths reach
// it, or mount Metadata beside it. next learns by FromContext who calls.
func (g *Guard) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.isMetadata(r) {
			g.serveMetadata(w, r)
			return
		}
		if g.preflight(w, r) {
			return
		}
		g.allowOrigin(w, r)
		token, err := bearer(r)
		if err != nil {
			g.refuse(w, r, err)
			return
		}
		identity, err := g.Authenticate(r.Context(), token)
		if err != nil {
			g.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, g.admitted(r, identity))
	})
}

// Authenticate judges a token as Handler does, for protocols that carry it in
// another way. The error is an *oauth.Error, invalid_token or insufficient_scope,
// or wraps ErrUnavailable.
func (g *Guard) Authenticate(ctx context.Context, token string) (Identity, error) {
	if !wellFormed(token) {
		return Identity{}, invalid("token_malformed")
	}
	identity, err := g.config.Verifier.Verify(ctx, token)
	if err != nil {
		return Identity{}, verdict(err)
	}
	identity.guard = g
	switch {
	case !g.isMeant(identity.Audience): // RFC 9068 §4, RFC 9700 §2.3, MCP authorization, Token Handling
		return Identity{}, invalid("token_audience")
	case !identity.ExpiresAt.IsZero() && !g.config.Now().Before(identity.ExpiresAt):
		return Identity{}, invalid("token_expired")
	case !identity.HasScopes(g.config.Scopes...):
		return Identity{}, oauth.InsufficientScope("token_scope", needsMore)
	}
	return identity, nil
}

// verdict lets only one error of a verifier be a "no"; all others are "cannot
// tell".
func verdict(err error) error {
	if e, ok := errors.AsType[*oauth.Error](err); ok && e.Code == "invalid_token" {
		return e
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// isMeant reports whether a token with this audience is for the resource. A token
// without audience is for nothing.
func (g *Guard) isMeant(audience []string) bool {
	if g.config.ExactAudience && len(audience) != 1 {
		return false
	}
	for _, a := range audience {
		if meant(a, g.resource, g.config.ExactAudience) {
			return true
		}
	}
	return false
}

// meant compares as MCP clients do: by canonical form and path segments, and with
// no difference for a slash at the end. Bytes alone would let https://h/mcp admit
// to https://h/mcp-admin.
func meant(audience string, resource oauth.Resource, exact bool) bool {
	a, err := oauth.ParseResource(audience)
	if err != nil {
		return false
	}
	return a.Covers(resource) && (!exact || resource.Covers(a))
}

// admitted is the request as the handler gets it.
func (g *Guard) admitted(r *http.Request, identity Identity) *http.Request {
	r = r.WithContext(context.WithValue(r.Context(), contextKey{}, &passed{g, identity}))
	if !g.config.KeepAuthorization {
		r.Header = maps.Clone(r.Header)
		delete(r.Header, "Authorization")
	}
	return r
}

func (g *Guard) log(ctx context.Context, level slog.Level, text string, err error) {
	g.config.Logger.LogAttrs(ctx, level, text, slog.String("resource", g.resource.String()), slog.Any("error", err))
}
