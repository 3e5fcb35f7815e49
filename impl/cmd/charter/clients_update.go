package main

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

func newClientsUpdate() *cobra.Command {
	var o operation
	var m clientFlags
	var noPKCE, disabled bool
	cmd := o.command(&cobra.Command{
		Use:   "update CLIENT_ID",
		Short: "Change a client; what no flag names stays as it is",
		Args:  cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, args []string, st store.Store) error {
		u, err := m.update(cmd.Flags())
		if err != nil {
			return err
		}
		if cmd.Flags().Changed("insecure-no-pkce") {
			u.InsecureNoPKCE = &noPKCE
		}
		if cmd.Flags().Changed("disabled") {
			u.Disabled = &disabled
		}
		if len(u.Metadata) == 0 && u.InsecureNoPKCE == nil && u.Disabled == nil {
			return errors.New("nothing to change; say what with a flag, as in --name 'New name'")
		}
		c, secret, err := server.UpdateClient(cmd.Context(), st, time.Now(), args[0], u)
		if err != nil {
			return explain(err, "client "+args[0], "clients list")
		}
		return printCreated(cmd.OutOrStdout(), c, secret, o.json)
	})
	f := cmd.Flags()
	f.StringVar(&m.Name, "name", "", "name shown to people")
	f.StringSliceVar(&m.RedirectURIs, "redirect-uri", nil, "redirect URI; repeatable, replaces all")
	f.StringSliceVar(&m.GrantTypes, "grant", nil, "grant type; repeatable, replaces all")
	f.StringVar(&m.AuthMethod, "auth-method", "", "client authentication: none, client_secret_basic or client_secret_post")
	f.StringVar(&m.ApplicationType, "application-type", "", "web or native")
	f.StringVar(&m.Scope, "scope", "", "scope values, separated by spaces")
	f.BoolVar(&noPKCE, "insecure-no-pkce", false, "let this confidential client leave out PKCE; only for clients that cannot be changed")
	f.BoolVar(&disabled, "disabled", false, "shut the client and its tokens out; --disabled=false lets them in again")
	return cmd
}

// update returns the members that the flags name. An empty value removes one.
func (m clientFlags) update(f *pflag.FlagSet) (server.ClientUpdate, error) {
	u := server.ClientUpdate{Metadata: make(map[string]json.RawMessage)}
	for flag, member := range map[string]struct {
		name  string
		value any
		empty bool
	}{
		"name":             {"client_name", m.Name, m.Name == ""},
		"redirect-uri":     {"redirect_uris", m.RedirectURIs, len(m.RedirectURIs) == 0},
		"grant":            {"grant_types", m.GrantTypes, len(m.GrantTypes) == 0},
		"auth-method":      {"token_endpoint_auth_method", m.AuthMethod, m.AuthMethod == ""},
		"application-type": {"application_type", m.ApplicationType, m.ApplicationType == ""},
		"scope":            {"scope", m.Scope, m.Scope == ""},
	} {
		if !f.Changed(flag) {
			continue
		}
		value, err := json.Marshal(member.value)
		if err != nil {
			return u, err
		}
		if member.empty {
			value = json.RawMessage("null")
		}
		u.Metadata[member.name] = value
	}
	return u, nil
}
