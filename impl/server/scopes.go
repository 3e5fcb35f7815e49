package server

import (
	"errors"
	"fmt"
	"slices"

	"github.com/charterauth/charter/impl/oauth"
)

// offlineAccess is the scope by which a client asks for a refresh token (OpenID
// Connect Core §11; MCP authorization uses it the same way).
const offlineAccess = "offline_access"

// A scopeSet is the scope values that exist: some for every resource, some for
// one. It is made once and only read.
type scopeSet struct {
	server     []string            // known by every resource
	byResource map[string][]string // canonical URI → values that only it knows
	defaults   []string
}

func newScopeSet(cfg Config, resources resourceSet) (scopeSet, error) {
	set := scopeSet{
		server:     slices.Clone(cfg.Scopes),
		byResource: make(map[string][]string),
		defaults:   cfg.DefaultScopes,
	}
	if cfg.RefreshTokens == RefreshOnOfflineAccess && !slices.Contains(set.server, offlineAccess) {
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

// resolve returns the scope that a request for these resources asks for: what it
// names, or the defaults that the resources know (RFC 6749 §3.3). invalid_scope
// when it names a value that none of the resources knows. What the client
// registered is advisory and not asked: a client must be able to step up beyond
// it (design of MCP authorization).
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
	for _, value := range s {
		if !set.known(value, resources) {
			return nil, oauth.InvalidScope("scope_unknown", "scope has a value that the resource does not know")
		}
	}
	return s, nil
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
	if slices.Contains(set.server, value) {
		return true
	}
	return slices.ContainsFunc(resources, func(uri string) bool {
		return slices.Contains(set.byResource[uri], value)
	})
}

// all lists every value once, server-wide ones first.
func (set scopeSet) all() []string {
	all := slices.Clone(set.server)
	for _, values := range set.byResource {
		for _, value := range values {
			if !slices.Contains(all, value) {
				all = append(all, value)
			}
		}
	}
	slices.Sort(all[len(set.server):])
	return all
}
