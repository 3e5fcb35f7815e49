package main

import (
	"github.com/spf13/cobra"
)

// newRoot returns the command tree.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "charter",
		Short: "An OAuth 2.1 authorization server",
		Long: `Charter is an OAuth 2.1 authorization server.

Every flag can also be given as an environment variable: --data as
CHARTER_DATA, --default-scope as CHARTER_DEFAULT_SCOPE, lists separated by
commas. --config names a YAML file with the same names as keys. A flag wins
over the environment, which wins over the file. Environment and file say where
the state is and how serve runs; what the other commands do is said by their
flags alone.`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return configure(cmd) },
	}
	root.AddCommand(newServe(), newAccounts(), newClients(), newConfig(), newGrants(), newKeys(), newToken(),
		newGC(), newMigrate(), newBackup(), newRestore(), newOpenAPI(), newDocs(), newTry(), newVersion(), newDoctor())
	return root
}

// configure completes the flags: from the environment, then from the file.
func configure(cmd *cobra.Command) error {
	if err := applyEnvironment(cmd); err != nil {
		return err
	}
	return applyConfigFile(cmd)
}

// group returns a command that only holds others. It refuses what is none of
// them, where cobra would print the help and report success.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}
