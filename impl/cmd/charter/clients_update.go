package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

func newClientsUpdate() *cobra.Command {
	var o operation
	var m clientFlags
	var noPKCE, legacyJWT, disabled bool
	cmd := o.command(&cobra.Command{
		Use:   "update CLIENT_ID",
		Short: "Change a client; what no flag names stays as it is",
		Args:  cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		members, err := m.members(cmd.Flags())
		if err != nil {
			return err
		}
		u := server.ClientUpdate{Metadata: members, KeyEncryptionKey: o.location.key}
		if cmd.Flags().Changed("insecure-no-pkce") {
			u.InsecureNoPKCE = &noPKCE
		}
		if cmd.Flags().Changed("insecure-legacy-jwt") {
			u.InsecureLegacyJWT = &legacyJWT
		}
		if cmd.Flags().Changed("disabled") {
			u.Disabled = &disabled
		}
		if len(u.Metadata) == 0 && u.InsecureNoPKCE == nil && u.InsecureLegacyJWT == nil && u.Disabled == nil {
			return errors.New("nothing to change; say what with a flag, as in --name 'New name'")
		}
		c, secret, err := server.UpdateClient(cmd.Context(), st, time.Now(), args[0], u)
		if err != nil {
			return explain(err, "client "+args[0], "clients list")
		}
		return printCreated(cmd.OutOrStdout(), c, secret, o.json)
	})
	f := cmd.Flags()
	m.flags(f, nil)
	f.BoolVar(&noPKCE, "insecure-no-pkce", false, "let this confidential client leave out PKCE; only for clients that cannot be changed")
	f.BoolVar(&legacyJWT, "insecure-legacy-jwt", false, insecureLegacyJWTUsage)
	f.BoolVar(&disabled, "disabled", false, "shut the client and its tokens out; --disabled=false lets them in again")
	return cmd
}
