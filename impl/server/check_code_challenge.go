package server

import (
	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/pkce"
)

// checkCodeChallenge demands PKCE with S256 of every client (RFC 7636 §4.4.1,
// RFC 9700 §2.1.1). A challenge without a method would mean "plain" (RFC 7636
// §4.3), which is not offered. A confidential client that an operator exempted
// may send none; if it sends one it must be good.
func checkCodeChallenge(c *registered, q gen.AuthorizationRequest) error {
	switch {
	case q.CodeChallenge == "" && q.CodeChallengeMethod != "":
		return oauth.InvalidRequest("code_challenge_missing", "code_challenge_method is there without code_challenge")
	case q.CodeChallenge == "" && c.pkceExempt():
		return nil
	case q.CodeChallenge == "":
		return oauth.InvalidRequest("code_challenge_missing", "code_challenge is required")
	case q.CodeChallengeMethod != pkce.S256:
		return oauth.InvalidRequest("code_challenge_method", "code_challenge_method must be S256")
	case !pkce.ValidChallenge(q.CodeChallenge):
		return oauth.InvalidRequest("code_challenge_malformed", "code_challenge is malformed")
	}
	return nil
}
