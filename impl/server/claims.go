package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

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
