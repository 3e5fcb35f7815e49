package interact

import (
	"context"
	"errors"
	"fmt"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/server"
)

// RequireAccount returns a server.Policy that asks accounts about the person
// before every issuance, so that a disabled or deleted account gets no further
// token out of an old consent. The grant ends with the first attempt. Tokens
// that were issued before live on until they expire, or their grants are
// revoked.
func RequireAccount(accounts Accounts) server.Policy {
	return func(ctx context.Context, i *server.Issue) error {
		if i.GrantType == gen.GrantTypeClientCredentials {
			return nil // no person stands behind it
		}
		_, err := accounts.Account(ctx, i.Grant.Subject)
		if errors.Is(err, ErrNoAccount) {
			i.RevokeGrant = true
			return oauth.InvalidGrant("account_gone", "the account is not there any more")
		}
		if err != nil {
			return fmt.Errorf("account of grant %s: %w", i.Grant.ID, err)
		}
		return nil
	}
}
