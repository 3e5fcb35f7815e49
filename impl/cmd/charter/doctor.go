package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/doctor"
)

func newDoctor() *cobra.Command {
	var names []string
	var asJSON, verbose bool
	cmd := &cobra.Command{
		Use:   "doctor URL",
		Short: "Replay how known clients find and begin a login, and name what fails and its cure",
		Long: `Replay how known clients find and begin a login at an MCP server or an issuer,
charter's or another one: discovery, registration, the authorization request up
to the login page, and the errors that clients rely on. No credentials are sent;
what is registered is removed again where the server lets it.

Clients: ` + strings.Join(doctor.Names(), ", ") + `.

The status is 1 when a check fails. Warnings do not change it.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			clients, err := namedClients(names)
			if err != nil {
				return err
			}
			report, err := doctor.Run(cmd.Context(), doctor.Config{URL: args[0], Clients: clients})
			if err != nil {
				return err
			}
			if err := printReport(cmd.OutOrStdout(), report, asJSON, verbose); err != nil {
				return err
			}
			if n := report.Count(doctor.Fail); n > 0 {
				return fmt.Errorf("%s failed", plural(n, "check"))
			}
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&names, "client", nil, "only this client; repeatable (default all)")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "show what was asked and answered where all is well, too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: one report")
	cmd.MarkFlagsMutuallyExclusive("json", "verbose")
	_ = cmd.RegisterFlagCompletionFunc("client", cobra.FixedCompletions(doctor.Names(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// namedClients returns nil, which is all of them, for no names.
func namedClients(names []string) ([]doctor.Client, error) {
	var clients []doctor.Client
	for _, name := range names {
		c, ok := doctor.Find(name)
		if !ok {
			return nil, fmt.Errorf("there is no client %q; the clients are %s", name, strings.Join(doctor.Names(), ", "))
		}
		clients = append(clients, c)
	}
	return clients, nil
}

func printReport(out io.Writer, r doctor.Report, asJSON, verbose bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		return e.Encode(r)
	}
	var b strings.Builder
	kind := "an issuer"
	if r.MCPServer {
		kind = "an MCP server"
	}
	fmt.Fprintf(&b, "%s, as %s\n", r.URL, kind)
	client := ""
	for _, result := range r.Results {
		if result.Client != client {
			client = result.Client
			fmt.Fprintf(&b, "\n%s\n", title(client))
		}
		printResult(&b, result, verbose)
	}
	fmt.Fprintf(&b, "\n%d passed, %s, %d failed\n", r.Count(doctor.Pass), plural(r.Count(doctor.Warn), "warning"), r.Count(doctor.Fail))
	if len(r.Left) > 0 {
		fmt.Fprintf(&b, "clients that were registered for this and could not be removed: %s\n", strings.Join(r.Left, " "))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// printResult says of what passed only that it did, unless verbose.
func printResult(b *strings.Builder, r doctor.Result, verbose bool) {
	fmt.Fprintf(b, "  %-4s  %s\n", r.Status, r.Check)
	if r.Status == doctor.Pass && !verbose {
		return
	}
	for _, line := range [][2]string{{"asked", r.Requested}, {"answer", r.Returned}, {"problem", r.Problem}, {"cure", r.Cure}} {
		if line[1] != "" {
			fmt.Fprintf(b, "        %-8s %s\n", line[0], line[1])
		}
	}
}

// title names a client as people and --client do.
func title(name string) string {
	if c, ok := doctor.Find(name); ok && !strings.EqualFold(c.Title, name) {
		return c.Title + " (" + name + ")"
	}
	return name
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
