package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/store/sqlstore"
)

func newMigrate() *cobra.Command {
	var l location
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database to the schema of this program",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, _, err := l.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			said := time.Now()
			err = st.Migrate(cmd.Context(), charter.Schema, func(done, all int) {
				if time.Since(said) >= time.Second {
					said = time.Now()
					fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d statements are done\n", done, all)
				}
			})
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]int{"schema_version": sqlstore.SchemaVersion})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "the database has schema version %d\n", sqlstore.SchemaVersion)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	l.flags(cmd.Flags())
	return cmd
}
