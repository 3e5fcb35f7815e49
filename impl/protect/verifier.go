package protect

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/oauth"
)

// A Verifier says what an access token is. It must be safe for concurrent use.
//
// The error for a token that is not good is an *oauth.Error with the code
// invalid_token, as oauth.InvalidToken makes it. Every other error means that the
// verifier cannot tell. A Verifier need not check audience and scope: the Guard
// does, on what it returns.
type Verifier interface {
	Verify(ctx context.Context, token string) (Identity, error)
}

// A VerifierFunc is a function that is a Verifier, with the same contract.
type VerifierFunc func(ctx context.Context, token string) (Identity, error)

// Verify calls f.
func (f VerifierFunc) Verify(ctx context.Context, token string) (Identity, error) {
	return f(ctx, token)
}

// ErrUnavailable is wrapped by errors that mean: whether the token is good cannot
// be told now.
var ErrUnavailable = errors.New("protect: the token cannot be verified now")

// liveToken is server.AccessToken, which this package does not import so that it
// runs without the server. The compiler holds the two together.
type liveToken = struct {
	Subject   string
	ClientID  string
	GrantID   string
	Scopes    []string
	Resources []string
	Props     json.RawMessage
	AuthTime  time.Time
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// InProcess is the Verifier of a server in the same program:
//
//	protect.InProcess(srv.VerifyAccessToken)
//
// It knows both formats of token, has no cache, and a revoked token is refused at
// once.
func InProcess[T ~liveToken](verify func(ctx context.Context, token string) (T, error)) Verifier {
	return VerifierFunc(func(ctx context.Context, token string) (Identity, error) {
		verified, err := verify(ctx, token)
		if err != nil {
			return Identity{}, err
		}
		t := liveToken(verified)
		return Identity{
			Subject: t.Subject, ClientID: t.ClientID, GrantID: t.GrantID, Scopes: t.Scopes, Audience: t.Resources,
			Props: t.Props, AuthTime: t.AuthTime, IssuedAt: t.IssuedAt, ExpiresAt: t.ExpiresAt,
		}, nil
	})
}

// invalid refuses a token. The reason is for logs; clients learn only that the
// token is not good.
func invalid(reason string) error { return oauth.InvalidToken(reason, notGood) }

const notGood = "the access token is not good for this resource"
