package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

func newRestore() *cobra.Command {
	var o operation
	return o.command(&cobra.Command{
		Use:   "restore",
		Short: "Note that a backup was restored into the database, so that nothing revoked or spent since is good again",
		Long: `Note that a backup was restored into the database, before the servers start on it.

A backup does not know what was spent, revoked or signed out of after it was
made. From this command on every code, token, grant and sign-in that is older is
refused: people sign in again, and clients that used their own credentials take
another token.

A file that charter backup wrote is noted by itself. What pg_dump, mariadb-dump, a
snapshot of Redis or a copy of the file restored is not: run this.

Clients and accounts are as they were when the backup was made. Who was disabled,
removed, or given another password or secret since has to be so again.`,
		Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, _ []string, st store.Store) error {
		at := time.Now()
		if err := server.MarkRestored(cmd.Context(), st, at); err != nil {
			return err
		}
		return o.print(cmd.OutOrStdout(), struct {
			At time.Time `json:"restored_at"`
		}{at.UTC()}, "what is older than %s is refused from now on; clients and accounts are as they were in the backup", stamp(at))
	})
}
