package protect

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// An Identity is what a good access token says. Times are UTC, zero when the token
// does not tell.
type Identity struct {
	Subject  string   // the person; the client for client_credentials; empty when the token does not tell
	ClientID string   // who the token was issued to
	Issuer   string   // of JWT and introspection; empty in process
	GrantID  string   // in process only
	Scopes   []string // what it is good for
	Audience []string // the resources it is for

	Props  json.RawMessage            // the application's data; in process only
	Claims map[string]json.RawMessage // all that a JWT or an introspection said, by exact name; nil in process

	AuthTime  time.Time // when the person authenticated
	IssuedAt  time.Time
	ExpiresAt time.Time

	guard *Guard
}

// HasScopes reports whether the token is good for all of these, by the rule of
// Config.ScopeCovers.
func (i Identity) HasScopes(required ...string) bool {
	for _, r := range required {
		if !slices.ContainsFunc(i.Scopes, func(granted string) bool { return i.guard.scopeCovers(granted, r) }) {
			return false
		}
	}
	return true
}

// clone shares no memory with i: what a handler does to it reaches nobody else.
func (i Identity) clone() Identity {
	i.Scopes, i.Audience = slices.Clone(i.Scopes), slices.Clone(i.Audience)
	i.Props = bytes.Clone(i.Props)
	i.Claims = maps.Clone(i.Claims)
	for name, value := range i.Claims {
		i.Claims[name] = bytes.Clone(value)
	}
	return i
}

type contextKey struct{}

// passed is what a Guard leaves in the context of a request that it lets through.
type passed struct {
	guard    *Guard
	identity Identity
}

// FromContext returns the identity of the request that a Guard let through; false
// when there was none, and the handler must refuse.
func FromContext(ctx context.Context) (Identity, bool) {
	p, ok := ctx.Value(contextKey{}).(*passed)
	if !ok {
		return Identity{}, false
	}
	return p.identity, true
}

// guardOf returns the Guard that let the request through, or nil.
func guardOf(ctx context.Context) *Guard {
	if p, ok := ctx.Value(contextKey{}).(*passed); ok {
		return p.guard
	}
	return nil
}
