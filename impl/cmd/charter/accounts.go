package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

func newAccounts() *cobra.Command {
	return group("accounts", "People who can sign in", newAccountsAdd(), newAccountsList(), newAccountsPasswd(), newAccountsClaims(), newAccountsSignOut(), newAccountsRemove(),
		newAccountsDisable("disable", "Sign a person out everywhere, revoke what they allowed, and let them in no more", true),
		newAccountsDisable("enable", "Let a person sign in again; what was revoked stays revoked", false))
}

func newAccountsAdd() *cobra.Command {
	var o operation
	var fromStdin bool
	cmd := o.command(&cobra.Command{
		Use:   "add NAME --password-stdin",
		Short: "Add an account; the password is the first line of standard input",
		Args:  cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		password, err := firstLine(cmd.InOrStdin())
		if err != nil {
			return err
		}
		err = interact.NewLocalAccounts(st).Add(cmd.Context(), args[0], password)
		if errors.Is(err, store.ErrConflict) {
			return fmt.Errorf("there is an account %q already", args[0])
		}
		if err != nil {
			return err
		}
		return o.print(cmd.OutOrStdout(), struct {
			Name string `json:"name"`
		}{args[0]}, "added %s", args[0])
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

var errNoPasswordFlag = errors.New("give the password on standard input and say --password-stdin; a flag would leave it in the shell's history")

// firstLine reads a password as a terminal or echo gives it.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("standard input has no password")
	}
	return line, nil
}

func newAccountsList() *cobra.Command {
	var l location
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List accounts",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := l.open(cmd.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			return pages(func(after string) (last string, n int, err error) {
				accounts, err := st.Accounts(cmd.Context(), after, pageSize)
				for _, a := range accounts {
					if err := printAccount(cmd.OutOrStdout(), a, asJSON); err != nil {
						return "", 0, err
					}
					last = a.ID
				}
				return last, len(accounts), err
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	l.flags(cmd.Flags())
	return cmd
}

func printAccount(out io.Writer, a store.Account, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(struct {
			Subject   string    `json:"sub"`
			Name      string    `json:"name"`
			CreatedAt time.Time `json:"created_at"`
			Disabled  bool      `json:"disabled"`
		}{a.ID, a.Name, a.CreatedAt, !a.DisabledAt.IsZero()})
	}
	_, err := fmt.Fprintf(out, "%s\t%s\t%s\n", a.ID, a.Name, a.CreatedAt.Format(time.RFC3339))
	return err
}

const pageSize = 200

// pages calls page with the last identifier of the page before, until one is not
// full.
func pages(page func(after string) (last string, n int, err error)) error {
	after := ""
	for {
		last, n, err := page(after)
		if err != nil || n < pageSize {
			return err
		}
		after = last
	}
}

const firstAccountName = "admin"

// firstAccount makes an account when there is none, so that the pages can be
// used at once, and returns its password. "" means that there are accounts.
func firstAccount(ctx context.Context, st store.Store) (password string, err error) {
	existing, err := st.Accounts(ctx, "", 1)
	if err != nil || len(existing) > 0 {
		return "", err
	}
	// 24 characters of 62 are 142 bits.
	password = strings.TrimPrefix(seal.NewToken(seal.PrefixClientSecret), seal.PrefixClientSecret)[:24]
	err = interact.NewLocalAccounts(st).Add(ctx, firstAccountName, password)
	if errors.Is(err, store.ErrConflict) { // another process was faster
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot create the first account: %w", err)
	}
	return password, nil
}
