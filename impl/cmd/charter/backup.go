package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

func newBackup() *cobra.Command {
	var l location
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "backup --out FILE",
		Short: "Copy the embedded database to a new file, beside a running server",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, embedded := strings.CutPrefix(l.source(), "sqlite:")
			if !embedded {
				return errors.New("backup copies the embedded database; a database server has a tool of its own, such as pg_dump or mariadb-dump")
			}
			if out == "" {
				return errors.New("--out names the file to write")
			}
			if err := sqlite.Backup(cmd.Context(), path, out); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]string{"backup": out})
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s has the whole database; keep the key-encryption key apart from it\n", out)
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write; there must be none")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	l.flags(cmd.Flags())
	return cmd
}
