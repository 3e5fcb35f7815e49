package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/store"
)

func newAccountsPasswd() *cobra.Command {
	var o operation
	var fromStdin bool
	cmd := o.command(&cobra.Command{
		Use:   "passwd NAME --password-stdin",
		Short: "Replace a password by the first line of standard input, and sign the person out everywhere",
		Args:  cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		password, err := firstLine(cmd.InOrStdin())
		if err != nil {
			return err
		}
		err = interact.NewLocalAccounts(st).SetPassword(cmd.Context(), args[0], password)
		if errors.Is(err, interact.ErrNoAccount) {
			err = store.ErrNotFound
		}
		if err != nil {
			return explain(err, fmt.Sprintf("account %q", args[0]), "accounts list")
		}
		return o.print(cmd.OutOrStdout(), struct {
			Name string `json:"name"`
		}{args[0]}, "changed %s", args[0])
	})
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if !fromStdin {
			return errNoPasswordFlag
		}
		return nil
	}
	cmd.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input")
	return cmd
}

func newAccountsRemove() *cobra.Command {
	var o operation
	return o.command(&cobra.Command{
		Use:   "remove NAME",
		Short: "Remove an account, end its sessions and revoke what it allowed",
		Args:  cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		a, err := st.AccountByName(cmd.Context(), args[0])
		if err == nil {
			err = interact.NewLocalAccounts(st).Remove(cmd.Context(), a.Name)
		}
		if errors.Is(err, interact.ErrNoAccount) {
			err = store.ErrNotFound
		}
		if err != nil {
			return explain(err, fmt.Sprintf("account %q", args[0]), "accounts list")
		}
		return o.print(cmd.OutOrStdout(), struct {
			Subject string `json:"sub"`
			Name    string `json:"name"`
		}{a.ID, a.Name}, "removed %s", a.Name)
	})
}

func newAccountsSignOut() *cobra.Command {
	var o operation
	return o.command(&cobra.Command{
		Use:   "sign-out NAME",
		Short: "Sign a person out everywhere, and tell the applications that they signed in to",
		Long: `Sign a person out everywhere: here, and at every application that they signed in
to and that registered a backchannel_logout_uri; a running server tells those.
What applications got with offline_access, or without openid, stays: see grants
revoke. The person can sign in again.`,
		Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		err := interact.NewLocalAccounts(st).SignOut(cmd.Context(), args[0])
		if errors.Is(err, interact.ErrNoAccount) {
			err = store.ErrNotFound
		}
		if err != nil {
			return explain(err, fmt.Sprintf("account %q", args[0]), "accounts list")
		}
		return o.print(cmd.OutOrStdout(), struct {
			Name string `json:"name"`
		}{args[0]}, "signed out %s", args[0])
	})
}

// newAccountsDisable is disable and, with disabled false, enable.
func newAccountsDisable(use, short string, disabled bool) *cobra.Command {
	var o operation
	return o.command(&cobra.Command{Use: use + " NAME", Short: short, Args: cobra.ExactArgs(1)},
		func(cmd *cobra.Command, args []string, st store.Store) error {
			err := interact.NewLocalAccounts(st).SetDisabled(cmd.Context(), args[0], disabled)
			if errors.Is(err, interact.ErrNoAccount) {
				err = store.ErrNotFound
			}
			if err != nil {
				return explain(err, fmt.Sprintf("account %q", args[0]), "accounts list")
			}
			return o.print(cmd.OutOrStdout(), struct {
				Name string `json:"name"`
			}{args[0]}, use+"d %s", args[0])
		})
}
