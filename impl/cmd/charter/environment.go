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

// applyEnvironment sets the flags that the command line left alone from their
// variables. A variable that is set but empty counts as not set.
func applyEnvironment(cmd *cobra.Command) error {
	var problem error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Changed && problem == nil && fromEnvironment(cmd, f) {
			problem = setFromEnvironment(f)
		}
	})
	return problem
}

// fromEnvironment reports whether a flag may come from the environment. Beside
// where the state is, only serve and config check are configured by it: the CHARTER_SCOPE of a
// server is no scope for a client that is created next to it.
func fromEnvironment(cmd *cobra.Command, f *pflag.Flag) bool {
	switch f.Name {
	case "help":
		return false
	case "config", "data", "store":
		return true
	}
	return cmd.Name() == "serve" || cmd.Name() == "check"
}

func setFromEnvironment(f *pflag.Flag) error {
	name := environmentName(f.Name)
	value := os.Getenv(name)
	if f.Name == "store" { // has the password of the database
		secret, _, err := secret(name)
		if err != nil {
			return err
		}
		value = strings.TrimSpace(string(secret))
	}
	if value == "" {
		return nil
	}
	if err := f.Value.Set(value); err != nil {
		return fmt.Errorf("%s has a value that --%s does not take", name, f.Name)
	}
	return nil
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
