package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the configuration table of README.md")

const (
	readmePath = "../../../README.md"
	tableBegin = "<!-- configuration: go test ./impl/cmd/charter -run TestReadmeConfiguration -update -->\n"
	tableEnd   = "<!-- end of configuration -->\n"
)

// TestReadmeConfiguration: the table of README.md is that of the flags.
func TestReadmeConfiguration(t *testing.T) {
	content, err := os.ReadFile(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(content), tableBegin)
	have, after, ended := strings.Cut(rest, tableEnd)
	if !ok || !ended {
		t.Fatal("README.md has no configuration table")
	}
	want := configurationTable()
	if have == want {
		return
	}
	if !*update {
		t.Fatal("the configuration table is not that of the flags; run: go test ./impl/cmd/charter -run TestReadmeConfiguration -update")
	}
	if err := os.WriteFile(readmePath, []byte(before+tableBegin+want+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func configurationTable() string {
	var b strings.Builder
	b.WriteString("\n| flag and key | default | |\n|---|---|---|\n")
	newServe().Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		value := strings.Trim(f.DefValue, "[]")
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, value, strings.ReplaceAll(f.Usage, "|", `\|`))
	})
	return b.String() + "\n"
}
