package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The budgets of hand-written code: what is larger is no longer read top to
// bottom.
const (
	maxFile     = 400 // lines
	maxFunction = 70  // lines, from func to its closing brace
)

func TestBudgets(t *testing.T) {
	root := filepath.Join("..", "..")
	files, functions := 0, 0
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".gen.go") {
			return err
		}
		files++
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if n := set.Position(file.FileEnd).Line; n > maxFile {
			t.Errorf("%s has %d lines; at most %d", path, n, maxFile)
		}
		for _, declaration := range file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || strings.HasSuffix(path, "_test.go") {
				continue // the tables of tests are data
			}
			functions++
			if n := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1; n > maxFunction {
				t.Errorf("%s: %s has %d lines; at most %d", path, f.Name.Name, n, maxFunction)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 || functions < 300 {
		t.Errorf("saw %d files and %d functions: the walk misses most of the code", files, functions)
	}
}
