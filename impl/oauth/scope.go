package oauth

import (
	"slices"
	"strings"
)

// A Scope is a set of scope tokens in the order they were asked for, without
// duplicates. The nil Scope is empty. Tokens are compared byte by byte
// (RFC 6749 §3.3). A Scope from ParseScope or NewScope is well-formed; methods
// never change their receiver.
type Scope []string

// The bounds of one scope parameter; above them set operations, which compare
// pairwise to allocate nothing, would cost more than a request is worth.
const (
	maxScopeTokens = 256
	maxScopeToken  = 256 // bytes
)

// ParseScope parses a scope parameter by RFC 6749 §3.3: tokens of
// %x21 / %x23-5B / %x5D-7E, one space between them. The empty string is the
// empty scope; duplicates are dropped. The error is an *Error, invalid_scope.
func ParseScope(s string) (Scope, error) {
	if s == "" {
		return nil, nil
	}
	if n := strings.Count(s, " ") + 1; n > maxScopeTokens {
		return nil, InvalidScope("scope_too_long", "The scope has too many tokens.")
	}
	return NewScope(strings.Split(s, " ")...)
}

// NewScope makes a Scope of tokens, with the rules and the error of ParseScope.
func NewScope(tokens ...string) (Scope, error) {
	if len(tokens) > maxScopeTokens {
		return nil, InvalidScope("scope_too_long", "The scope has too many tokens.")
	}
	var s Scope
	for _, t := range tokens {
		if !validScopeToken(t) {
			return nil, InvalidScope("scope_malformed", "The scope is malformed.")
		}
		if !s.Contains(t) {
			s = append(s, t)
		}
	}
	return s, nil
}

func validScopeToken(t string) bool {
	if t == "" || len(t) > maxScopeToken {
		return false
	}
	for i := range len(t) {
		if c := t[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// String returns the tokens joined by single spaces, as on the wire.
func (s Scope) String() string { return strings.Join(s, " ") }

// Contains reports whether token is in s.
func (s Scope) Contains(token string) bool { return slices.Contains(s, token) }

// SubsetOf reports whether every token of s is in o. The empty scope is a
// subset of every scope.
func (s Scope) SubsetOf(o Scope) bool {
	for _, t := range s {
		if !o.Contains(t) {
			return false
		}
	}
	return true
}

// Intersect returns the tokens of s that are in o, in the order of s.
func (s Scope) Intersect(o Scope) Scope {
	var both Scope
	for _, t := range s {
		if o.Contains(t) {
			both = append(both, t)
		}
	}
	return both
}

// Union returns the tokens of s followed by those of o that s lacks.
func (s Scope) Union(o Scope) Scope {
	all := slices.Clone(s)
	for _, t := range o {
		if !all.Contains(t) {
			all = append(all, t)
		}
	}
	return all
}
