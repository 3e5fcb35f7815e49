package main

import (
	"reflect"
	"strings"

	"github.com/spf13/cobra"
)

// completeChoices lets shells complete the values of flags that have a few: those
// that the configuration file's schema lists.
func completeChoices(cmd *cobra.Command) {
	for f := range reflect.TypeFor[configFile]().Fields() {
		name, choices := f.Tag.Get("yaml"), f.Tag.Get("enum")
		if choices == "" {
			continue
		}
		complete := cobra.FixedCompletions(strings.Split(choices, ","), cobra.ShellCompDirectiveNoFileComp)
		if err := cmd.RegisterFlagCompletionFunc(name, complete); err != nil {
			panic(err) // the file has a key that is no flag
		}
	}
}
