package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/gen/docs"
)

func newDocs() *cobra.Command {
	var dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "docs",
		Short: "Write the API's documentation as a static site",
		Long: `Write the API's documentation as a static site.

Any file server can serve the directory, below any path; the page loads nothing
from anywhere else. serve has the same site at /docs/ of --admin-listen.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return errors.New("--out is needed: the directory to write the site to")
			}
			if err := docs.Write(dir); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]string{
					"out": dir, "content_security_policy": docs.ContentSecurityPolicy,
				})
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), `wrote   %s
header  Content-Security-Policy: %s
        (the page has it too; as a header, where you can send one, it also prevents framing)
`, dir, docs.ContentSecurityPolicy)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "out", "", "directory to write the site to; its files are replaced, others stay")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// docsHandler serves the site below /docs/.
func docsHandler() http.Handler {
	files := http.StripPrefix("/docs", http.FileServerFS(docs.FS))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", docs.ContentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		files.ServeHTTP(w, r)
	})
}
