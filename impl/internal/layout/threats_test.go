package layout

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	threat   = regexp.MustCompile(`^\s*- (T[0-9]+) \(([A-Z0-9, ]+)\)`)
	testName = regexp.MustCompile(`\b([a-z]+)\.((?:Test|Fuzz)[A-Za-z0-9]+)\b`)
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9_]+)\(`)
)

// TestThreatsHaveTests is SUP-13: every threat of the model in the documentation
// of impl/server names at least one test, and every test that it names is there.
func TestThreatsHaveTests(t *testing.T) {
	tests := testsOfModule(t)
	file, err := parser.ParseFile(token.NewFileSet(), "../../server/doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	_, model, ok := strings.Cut(file.Doc.Text(), "# Threats\n")
	if !ok {
		t.Fatal("there is no section of threats")
	}
	named, current := map[string]int{}, ""
	for line := range strings.Lines(model) {
		if m := threat.FindStringSubmatch(line); m != nil {
			current = m[1]
			if _, twice := named[current]; twice {
				t.Errorf("%s is there twice", current)
			}
			named[current] = 0
		}
		for _, m := range testName.FindAllStringSubmatch(line, -1) {
			named[current]++
			if !tests[m[1]+"."+m[2]] {
				t.Errorf("%s names %s, which does not exist", current, m[0])
			}
		}
	}
	if len(named) < 15 {
		t.Errorf("saw %d threats", len(named))
	}
	for name, n := range named {
		if n == 0 {
			t.Errorf("%s names no test", name)
		}
	}
	if tests["server.TestNoSuchTest"] || !tests["layout.TestThreatsHaveTests"] {
		t.Error("what exists is not told from what does not")
	}
}

// testsOfModule are all tests and fuzz targets, as directory.Name.
func testsOfModule(t *testing.T) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		absolute, err := filepath.Abs(path)
		for _, m := range testFunc.FindAllStringSubmatch(string(text), -1) {
			all[filepath.Base(filepath.Dir(absolute))+"."+m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
