package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const environmentPrefix = "CHARTER_"

// environmentName returns the variable that stands for a flag.
func environmentName(flag string) string {
	return environmentPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// applyEnvironment sets every flag that the command line left alone from its
// variable. A variable that is set but empty counts as not set.
func applyEnvironment(cmd *cobra.Command) error {
	var problem error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || problem != nil || f.Name == "help" {
			return
		}
		name := environmentName(f.Name)
		if value := os.Getenv(name); value != "" {
			// The value may be a secret, so an error names the variable only.
			if err := cmd.Flags().Set(f.Name, value); err != nil {
				problem = fmt.Errorf("%s has a value that --%s does not take", name, f.Name)
			}
		}
	})
	return problem
}

// secret returns a secret from the environment: the variable itself, or the file
// that the variable with _FILE names. It reports false when neither is set.
func secret(variable string) (value []byte, found bool, err error) {
	direct, path := os.Getenv(variable), os.Getenv(variable+"_FILE")
	switch {
	case direct != "" && path != "":
		return nil, false, fmt.Errorf("both %s and %s_FILE are set; keep one", variable, variable)
	case direct != "":
		return []byte(direct), true, nil
	case path == "":
		return nil, false, nil
	}
	value, err = os.ReadFile(path)
	if err != nil {
		return nil, false, fmt.Errorf("%s_FILE: %w", variable, err)
	}
	return value, true, nil
}
