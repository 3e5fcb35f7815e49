package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

func newClients() *cobra.Command {
	return group("clients", "Registered clients", newClientsCreate(), newClientsList(), newClientsShow(),
		newClientsUpdate(), newClientsRotateSecret(), newClientsDelete(), newClientsPrune(), newClientsToken())
}

func newClientsCreate() *cobra.Command {
	var l location
	var asJSON bool
	var o server.OperatorClient
	var m clientFlags
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Register a client; its secret is printed once",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Metadata, err = m.document(cmd.Flags()); err != nil {
				return err
			}
			o.KeyEncryptionKey = l.key
			st, err := l.open(cmd.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			created, secret, err := server.CreateClient(cmd.Context(), st, time.Now(), o)
			if err != nil {
				return err
			}
			return printCreated(cmd.OutOrStdout(), created, secret, asJSON)
		},
	}
	f := cmd.Flags()
	m.flags(f, []string{"authorization_code", "refresh_token"})
	f.BoolVar(&o.InsecureNoPKCE, "insecure-no-pkce", false, "let this confidential client leave out PKCE; only for clients that cannot be changed")
	f.BoolVar(&o.InsecureLegacyJWT, "insecure-legacy-jwt", false, insecureLegacyJWTUsage)
	f.BoolVar(&asJSON, "json", false, "print JSON")
	l.flags(f)
	return cmd
}

func printCreated(out io.Writer, c store.Client, secret string, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(struct {
			ClientID string          `json:"client_id"`
			Secret   string          `json:"client_secret,omitempty"`
			Metadata json.RawMessage `json:"metadata"`
		}{c.ID, secret, c.Metadata})
	}
	if _, err := fmt.Fprintf(out, "client_id      %s\n", c.ID); err != nil {
		return err
	}
	if secret == "" {
		return nil
	}
	_, err := fmt.Fprintf(out, "client_secret  %s   (shown this once)\n", secret)
	return err
}

func newClientsList() *cobra.Command {
	var l location
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List registered clients",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := l.open(cmd.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			return pages(func(after string) (last string, n int, err error) {
				clients, err := st.Clients(cmd.Context(), after, pageSize)
				for _, c := range clients {
					if err := printClient(cmd.OutOrStdout(), c, asJSON); err != nil {
						return "", 0, err
					}
					last = c.ID
				}
				return last, len(clients), err
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	l.flags(cmd.Flags())
	return cmd
}

func printClient(out io.Writer, c store.Client, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(struct {
			ClientID  string          `json:"client_id"`
			Source    string          `json:"source"`
			CreatedAt time.Time       `json:"created_at"`
			ExpiresAt *time.Time      `json:"expires_at,omitempty"`
			Metadata  json.RawMessage `json:"metadata"`
		}{c.ID, c.Source, c.CreatedAt, orNil(c.ExpiresAt), c.Metadata})
	}
	var named struct {
		Name string `json:"client_name"`
	}
	if err := json.Unmarshal(c.Metadata, &named); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s\t%s\t%q\t%s\n", c.ID, c.Source, named.Name, c.CreatedAt.Format(time.RFC3339))
	return err
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func newClientsToken() *cobra.Command {
	var o operation
	var lifetime time.Duration
	cmd := o.command(&cobra.Command{
		Use:   "token",
		Short: "Print an initial access token, with which clients register while --registration is token",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, _ []string, st store.Store) error {
		expires := time.Now().Add(lifetime)
		token, err := server.CreateInitialAccessToken(cmd.Context(), st, time.Now(), expires)
		if err != nil {
			return err
		}
		return o.print(cmd.OutOrStdout(), struct {
			Token     string    `json:"initial_access_token"`
			ExpiresAt time.Time `json:"expires_at"`
		}{token, expires.UTC().Truncate(time.Second)}, "%s", token)
	})
	cmd.Flags().DurationVar(&lifetime, "lifetime", 24*time.Hour, "how long it admits registrations")
	return cmd
}
