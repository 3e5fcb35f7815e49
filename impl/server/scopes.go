package server

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/oauth"
)

// openID is the scope that makes an authorization request one of OpenID Connect
// (OpenID Connect Core §3.1.2.1).
const openID = "openid"

// offlineAccess is the scope by which a client asks for a refresh token (OpenID
// Connect Core §11; MCP authorization uses it the same way).
const offlineAccess = "offline_access"

// A scopeSet is the scope values that exist: some for every resource, some for
// one. It is made once and only read.
type scopeSet struct {
	server     []string            // known by every resource
	identity   []string            // those of OpenID Connect, about the person; nil where there is no OpenID provider
	byResource map[string][]string // canonical URI → values that only it knows
	defaults   []string
}

func newScopeSet(cfg Config, resources resourceSet) (scopeSet, error) {
	set := scopeSet{
		server:     slices.Clone(cfg.Scopes),
		byResource: make(map[string][]string),
		defaults:   cfg.DefaultScopes,
	}
	if cfg.openIDProvider() {
		set.identity = identityScopes(set.server)
	}
	if cfg.RefreshTokens == RefreshOnOfflineAccess && set.identity == nil && !slices.Contains(set.server, offlineAccess) {
		set.server = append(set.server, offlineAccess)
	}
	for _, r := range resources.all {
		set.byResource[r.config.URI] = r.config.Scopes
	}
	var problems []error
	for _, value := range set.all() {
		if one, err := oauth.ParseScope(value); err != nil || len(one) != 1 {
			problems = append(problems, fmt.Errorf("scope %q is no scope value", value))
		}
	}
	for _, value := range set.defaults {
		if !slices.Contains(set.all(), value) {
			problems = append(problems, fmt.Errorf("default scope %q is not a known scope", value))
		}
	}
	return set, errors.Join(problems...)
}

// identityScopes are the scope values of OpenID Connect Core §3.1.2.1, §5.4 and
// §11 that the operator has not given a meaning of their own.
func identityScopes(configured []string) []string {
	return slices.DeleteFunc([]string{openID, "profile", "email", "address", "phone", offlineAccess}, func(value string) bool {
		return value != openID && slices.Contains(configured, value)
	})
}

// resolve returns the scope that a request for these resources asks for: what it
// names, or the defaults that the resources know (RFC 6749 §3.3). invalid_scope
// when it names a value that none of the resources knows. What the client
// registered is advisory and not asked: a client must be able to step up beyond
// it (design of MCP authorization). In an OpenID request unknown values are
// ignored instead (OpenID Connect Core §3.1.2.1); the token response says what
// was granted.
func (set scopeSet) resolve(requested string, resources []string) (oauth.Scope, error) {
	if requested == "" {
		var s oauth.Scope
		for _, value := range set.defaults {
			if set.known(value, resources) {
				s = append(s, value)
			}
		}
		return s, nil
	}
	s, err := oauth.ParseScope(requested)
	if err != nil {
		return nil, oauth.InvalidScope("scope_malformed", "scope is malformed")
	}
	if set.identity != nil && s.Contains(openID) {
		return set.limit(s, resources), nil
	}
	for _, value := range s {
		if !set.known(value, resources) {
			return nil, oauth.InvalidScope("scope_unknown", "scope has a value that the resource does not know")
		}
	}
	return s, nil
}

// isIdentity reports whether a scope value is about the person.
func (set scopeSet) isIdentity(value string) bool { return slices.Contains(set.identity, value) }

// asksIdentity reports whether a scope parameter makes its request one of OpenID
// Connect here.
func (set scopeSet) asksIdentity(requested string) bool {
	return set.identity != nil && slices.Contains(strings.Split(requested, " "), openID)
}

// offlineScope returns scope without offline_access where it asks for a refresh
// token that the client is not to get (OpenID Connect Core §11): what the client is
// told was granted is true. That a person is asked for it is the Interaction's
// part, as for every scope.
func (s *Server) offlineScope(c *registered, scope oauth.Scope) oauth.Scope {
	if !s.scopes.isIdentity(offlineAccess) || s.issuesRefreshToken(c.metadata, scope) {
		return scope
	}
	return slices.DeleteFunc(slices.Clone(scope), func(value string) bool { return value == offlineAccess })
}

// limit keeps the values that at least one of the resources knows: a token for
// one resource says nothing about another.
func (set scopeSet) limit(s oauth.Scope, resources []string) oauth.Scope {
	kept := make(oauth.Scope, 0, len(s))
	for _, value := range s {
		if set.known(value, resources) {
			kept = append(kept, value)
		}
	}
	return kept
}

func (set scopeSet) known(value string, resources []string) bool {
	if slices.Contains(set.server, value) || slices.Contains(set.identity, value) {
		return true
	}
	return slices.ContainsFunc(resources, func(uri string) bool {
		return slices.Contains(set.byResource[uri], value)
	})
}

// all lists every value once, server-wide ones first.
func (set scopeSet) all() []string {
	all := slices.Concat(set.server, set.identity)
	for _, values := range set.byResource {
		for _, value := range values {
			if !slices.Contains(all, value) {
				all = append(all, value)
			}
		}
	}
	slices.Sort(all[len(set.server)+len(set.identity):])
	return all
}
