package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/mint"
)

// Claims returns what is known about a person: a JSON object with claims of
// OpenID Connect Core §5.1 and any others, nil for none. What of it a client gets
// is the server's to decide. subject is a Decision.Subject. ErrNoPerson when that
// person is gone; any other error is the server's fault. It must be safe for
// concurrent use.
//
// A claim in several languages has members with language tags beside the plain
// one, such as "family_name#ja-Kana-JP" (§5.2). Null, empty texts and the claims
// that are the protocol's own (iss, aud, …) are left out.
type Claims func(ctx context.Context, subject string) (json.RawMessage, error)

// ErrNoPerson is the error of Claims for a person who is gone or disabled.
var ErrNoPerson = errors.New("server: no such person")

// scopeClaims are the claims that a scope value asks for (OpenID Connect Core
// §5.4).
var scopeClaims = map[string][]string{
	"profile": {"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"},
	"email":   {"email", "email_verified"},
	"address": {"address"},
	"phone":   {"phone_number", "phone_number_verified"},
}

// claimScopes are the keys of scopeClaims, in the order of the standard.
var claimScopes = []string{"profile", "email", "address", "phone"}

// claimsOf returns the claims about a person, by name.
func (s *Server) claimsOf(ctx context.Context, subject string) (map[string]json.RawMessage, error) {
	document, err := s.cfg.Claims(ctx, subject)
	if err != nil || document == nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(document, &all); err != nil {
		return nil, fmt.Errorf("Claims of %.64q returned no JSON object: %w", subject, err)
	}
	for name, value := range all {
		if empty := string(value); empty == "null" || empty == `""` || mint.ProtocolClaim(name) {
			delete(all, name)
		}
	}
	return all, nil
}

// scopeOf returns the scope value that a claim, with or without a language tag,
// belongs to; "" for those of none.
func scopeOf(claim string) string {
	base, _, _ := strings.Cut(claim, "#")
	for scope, names := range scopeClaims {
		if slices.Contains(names, base) {
			return scope
		}
	}
	return ""
}

// addAsked adds to told the claims that a request names, where there is one and it is
// what the request wants it to be (OpenID Connect Core §5.5.1).
func addAsked(told, all map[string]json.RawMessage, request map[string]claimRequest) map[string]json.RawMessage {
	for name, wanted := range request {
		value, ok := all[name]
		if !ok || !wanted.admits(value) {
			continue
		}
		if told == nil {
			told = make(map[string]json.RawMessage)
		}
		told[name] = value
	}
	return told
}

// admits reports whether a value is one of those that are asked for.
func (r claimRequest) admits(value json.RawMessage) bool {
	if r.Value == nil && r.Values == nil {
		return true
	}
	same := func(wanted json.RawMessage) bool {
		return wanted != nil && bytes.Equal(compact(wanted), compact(value))
	}
	return same(r.Value) || slices.ContainsFunc(r.Values, same)
}

func compact(value json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return nil
	}
	return b.Bytes()
}

// localize gives the claims in told the languages that are asked for, best first
// (OpenID Connect Core §5.2): in place of the plain claim when it is one language,
// and with their tags beside it when there are several.
func localize(told, all map[string]json.RawMessage, locales []string) {
	for _, name := range slices.Collect(maps.Keys(told)) {
		for _, locale := range locales {
			tagged := variant(all, name, locale)
			switch {
			case tagged == "":
			case len(locales) == 1:
				told[name] = all[tagged]
			default:
				told[tagged] = all[tagged]
			}
		}
	}
}

// variant returns the name of a claim in a language, or in one that is written
// more exactly (RFC 4647 §3.3.1); "" for none. Case makes no difference (RFC 5646
// §2.1.1).
func variant(all map[string]json.RawMessage, name, locale string) string {
	best := ""
	for candidate := range all {
		base, tag, ok := strings.Cut(candidate, "#")
		exact := strings.EqualFold(tag, locale)
		within := len(tag) > len(locale) && tag[len(locale)] == '-' && strings.EqualFold(tag[:len(locale)], locale)
		if ok && base == name && (exact || within) && (best == "" || candidate < best) {
			best = candidate
		}
	}
	return best
}

// ofScopes returns the part of all that scope values ask for. Of an identity
// scope to which the operator gave another meaning nothing follows.
func (set scopeSet) ofScopes(all map[string]json.RawMessage, scopes []string) map[string]json.RawMessage {
	told := make(map[string]json.RawMessage)
	for _, scope := range scopes {
		if !set.isIdentity(scope) {
			continue
		}
		for _, name := range scopeClaims[scope] {
			if value, ok := all[name]; ok {
				told[name] = value
			}
		}
	}
	return told
}
