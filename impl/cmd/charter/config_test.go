package main

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

// TestConfigFileHasEveryFlag: a flag of serve without its key, or a key without
// its flag, would be configuration that only looks as if it worked.
func TestConfigFileHasEveryFlag(t *testing.T) {
	var flags []string
	newServe().Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && f.Name != "config" {
			flags = append(flags, f.Name)
		}
	})
	keys := keysOf(reflect.TypeFor[configFile]())
	slices.Sort(flags)
	slices.Sort(keys)
	if !slices.Equal(flags, keys) {
		t.Errorf("keys %v, flags %v", keys, flags)
	}
}

// TestFilePrecedence: flag, environment, file, default.
func TestFilePrecedence(t *testing.T) {
	path := filepath.Join(t.TempDir(), "charter.yaml")
	if err := os.WriteFile(path, []byte("listen: 127.0.0.1:1\nscope: [a]\nresource: [{uri: 'https://a.example.com', scopes: [x]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name     string
		args     []string
		variable string
		value    string
		flag     string
		want     string
	}{
		{"file", nil, "CHARTER_LISTEN", "", "listen", "127.0.0.1:1"},
		{"variable", nil, "CHARTER_LISTEN", "127.0.0.1:2", "listen", "127.0.0.1:2"},
		{"flag", []string{"--listen", "127.0.0.1:3"}, "CHARTER_LISTEN", "127.0.0.1:2", "listen", "127.0.0.1:3"},
		{"default", nil, "CHARTER_LISTEN", "", "token-format", "opaque"},
		{"list, file", nil, "CHARTER_SCOPE", "", "scope", "[a]"},
		{"list, variable", nil, "CHARTER_SCOPE", "b,c", "scope", "[b,c]"},
		{"list, flag", []string{"--scope", "d"}, "CHARTER_SCOPE", "b", "scope", "[d]"},
		{"resources, file", nil, "CHARTER_RESOURCE", "", "resource", "[https://a.example.com]"},
		{"resources, variable", nil, "CHARTER_RESOURCE", "https://b.example.com", "resource", "[https://b.example.com]"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv(row.variable, row.value)
			cmd := newServe()
			if err := cmd.ParseFlags(append(row.args, "--config", path)); err != nil {
				t.Fatal(err)
			}
			if err := configure(cmd); err != nil {
				t.Fatal(err)
			}
			if got := cmd.Flags().Lookup(row.flag).Value.String(); got != row.want {
				t.Errorf("--%s is %q, want %q", row.flag, got, row.want)
			}
		})
	}
}

// TestResourcesOfTheFile: what it says of a resource reaches the server, unless a
// flag names other resources.
func TestResourcesOfTheFile(t *testing.T) {
	file := configFile{Resource: []resourceEntry{{URI: "https://a.example.com", Name: "A", Scopes: []string{"x"}, TokenFormat: "ES256"}, {URI: "https://b.example.com"}}}
	o := serveOptions{tokenFormat: "opaque", resources: []string{"https://a.example.com", "https://b.example.com"}}
	o.location.config.file = file
	got, err := o.resourceConfigs("https://auth.example.com")
	if err != nil || len(got) != 2 || got[0].Name != "A" || !slices.Equal(got[0].Scopes, []string{"x"}) || got[0].TokenFormat != "ES256" || got[1].TokenFormat != "" {
		t.Errorf("resources %+v, %v", got, err)
	}
}
