package fleet

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/charterauth/charter"

var built struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// Binary returns the path of charter, built once for a test process. Main
// removes it.
func Binary(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "charter-fleet-"); built.err == nil {
			built.path = filepath.Join(built.dir, "charter")
			built.err = build(built.path)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// Main runs the tests of a package and removes what Binary built. A package that
// uses the fleet has: func TestMain(m *testing.M) { os.Exit(fleet.Main(m)) }
func Main(m *testing.M) int {
	defer func() {
		if built.dir != "" {
			os.RemoveAll(built.dir)
		}
	}()
	return m.Run()
}

func build(path string, flags ...string) error {
	args := append(append([]string{"build", "-buildvcs=false", "-o", path}, flags...), module+"/impl/cmd/charter")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return &buildError{err, string(out)}
	}
	return nil
}

type buildError struct {
	err error
	out string
}

func (e *buildError) Error() string { return "go build: " + e.err.Error() + "\n" + e.out }

// An Edit changes the source of the binary: in File, a path below the module's
// root, Old becomes New.
type Edit struct{ File, Old, New string }

// Mutant returns the path of a charter that is built with edits, so that a check
// can show that it finds them. The tree is left alone. An edit that does not meet
// its text exactly once fails the test: it would plant nothing.
func Mutant(t testing.TB, edits ...Edit) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	texts := make(map[string]string)
	for _, e := range edits {
		path := filepath.Join(root, e.File)
		if _, read := texts[path]; !read {
			source, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[path] = string(source)
		}
		if n := strings.Count(texts[path], e.Old); n != 1 {
			t.Fatalf("%s has %d times what the planted bug changes: %q", e.File, n, e.Old)
		}
		texts[path] = strings.Replace(texts[path], e.Old, e.New, 1)
	}
	overlay := struct{ Replace map[string]string }{make(map[string]string)}
	for path, text := range texts {
		changed := filepath.Join(dir, filepath.Base(path))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[path] = changed
	}
	file, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	overlayPath, path := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "charter")
	if err := os.WriteFile(overlayPath, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := build(path, "-overlay="+overlayPath); err != nil {
		t.Fatal(err)
	}
	return path
}
