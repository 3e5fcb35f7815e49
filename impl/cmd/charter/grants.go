package main

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

func newGrants() *cobra.Command {
	return group("grants", "What people and clients were granted", newGrantsList(), newGrantsRevoke())
}

func newGrantsList() *cobra.Command {
	var o operation
	var subject, client string
	cmd := o.command(&cobra.Command{
		Use:   "list",
		Short: "List live grants",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, _ []string, st store.Store) error {
		list := func(subject string) error {
			return pages(func(after string) (last string, n int, err error) {
				grants, err := st.Grants(cmd.Context(), store.GrantFilter{Subject: subject}, time.Now().UTC(), after, pageSize)
				for _, g := range grants {
					last = g.ID
					if client != "" && g.ClientID != client {
						continue
					}
					if err := o.printGrant(cmd.OutOrStdout(), g); err != nil {
						return "", 0, err
					}
				}
				return last, len(grants), err
			})
		}
		if subject != "" {
			return list(subject)
		}
		return eachSubject(cmd, st, list)
	})
	cmd.Flags().StringVar(&subject, "subject", "", "only those of this subject, as accounts list prints it")
	cmd.Flags().StringVar(&client, "client", "", "only those of this client")
	return cmd
}

// eachSubject calls do for everyone who can hold a grant: the accounts, and the
// clients themselves (client_credentials).
func eachSubject(cmd *cobra.Command, st store.Store, do func(subject string) error) error {
	err := eachAccount(cmd.Context(), st, func(a store.Account) error { return do(a.ID) })
	if err != nil {
		return err
	}
	return eachClient(cmd.Context(), st, func(c store.Client) error { return do(c.ID) })
}

func (o *operation) printGrant(out io.Writer, g store.Grant) error {
	return o.print(out, struct {
		ID         string     `json:"grant_id"`
		Subject    string     `json:"sub"`
		ClientID   string     `json:"client_id"`
		Scope      string     `json:"scope"`
		Resources  []string   `json:"resources"`
		CreatedAt  time.Time  `json:"created_at"`
		LastUsedAt *time.Time `json:"last_used_at,omitempty"`
		ExpiresAt  *time.Time `json:"expires_at,omitempty"`
	}{g.ID, g.Subject, g.ClientID, strings.Join(g.Scopes, " "), g.Resources, g.CreatedAt, orNil(g.LastUsedAt), orNil(g.ExpiresAt)},
		"%s\t%s\t%s\t%q\t%s", g.ID, g.Subject, g.ClientID, strings.Join(g.Scopes, " "), stamp(g.CreatedAt))
}

func newGrantsRevoke() *cobra.Command {
	var o operation
	var f store.GrantFilter
	var all bool
	cmd := o.command(&cobra.Command{
		Use:   "revoke",
		Short: "Revoke grants; every token under them is dead at once",
		Long:  "Revoke the grants that match every flag that is given. Every token under them is dead at once.",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, _ []string, st store.Store) error {
		named := f != (store.GrantFilter{})
		if named == all {
			return errors.New("say which: --id, --subject and --client, which narrow each other, or --all")
		}
		n := 0
		revoke := func(f store.GrantFilter) error {
			revoked, err := server.EndGrants(cmd.Context(), st, time.Now(), f)
			n += revoked
			return err
		}
		var err error
		if all {
			err = eachSubject(cmd, st, func(subject string) error { return revoke(store.GrantFilter{Subject: subject}) })
		} else {
			err = revoke(f)
		}
		if err != nil {
			return err
		}
		return o.print(cmd.OutOrStdout(), count{Revoked: &n}, "revoked %d", n)
	})
	cmd.Flags().StringVar(&f.ID, "id", "", "the grant with this identifier")
	cmd.Flags().StringVar(&f.Subject, "subject", "", "those of this subject")
	cmd.Flags().StringVar(&f.ClientID, "client", "", "those of this client")
	cmd.Flags().BoolVar(&all, "all", false, "every grant of every account and client")
	return cmd
}
