package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/charterauth/charter/impl/internal/requirement"
)

// A Proof is a transcript, or a test that calls proof.Of.
type Proof struct {
	Name  string   // rfc7009/01-refresh-token, impl/server.TestX
	File  string   // from the root of the module, with slashes
	Line  int      // of a Go test; 0 for a transcript
	Names []string // the ids
}

// transcripts is where the transcripts are, from the root of the module.
const transcripts = "impl/internal/transcript/testdata"

// Proofs finds every proof in the source of the module: the transcripts and the
// tests below impl and templates. It fails for a transcript whose comment does not parse and
// for a call of proof.Of that could be passed over.
func Proofs(module fs.FS, known map[string]requirement.Requirement) ([]Proof, error) {
	files, err := fs.Glob(module, transcripts+"/*/*.txtar")
	if err != nil {
		return nil, err
	}
	var all []Proof
	for _, file := range files {
		text, err := fs.ReadFile(module, file)
		if err != nil {
			return nil, err
		}
		ids, _, err := requirement.Read(string(txtar.Parse(text).Comment), known)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, transcripts+"/"), ".txtar")
		all = append(all, Proof{Name: name, File: file, Names: ids})
	}
	tests, err := GoProofs(module)
	return append(all, tests...), err
}

// GoProofs finds the tests that call proof.Of, below impl and templates.
func GoProofs(module fs.FS) ([]Proof, error) {
	var all []Proof
	var problems []error
	for _, root := range []string{"impl", "templates"} {
		err := fs.WalkDir(module, root, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(file, "_test.go") {
				return err
			}
			source, err := fs.ReadFile(module, file)
			if err != nil {
				return err
			}
			found, err := inFile(file, source)
			all, problems = append(all, found...), append(problems, err)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, errors.Join(problems...)
}

// inFile finds the proofs of one file.
func inFile(file string, source []byte) ([]Proof, error) {
	if !strings.Contains(string(source), "proof.Of(") {
		return nil, nil
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	calls := count(parsed, isOf)
	if calls > 0 && constrained(parsed) {
		return nil, fmt.Errorf("%s has a build constraint and proves nothing where that does not hold", file)
	}
	var found []Proof
	var problems []error
	for _, declaration := range parsed.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok || !isTest(f) {
			continue
		}
		p := Proof{Name: path.Dir(file) + "." + f.Name.Name, File: file, Line: set.Position(f.Pos()).Line}
		for _, statement := range f.Body.List {
			e, ok := statement.(*ast.ExprStmt)
			if !ok || !isOf(e.X) {
				continue
			}
			calls--
			ids, err := literals(e.X.(*ast.CallExpr).Args[1:])
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", p.Name, err))
			}
			p.Names = append(p.Names, ids...)
		}
		if len(p.Names) > 0 && count(f.Body, isSkip) > 0 {
			problems = append(problems, fmt.Errorf("%s can be skipped, and so proves nothing", p.Name))
		}
		if len(p.Names) > 0 {
			found = append(found, p)
		}
	}
	if calls > 0 {
		problems = append(problems, fmt.Errorf("%s has proof.Of where it may not be reached: make it a statement of a test's own body", file))
	}
	slices.SortFunc(found, func(a, b Proof) int { return cmp.Compare(a.Line, b.Line) })
	return found, errors.Join(problems...)
}

// isTest reports whether go test runs f without being asked for it.
func isTest(f *ast.FuncDecl) bool {
	return f.Recv == nil && f.Body != nil &&
		(strings.HasPrefix(f.Name.Name, "Test") && f.Name.Name != "TestMain" || strings.HasPrefix(f.Name.Name, "Fuzz"))
}

// isOf reports whether n is a call of proof.Of.
func isOf(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != "Of" {
		return false
	}
	of, ok := f.X.(*ast.Ident)
	return ok && of.Name == "proof"
}

// isSkip reports whether n calls Skip, Skipf or SkipNow of anything.
func isSkip(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, f.Sel.Name)
}

func count(root ast.Node, is func(ast.Node) bool) (n int) {
	ast.Inspect(root, func(node ast.Node) bool {
		if node != nil && is(node) {
			n++
		}
		return true
	})
	return n
}

// constrained reports whether a file is built only sometimes.
func constrained(file *ast.File) bool {
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if comment.Pos() < file.Package && constraint.IsGoBuild(comment.Text) {
				return true
			}
		}
	}
	return false
}

// literals reads ids that are written out.
func literals(args []ast.Expr) ([]string, error) {
	var ids []string
	for _, arg := range args {
		literal, ok := arg.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return ids, errors.New("an id of proof.Of is not written out as a string")
		}
		id, err := strconv.Unquote(literal.Value)
		if err != nil {
			return ids, err
		}
		if slices.Contains(ids, id) {
			return ids, fmt.Errorf("%s is named twice", id)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
