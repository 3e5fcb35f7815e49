package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestPrecedence: a flag wins over its variable, which wins over the default.
func TestPrecedence(t *testing.T) {
	rows := []struct {
		name     string
		args     []string
		variable string
		value    string
		flag     string
		want     string
	}{
		{"default", nil, "CHARTER_LISTEN", "", "listen", "127.0.0.1:8080"},
		{"variable", nil, "CHARTER_LISTEN", "127.0.0.1:1", "listen", "127.0.0.1:1"},
		{"flag", []string{"--listen", "127.0.0.1:2"}, "CHARTER_LISTEN", "127.0.0.1:1", "listen", "127.0.0.1:2"},
		{"flag that says the default", []string{"--listen", "127.0.0.1:8080"}, "CHARTER_LISTEN", "127.0.0.1:1", "listen", "127.0.0.1:8080"},
		{"empty flag", []string{"--admin-listen="}, "CHARTER_ADMIN_LISTEN", "127.0.0.1:1", "admin-listen", ""},
		{"list", nil, "CHARTER_SCOPE", "a,b", "scope", "[a,b]"},
		{"list, flag", []string{"--scope", "c"}, "CHARTER_SCOPE", "a,b", "scope", "[c]"},
		{"list, default", nil, "CHARTER_SCOPE", "", "scope", "[read,write]"},
		{"hyphen", nil, "CHARTER_DEFAULT_SCOPE", "a", "default-scope", "[a]"},
		{"switch", nil, "CHARTER_INSECURE_FETCH_LOOPBACK", "true", "insecure-fetch-loopback", "true"},
		{"switch, flag", []string{"--insecure-fetch-loopback=false"}, "CHARTER_INSECURE_FETCH_LOOPBACK", "true", "insecure-fetch-loopback", "false"},
		{"location", nil, "CHARTER_DATA", "elsewhere", "data", "elsewhere"},
		{"store", nil, "CHARTER_STORE", "sqlite:x.db", "store", "sqlite:x.db"},
		{"store, flag", []string{"--store", "sqlite:y.db"}, "CHARTER_STORE", "sqlite:x.db", "store", "sqlite:y.db"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv(row.variable, row.value)
			cmd := newServe()
			if err := cmd.ParseFlags(row.args); err != nil {
				t.Fatal(err)
			}
			if err := applyEnvironment(cmd); err != nil {
				t.Fatal(err)
			}
			if got := cmd.Flags().Lookup(row.flag).Value.String(); got != row.want {
				t.Errorf("--%s is %q, want %q", row.flag, got, row.want)
			}
		})
	}
}

// TestEveryServeFlagHasItsVariable walks the flags that there are.
func TestEveryServeFlagHasItsVariable(t *testing.T) {
	newServe().Flags().VisitAll(func(f *pflag.Flag) {
		t.Setenv(environmentName(f.Name), taken(f))
	})
	cmd := newServe()
	if err := applyEnvironment(cmd); err != nil {
		t.Fatal(err)
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if got := strings.Trim(f.Value.String(), "[]"); got != taken(f) {
			t.Errorf("%s left --%s at %q", environmentName(f.Name), f.Name, got)
		}
	})
}

// taken is a value that a flag takes.
func taken(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true"
	case "duration":
		return "5s"
	}
	return "value"
}

// TestEnvironmentIsForServe: what a server is configured with does not change
// what an operator's command does.
func TestEnvironmentIsForServe(t *testing.T) {
	t.Setenv("CHARTER_SCOPE", "read,write")
	t.Setenv("CHARTER_DATA", "elsewhere")
	cmd := newClientsCreate()
	if err := applyEnvironment(cmd); err != nil {
		t.Fatal(err)
	}
	if got := cmd.Flags().Lookup("scope").Value.String(); got != "" {
		t.Errorf("clients create took --scope %q from the environment", got)
	}
	if got := cmd.Flags().Lookup("data").Value.String(); got != "elsewhere" {
		t.Errorf("clients create has --data %q, want it from the environment", got)
	}
}

// TestEnvironmentErrorHidesTheValue: variables end in logs, values may not.
func TestEnvironmentErrorHidesTheValue(t *testing.T) {
	t.Setenv("CHARTER_INSECURE_FETCH_LOOPBACK", "hunter2")
	err := applyEnvironment(newServe())
	if err == nil || !strings.Contains(err.Error(), "CHARTER_INSECURE_FETCH_LOOPBACK") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}

// TestSecretVariables: the variable or the file it names, never both.
func TestSecretVariables(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name, direct, file string
		want               string
		found, bad         bool
	}{
		{"neither", "", "", "", false, false},
		{"variable", "hunter2", "", "hunter2", true, false},
		{"file", "", file, "from file\n", true, false},
		{"both", "hunter2", file, "", false, true},
		{"no such file", "", file + "x", "", false, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("CHARTER_KEY", row.direct)
			t.Setenv("CHARTER_KEY_FILE", row.file)
			value, found, err := secret("CHARTER_KEY")
			if string(value) != row.want || found != row.found || (err != nil) != row.bad {
				t.Errorf("secret is %q, %v, %v", value, found, err)
			}
			if err != nil && (!strings.Contains(err.Error(), "CHARTER_KEY") || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("error %q must name the variable, not the value", err)
			}
		})
	}
}
