package customgrant_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../.."

// additions to openapi.yaml: behind each text stands what follows it.
var additions = [][2]string{
	{"enum: [authorization_code, refresh_token, client_credentials", ", 'urn:example:grant-type:voucher'"},
	{"        refresh_token: {type: string, minLength: 1, maxLength: 512, description: The refresh token; it is replaced.}\n",
		"        voucher: {type: string, minLength: 1, maxLength: 512, description: The voucher.}\n"},
	{"          then: {title: ClientCredentials, required: [grant_type], x-optional: [scope]}\n",
		"        - if: {properties: {grant_type: {const: 'urn:example:grant-type:voucher'}}, required: [grant_type]}\n" +
			"          then: {title: Voucher, required: [voucher]}\n"},
}

// TestMainJob: the document alone does not build; with the file it issues.
func TestMainJob(t *testing.T) {
	if testing.Short() {
		t.Skip("generates and builds a copy of the server")
	}
	dir := t.TempDir()
	for _, from := range []string{"go.mod", "go.sum", "generate.go", "openapi.yaml", "schema.sql", "templates", "gen",
		"impl/client", "impl/fetch", "impl/jose", "impl/mint", "impl/oauth", "impl/pkce", "impl/seal", "impl/server", "impl/store"} {
		copyTo(t, dir, from)
	}
	document := filepath.Join(dir, "openapi.yaml")
	text := read(t, document)
	for _, a := range additions {
		if !strings.Contains(text, a[0]) {
			t.Fatalf("openapi.yaml has no %q", a[0])
		}
		text = strings.Replace(text, a[0], a[0]+a[1], 1)
	}
	write(t, document, text)
	if out, err := run(dir, "generate", "."); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := run(dir, "build", "./impl/server"); err == nil || !strings.Contains(out, "missing method Voucher") {
		t.Errorf("the grant builds without its method: %v %s", err, out)
	}
	for _, name := range []string{"grant_voucher.go", "grant_voucher_test.go"} {
		write(t, filepath.Join(dir, "impl/server", name), read(t, filepath.Join("testdata", name+".txt")))
	}
	out, err := run(dir, "test", "-v", "-run", "^TestVoucher$", "./impl/server")
	if err != nil || !strings.Contains(out, "--- PASS: TestVoucher") {
		t.Errorf("with its method: %v %s", err, out)
	}
}

func run(dir string, args ...string) (string, error) {
	c := exec.Command("go", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOFLAGS=-mod=mod -trimpath", "GOWORK=off")
	out, err := c.CombinedOutput()
	return string(out), err
}

// copyTo copies a file or a tree, its tests left out.
func copyTo(t *testing.T, dir, from string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, from), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err == nil {
			write(t, filepath.Join(dir, name), read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
