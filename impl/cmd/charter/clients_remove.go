package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

func newClientsRotateSecret() *cobra.Command {
	var o operation
	var keep time.Duration
	cmd := o.command(&cobra.Command{
		Use:   "rotate-secret CLIENT_ID",
		Short: "Give a client a new secret; it is printed once",
		Args:  cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		if keep < 0 {
			return errors.New("--keep must not be negative")
		}
		secret, err := server.RotateClientSecret(cmd.Context(), st, time.Now(), args[0], keep, o.location.key)
		if errors.Is(err, server.ErrNoSecret) {
			return fmt.Errorf("client %s has no secret; charter clients update --auth-method client_secret_basic gives it one", args[0])
		}
		if err != nil {
			return explain(err, "client "+args[0], "clients list")
		}
		return o.print(cmd.OutOrStdout(), struct {
			ClientID string `json:"client_id"`
			Secret   string `json:"client_secret"`
		}{args[0], secret}, "client_id      %s\nclient_secret  %s   (shown this once)", args[0], secret)
	})
	cmd.Flags().DurationVar(&keep, "keep", 0, "how long the old secret stays good, as 24h, so that the client can change over")
	return cmd
}

func newClientsDelete() *cobra.Command {
	var o operation
	return o.command(&cobra.Command{
		Use:   "delete CLIENT_ID",
		Short: "Delete a client and revoke what it was granted",
		Args:  cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		if err := server.RemoveClient(cmd.Context(), st, time.Now(), args[0]); err != nil {
			return explain(err, "client "+args[0], "clients list")
		}
		return o.print(cmd.OutOrStdout(), struct {
			ClientID string `json:"client_id"`
		}{args[0]}, "deleted %s", args[0])
	})
}

func newClientsPrune() *cobra.Command {
	var o operation
	var age time.Duration
	var dryRun bool
	cmd := o.command(&cobra.Command{
		Use:   "prune",
		Short: "Delete clients that registered themselves and have expired or were never used",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, _ []string, st store.Store) error {
		if age < 0 {
			return errors.New("--unused-for must not be negative")
		}
		removed := 0
		err := eachClient(cmd.Context(), st, func(c store.Client) error {
			now := time.Now()
			if !server.Unused(c, now, age) {
				return nil
			}
			if !dryRun {
				err := server.RemoveClient(cmd.Context(), st, now, c.ID)
				if errors.Is(err, store.ErrNotFound) { // the server's own sweep was faster
					return nil
				}
				if err != nil {
					return err
				}
			}
			removed++
			return printClient(cmd.OutOrStdout(), c, o.json)
		})
		if err != nil {
			return err
		}
		verb := "deleted"
		if dryRun {
			verb = "would delete"
		}
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%s %d\n", verb, removed)
		return err
	})
	cmd.Flags().DurationVar(&age, "unused-for", 30*24*time.Hour, "how old a registration that was never used must be")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only print what would be deleted")
	return cmd
}
