package protect

import (
	"context"
	"encoding/json"
	"strings"
)

// External is a Verifier that asks own for the tokens that ours recognizes, and
// external for all others. Each token is tried by one of them only: what own
// refuses, external never sees, and the reverse. Errors are as for any Verifier;
// external must set Audience, or the Guard refuses its tokens.
func External(own Verifier, ours func(token string) bool, external VerifierFunc) Verifier {
	return VerifierFunc(func(ctx context.Context, token string) (Identity, error) {
		if ours(token) {
			return own.Verify(ctx, token)
		}
		return external(ctx, token)
	})
}

// TokensOf recognizes the tokens of a Charter server: the opaque ones by their
// prefix, JWTs by their issuer. What is recognized is not verified.
func TokensOf(issuer string) func(token string) bool {
	return func(token string) bool {
		if hasPrefix(token) {
			return true
		}
		claims, ok := peek(token)
		var iss string
		return ok && json.Unmarshal(claims["iss"], &iss) == nil && iss == issuer
	}
}

// hasPrefix reports whether token begins as every string that Charter issues:
// "ch", two letters for the kind, "_". Those of other kinds are ours too, to be
// refused.
func hasPrefix(token string) bool {
	const shape = "chxx_"
	return len(token) > len(shape) && strings.HasPrefix(token, "ch") && lower(token[2]) && lower(token[3]) && token[4] == '_'
}

func lower(c byte) bool { return c >= 'a' && c <= 'z' }
