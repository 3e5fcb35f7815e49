package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

func newGC() *cobra.Command {
	var o operation
	return o.command(&cobra.Command{
		Use:   "gc",
		Short: "Remove records that nobody needs any more, as a running server does by itself",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, _ []string, st store.Store) error {
		told := time.Now()
		n, err := server.SweepStore(cmd.Context(), st, time.Now, func(removed int) {
			if time.Since(told) >= time.Second {
				told = time.Now()
				fmt.Fprintf(cmd.ErrOrStderr(), "removed %d so far\n", removed)
			}
		})
		if err != nil {
			return fmt.Errorf("%w; %d were removed, run it again for the rest", err, n)
		}
		return o.print(cmd.OutOrStdout(), count{Removed: &n}, "removed %d", n)
	})
}
