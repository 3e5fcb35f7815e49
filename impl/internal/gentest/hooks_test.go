package gentest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// hooks returns the keys of user-templates in the configurations of dir, each
// with the configuration that has it.
func hooks(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "templates/gen/*.yaml"))
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	all := map[string]string{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, templates, ok := strings.Cut(string(b), "\n  user-templates:\n")
		if !ok {
			t.Errorf("%s has no user-templates", file)
		}
		for _, m := range regexp.MustCompile(`(?m)^    ([^\s:]+): (\S+)$`).FindAllStringSubmatch(templates, -1) {
			all[m[1]] = filepath.Base(file)
		}
	}
	return all
}

// unknownHooks returns the keys that the generator would ignore: neither names
// of its own templates nor called by one of ours.
func unknownHooks(t *testing.T, dir string) []string {
	t.Helper()
	c := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/oapi-codegen/oapi-codegen/v2")
	c.Dir = root
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	builtin := filepath.Join(strings.TrimSpace(string(out)), "pkg/codegen/templates")
	var ours strings.Builder
	err = filepath.WalkDir(filepath.Join(dir, "templates/gen"), func(path string, d os.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".tmpl" {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			ours.Write(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var unknown []string
	for key, config := range hooks(t, dir) {
		if _, err := os.Stat(filepath.Join(builtin, key)); err == nil {
			continue
		}
		if !strings.Contains(ours.String(), `{{template "`+key+`"`) {
			unknown = append(unknown, config+": "+key)
		}
	}
	return unknown
}

// TRAP-1: the generator ignores a key that it does not know and writes its
// stock code. CI runs this test: go test -run Hooks ./impl/internal/gentest
func TestTRAP1Hooks(t *testing.T) {
	if unknown := unknownHooks(t, root); len(unknown) > 0 {
		t.Errorf("unknown template hooks: %v", unknown)
	}
	for _, misspelled := range []string{"typdef.tmpl", "stdhttp/server-handler.tmpl", "charter/checkss"} {
		dir := sandbox(t, func(file, text string) string {
			if file != "templates/gen/validate.yaml" {
				return text
			}
			return strings.Replace(text, "    typedef.tmpl:", "    "+misspelled+":", 1)
		})
		if unknown := unknownHooks(t, dir); len(unknown) != 1 || unknown[0] != "validate.yaml: "+misspelled {
			t.Errorf("%s: %v", misspelled, unknown)
		}
	}
}

// TRAP-6: no configuration reads a document from elsewhere.
func TestTRAP6NoRemoteReferences(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(root, "templates/gen/*.yaml"))
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(b), "\nallow-remote-refs-from: []\n") {
			t.Errorf("%s: no allow-remote-refs-from: [] (%v)", file, err)
		}
	}
}
