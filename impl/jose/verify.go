package jose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrInvalid is wrapped by every error of Verify that means "this token is not
// good"; any other error means that a key could not be had.
var ErrInvalid = errors.New("jose: invalid token")

// ErrUnknownKey is what a Keys function returns for a key id it does not have.
var ErrUnknownKey = errors.New("jose: unknown key")

// An InvalidError says for logs why a token is not good. Callers decide on
// ErrInvalid alone, clients learn nothing more.
type InvalidError struct {
	// Reason is a stable slug, for example "expired" or "signature".
	Reason string
}

// Error returns the reason; it holds nothing of the token.
func (e *InvalidError) Error() string { return ErrInvalid.Error() + ": " + e.Reason }

// Unwrap returns ErrInvalid.
func (e *InvalidError) Unwrap() error { return ErrInvalid }

// Keys returns the key of an id, which is empty for a token that names none. It
// wraps ErrUnknownKey when there is no such key; any other error is passed on.
type Keys func(ctx context.Context, kid string) (PublicKey, error)

// StaticKeys is a Keys of a fixed set. A token without key id gets the key of a
// set of one.
func StaticKeys(keys ...PublicKey) Keys {
	keys = slices.Clone(keys)
	return func(_ context.Context, kid string) (PublicKey, error) {
		if kid == "" && len(keys) == 1 {
			return keys[0], nil
		}
		for _, k := range keys {
			if kid != "" && k.kid == kid {
				return k, nil
			}
		}
		return PublicKey{}, ErrUnknownKey
	}
}

// maxSkew is how far ahead of our clock an iat may be.
const maxSkew = 60 * time.Second

// VerifierConfig says what a Verifier demands. Keys or Secrets, Issuer, Audience
// and Typ have no default: leaving a check out is an error, not a way to disable
// it.
type VerifierConfig struct {
	Keys     Keys
	Issuer   string
	Audience string

	// Secrets verify HS256 (RFC 7518 §3.2), and nothing else does: a Verifier has
	// either Keys or Secrets, so that no public key is ever taken for a secret.
	// Each has at least 32 bytes. For client_secret_jwt alone.
	Secrets [][]byte

	// Typ is the header's typ (RFC 8725 §3.11), such as "at+jwt"; the prefix
	// "application/" and case make no difference. "JWT" also takes a header
	// without typ.
	Typ string
	// OtherTyp is taken as well as Typ, where a standard names a new typ and does
	// not want the old ones refused; empty is none.
	OtherTyp string

	// Algorithms that are taken; nil is all four. Not for Secrets.
	Algorithms []Algorithm
	// Leeway is added to exp and taken from nbf; at most one minute.
	Leeway time.Duration
	// MaxLifetime is the longest time from now, and from iat, to exp; zero is any.
	MaxLifetime time.Duration
	// MultipleAudiences takes a token that names others beside Audience.
	MultipleAudiences bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// A Verifier verifies one class of token. It is safe for concurrent use.
type Verifier struct{ c VerifierConfig }

// NewVerifier reports everything that is wrong with c at once.
func NewVerifier(c VerifierConfig) (*Verifier, error) {
	var faults []error
	fault := func(bad bool, text string) {
		if bad {
			faults = append(faults, errors.New("jose: verifier: "+text))
		}
	}
	fault(c.Keys == nil && len(c.Secrets) == 0, "Keys is nil, and there are no Secrets")
	fault(c.Keys != nil && len(c.Secrets) > 0, "both Keys and Secrets")
	fault(len(c.Secrets) > 0 && c.Algorithms != nil, "Algorithms are not for Secrets")
	for _, secret := range c.Secrets {
		fault(len(secret) < minSecret, "a secret of less than 32 bytes")
	}
	fault(c.Issuer == "", "Issuer is empty")
	fault(c.Audience == "", "Audience is empty")
	fault(!validTyp(c.Typ), "Typ is empty or no media type")
	fault(c.OtherTyp != "" && !validTyp(c.OtherTyp), "OtherTyp is no media type")
	fault(c.Leeway < 0 || c.Leeway > maxSkew, "Leeway is not between zero and one minute")
	fault(c.MaxLifetime < 0, "MaxLifetime is negative")
	fault(c.Algorithms != nil && len(c.Algorithms) == 0, "Algorithms is empty")
	for _, a := range c.Algorithms {
		fault(a.method() == nil, fmt.Sprintf("unknown algorithm %.16q", string(a)))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	c.Algorithms = slices.Clone(c.Algorithms)
	if c.Algorithms == nil {
		c.Algorithms = []Algorithm{ES256, EdDSA, PS256, RS256}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Verifier{c}, nil
}

// Verify returns the claims of a token in compact serialization. The signature
// is checked over the bytes received, before any claim is read. A bad token is
// an *InvalidError; other errors are those of Keys.
func (v *Verifier) Verify(ctx context.Context, token string) (*Claims, error) {
	t, reason := parseCompact(token)
	if reason == "" {
		reason = v.checkHeader(t.header)
	}
	if reason != "" {
		return nil, &InvalidError{reason}
	}
	kid, err := v.verifySignature(ctx, t)
	if err != nil {
		return nil, err
	}
	claims, reason := parseClaims(t.payload)
	if reason == "" {
		reason = v.checkClaims(claims)
	}
	if reason != "" {
		return nil, &InvalidError{reason}
	}
	claims.KeyID, claims.Algorithm = kid, t.header.alg
	return claims, nil
}

// verifySignature returns the id of the key that verified; empty for a secret.
func (v *Verifier) verifySignature(ctx context.Context, t compact) (kid string, err error) {
	if len(v.c.Secrets) > 0 {
		return "", v.verifyMAC(t)
	}
	key, err := v.c.Keys(ctx, t.header.kid)
	if errors.Is(err, ErrUnknownKey) {
		return "", &InvalidError{"key_unknown"}
	}
	if err != nil {
		return "", fmt.Errorf("jose: keys: %w", err)
	}
	// The key decides on the algorithm; the header only has to agree.
	if key.key == nil || key.alg != t.header.alg {
		return "", &InvalidError{"key_algorithm"}
	}
	if key.alg.method().Verify(t.input, t.signature, key.key) != nil {
		return "", &InvalidError{"signature"}
	}
	return key.kid, nil
}

type compact struct {
	input     string // header and payload as received
	header    header
	payload   []byte
	signature []byte
}

type header struct {
	alg Algorithm
	kid string
	typ string
}

// parseCompact splits the compact serialization (RFC 7515 §7.1).
func parseCompact(token string) (t compact, reason string) {
	if len(token) > MaxToken {
		return t, "too_long"
	}
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 || strings.Count(token, ".") != 2 {
		return t, "segments"
	}
	t.input = token[:dot]
	first, second, _ := strings.Cut(t.input, ".")
	head, err1 := decode(first)
	payload, err2 := decode(second)
	signature, err3 := decode(token[dot+1:])
	if errors.Join(err1, err2, err3) != nil || len(signature) == 0 {
		return t, "base64"
	}
	t.payload, t.signature = payload, signature
	m, err := strictObject(head)
	if err != nil {
		return t, "header_json"
	}
	t.header, reason = parseHeader(m)
	return t, reason
}

// parseHeader takes alg, kid and typ and nothing else: crit, b64, zip, cty, jwk,
// jku, x5u and x5c would each change what is verified, or by which key.
func parseHeader(m map[string]json.RawMessage) (header, string) {
	for name := range m {
		if name != "alg" && name != "kid" && name != "typ" {
			return header{}, "header_member"
		}
	}
	s, err := stringMembers(m, "alg", "kid", "typ")
	if err != nil {
		return header{}, "header_type"
	}
	return header{Algorithm(s["alg"]), s["kid"], s["typ"]}, ""
}

func (v *Verifier) checkHeader(h header) string {
	switch {
	case !v.takes(h.alg):
		return "algorithm"
	case h.kid != "" && !validKid(h.kid):
		return "kid"
	case !v.typMatches(h.typ):
		return "typ"
	}
	return ""
}

func (v *Verifier) takes(alg Algorithm) bool {
	if len(v.c.Secrets) > 0 {
		return alg == hs256
	}
	return slices.Contains(v.c.Algorithms, alg)
}

func (v *Verifier) typMatches(typ string) bool {
	if typ == "" {
		return v.c.Typ == "JWT"
	}
	// All are ASCII, so that lower-casing maps no other letter onto them.
	bare := func(s string) string { return strings.TrimPrefix(strings.ToLower(s), "application/") }
	return validTyp(typ) && (bare(typ) == bare(v.c.Typ) || v.c.OtherTyp != "" && bare(typ) == bare(v.c.OtherTyp))
}

func (v *Verifier) checkClaims(c *Claims) string {
	now := v.c.Now()
	switch {
	case c.Issuer != v.c.Issuer:
		return "issuer"
	case !slices.Contains(c.Audience, v.c.Audience), len(c.Audience) > 1 && !v.c.MultipleAudiences:
		return "audience"
	case c.ExpiresAt.IsZero():
		return "exp_missing"
	case !now.Before(c.ExpiresAt.Add(v.c.Leeway)):
		return "expired"
	case c.IssuedAt.After(now.Add(maxSkew)):
		return "iat_ahead"
	case c.NotBefore.After(now.Add(v.c.Leeway)):
		return "not_yet"
	case v.c.MaxLifetime > 0 && v.livesTooLong(c, now):
		return "lifetime"
	}
	return ""
}

func (v *Verifier) livesTooLong(c *Claims, now time.Time) bool {
	from := now.Add(v.c.Leeway)
	if !c.IssuedAt.IsZero() && c.IssuedAt.Before(from) {
		from = c.IssuedAt
	}
	return c.ExpiresAt.Sub(from) > v.c.MaxLifetime
}
