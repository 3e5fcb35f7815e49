package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/store"
)

// maxClaimsInput bounds what is read, in bytes.
const maxClaimsInput = 64 << 10

func newAccountsClaims() *cobra.Command {
	var o operation
	return o.command(&cobra.Command{
		Use:   "claims NAME",
		Short: "Replace what clients may be told of a person by the JSON object on standard input",
		Long: `Replace what clients may be told of a person by the JSON object on standard input.

Its members are the claims of OpenID Connect (name, email, email_verified,
phone_number, address, locale, ...) and any of your own. A client gets those of
the scopes that the person allowed. An empty object removes all.`,
		Example: `  echo '{"name": "Alice Adams", "email": "alice@example.com"}' | charter accounts claims alice`,
		Args:    cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		document, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxClaimsInput))
		if err != nil {
			return err
		}
		err = interact.NewLocalAccounts(st).SetClaims(cmd.Context(), args[0], document)
		if errors.Is(err, interact.ErrNoAccount) {
			return explain(store.ErrNotFound, fmt.Sprintf("account %q", args[0]), "accounts list")
		}
		if err != nil {
			return err
		}
		return o.print(cmd.OutOrStdout(), struct {
			Name string `json:"name"`
		}{args[0]}, "changed %s", args[0])
	})
}
