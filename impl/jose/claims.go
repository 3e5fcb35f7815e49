package jose

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"time"
)

// Claims are the claims of a token that was verified. Times are UTC, zero when
// the claim is absent.
type Claims struct {
	Issuer    string
	Subject   string // empty when absent
	Audience  []string
	ExpiresAt time.Time
	IssuedAt  time.Time
	NotBefore time.Time
	ID        string // jti; empty when absent

	// KeyID and Algorithm are those of the key that verified the signature.
	KeyID     string
	Algorithm Algorithm

	members map[string]json.RawMessage
}

// Has reports whether there is a claim of exactly this name.
func (c *Claims) Has(name string) bool {
	_, found := c.members[name]
	return found
}

// Get decodes the claim of exactly this name, case included, into v as
// encoding/json does. It leaves v alone when there is none; check Has where
// absent and zero differ.
func (c *Claims) Get(name string, v any) error {
	raw, found := c.members[name]
	if !found {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%w: claim %.32q has another type", ErrInvalid, name)
	}
	return nil
}

// All yields every claim by its exact name, in no order. The values are JSON, and
// parts of the token: do not change them.
func (c *Claims) All() iter.Seq2[string, json.RawMessage] { return maps.All(c.members) }

// Unverified returns the claims of a token that nobody has verified: whoever sent
// it made them up. They are only good to find the keys that verify it, and no
// claim may be used that Verify has not returned. ok is false for what no
// Verifier would read.
func Unverified(token string) (c *Claims, ok bool) {
	t, reason := parseCompact(token)
	if reason != "" {
		return nil, false
	}
	c, reason = parseClaims(t.payload)
	return c, reason == ""
}

// parseClaims reads the registered claims with the types that RFC 7519 §4.1
// gives them.
func parseClaims(payload []byte) (*Claims, string) {
	m, err := strictClaims(payload)
	if err != nil {
		return nil, "claims_json"
	}
	c := &Claims{members: m}
	text, err := stringMembers(m, "iss", "sub", "jti")
	if err != nil {
		return nil, "claims_type"
	}
	c.Issuer, c.Subject, c.ID = text["iss"], text["sub"], text["jti"]
	var ok bool
	if c.Audience, ok = audienceOf(m["aud"]); !ok {
		return nil, "claims_aud"
	}
	for _, t := range []struct {
		name string
		into *time.Time
	}{{"exp", &c.ExpiresAt}, {"iat", &c.IssuedAt}, {"nbf", &c.NotBefore}} {
		raw, found := m[t.name]
		if !found {
			continue
		}
		if *t.into, ok = numericDate(raw); !ok {
			return nil, "claims_" + t.name
		}
	}
	return c, ""
}

// audienceOf reads a string or an array of strings, none of them empty. Absent
// is no audience.
func audienceOf(raw json.RawMessage) ([]string, bool) {
	if raw == nil {
		return nil, true
	}
	if s, ok := stringOf(raw); ok {
		return []string{s}, s != ""
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		return nil, false
	}
	all := make([]string, len(list))
	for i, item := range list {
		s, ok := stringOf(item)
		if !ok || s == "" {
			return nil, false
		}
		all[i] = s
	}
	return all, true
}

// numericDate reads whole seconds between 1970 and 9999. RFC 7519 §2 allows
// fractions and exponents; nobody needs them, and readers disagree about them.
func numericDate(raw json.RawMessage) (time.Time, bool) {
	const digits = len("253402300799") // the last second of 9999
	if len(raw) == 0 || len(raw) > digits || raw[0] == '0' {
		return time.Time{}, false
	}
	var n int64
	for _, c := range raw {
		if c < '0' || c > '9' {
			return time.Time{}, false
		}
		n = n*10 + int64(c-'0')
	}
	return time.Unix(n, 0).UTC(), n <= 253402300799
}
