package layout

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxExample is how long the one program of an example may be, in lines.
const maxExample = 90

// TestExamplesAreShort: each example is one file that can be read at once.
func TestExamplesAreShort(t *testing.T) {
	programs, err := filepath.Glob("../../examples/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	changes, err := filepath.Glob("../../examples/*/testdata/*.go.txt") // files that readers add to the server
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]string)
	for _, path := range slices.Concat(programs, changes) {
		dir := strings.Split(filepath.ToSlash(path), "/")[3]
		if strings.Contains(path, "_test.go") || filepath.Base(path) == "doc.go" {
			continue
		}
		files[dir] = append(files[dir], path)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(content), "\n"); n >= maxExample {
			t.Errorf("%s has %d lines; it must have fewer than %d", path, n, maxExample)
		}
	}
	for _, dir := range []string{"embed", "protect", "mcp", "ownpages", "upstream", "customgrant", "customstore"} {
		if len(files[dir]) != 1 {
			t.Errorf("examples/%s is %q, not one file", dir, files[dir])
		}
	}
}

// TestEntryPointsHaveExamples: who embeds Charter finds a runnable Example beside
// each way in. A way in is an exported function that makes what a program goes on
// with: it is called New… or Run, or returns an http.Handler, a Verifier or what
// a server.Config takes. To these come the functions that answer a request, which
// take its ResponseWriter, and the methods of Server that pages call. What only
// operators' tools need (server.CreateClient and the like) is described by those.
func TestEntryPointsHaveExamples(t *testing.T) {
	points := 0
	for _, name := range []string{"server", "protect", "protect/mcp", "interact", "store", "store/storetest"} {
		functions, examples := parse(t, filepath.Join("../..", name))
		for _, f := range functions {
			if !isEntryPoint(f) {
				continue
			}
			points++
			want := strings.ReplaceAll(f.name, ".", "_")
			found := func(e *doc.Example) bool { return e.Name == want && (f.name == "Run" || hasOutput(e)) } // a kit runs with a testing.T
			if !slices.ContainsFunc(examples, found) {
				t.Errorf("%s: no runnable Example%s", name, want)
			}
		}
	}
	if points < 15 {
		t.Errorf("saw %d entry points: the rule misses most", points)
	}
}

func hasOutput(e *doc.Example) bool { return e.Output != "" || e.EmptyOutput }

// A function is an exported function, or a method as Type.Method.
type function struct {
	name string
	decl *ast.FuncType
}

// methods are those that pages of a program's own, and its handlers, call.
var methods = []string{"Server.Pending", "Server.Complete", "Server.Deny", "Server.VerifyAccessToken"}

func isEntryPoint(f function) bool {
	if strings.Contains(f.name, ".") {
		return slices.Contains(methods, f.name)
	}
	if strings.HasPrefix(f.name, "New") || f.name == "Run" {
		return true
	}
	for _, parameter := range f.decl.Params.List {
		if types.ExprString(parameter.Type) == "http.ResponseWriter" {
			return true
		}
	}
	if f.decl.Results == nil {
		return false
	}
	made := types.ExprString(f.decl.Results.List[0].Type)
	return slices.Contains([]string{"http.Handler", "Verifier", "auth.TokenVerifier", "server.Policy", "server.Claims", "func(*server.Server) (server.Interaction, error)"}, made)
}

// parse returns the exported functions and the examples of a package.
func parse(t *testing.T, dir string) (functions []function, examples []*doc.Example) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	for _, path := range paths {
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, "_test.go") {
			examples = append(examples, doc.Examples(file)...)
			continue
		}
		for _, declaration := range file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() {
				continue
			}
			name := f.Name.Name
			if f.Recv != nil {
				name = strings.Trim(types.ExprString(f.Recv.List[0].Type), "*") + "." + name
			}
			functions = append(functions, function{name, f.Type})
		}
	}
	return functions, examples
}
