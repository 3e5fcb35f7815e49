package attacks_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

// A source is a file of the program: no test, nothing of the test machinery.
type source struct {
	path string // from impl, with slashes
	file *ast.File
	set  *token.FileSet
}

// sources parses the hand-written program.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if entry.IsDir() && (name == "internal" || name == "examples" || name == "store/storetest") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s, err := parse(name, string(text))
		all = append(all, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 150 {
		t.Fatalf("%d files: most of the program was not seen", len(all))
	}
	return all
}

func parse(name, text string) (source, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	return source{name, file, set}, err
}

// find calls see for every node.
func (s source) find(see func(ast.Node)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if n != nil {
			see(n)
		}
		return true
	})
}

// imports reports whether a file imports a package.
func (s source) imports(path string) bool {
	return slices.ContainsFunc(s.file.Imports, func(i *ast.ImportSpec) bool {
		got, _ := strconv.Unquote(i.Path.Value)
		return got == path
	})
}

// selector returns package.Name for a selector of a package, "" for others.
func selector(n ast.Node) string {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return x.Name + "." + sel.Sel.Name
}

// Identifiers and keys come from crypto/rand, which does not fail; the other
// generator spreads retries and nothing else.
func TestRandomnessIsCryptographic(t *testing.T) {
	proof.Of(t, "ATK-99", "MAD-11")
	spread := []string{"store/sqlstore/change.go"} // the pause before a retry
	secure := 0
	for _, s := range sources(t) {
		for _, other := range []string{"math/rand", "math/rand/v2"} {
			if s.imports(other) && !slices.Contains(spread, s.path) {
				t.Errorf("%s imports %s", s.path, other)
			}
		}
		if s.imports("crypto/rand") {
			secure++
		}
	}
	if secure < 4 {
		t.Errorf("%d files import crypto/rand: the scan misses them", secure)
	}
}

// mayFetch is the one package that fetches what strangers name, and what talks to
// an address that the operator or the program named.
var mayFetch = []string{"fetch/", "interact/upstream/", "protect/introspection.go", "protect/jwks.go", "protect/upstream.go", "doctor/", "cmd/charter/"}

// Nothing is fetched but through the guarded client.
func TestFetchesAreGuarded(t *testing.T) {
	proof.Of(t, "ATK-121")
	for _, s := range sources(t) {
		for _, fault := range fetches(s) {
			if !slices.ContainsFunc(mayFetch, func(p string) bool { return strings.HasPrefix(s.path, p) }) {
				t.Errorf("%s uses %s", s.path, fault)
			}
		}
	}
	for _, text := range []string{"http.Get(x)", "http.DefaultClient.Do(r)", "_ = http.Client{}", "_ = &http.Transport{}", "net.Dial(x, y)"} {
		s, err := parse("x.go", "package x\nfunc f() {"+text+"}")
		if err != nil || len(fetches(s)) == 0 {
			t.Errorf("%s is not seen (%v)", text, err)
		}
	}
}

func fetches(s source) (found []string) {
	s.find(func(n ast.Node) {
		if name := selector(n); slices.Contains([]string{
			"http.Get", "http.Post", "http.PostForm", "http.Head", "http.DefaultClient", "http.DefaultTransport", "http.NewRequest", "http.NewRequestWithContext",
			"net.Dial", "net.DialTimeout", "tls.Dial",
		}, name) {
			found = append(found, name)
		}
		if lit, ok := n.(*ast.CompositeLit); ok {
			if name := selector(lit.Type); name == "http.Client" || name == "http.Transport" || name == "net.Dialer" {
				found = append(found, name)
			}
		}
	})
	return found
}

// A form is answered with 303 alone: no other redirect is in the program.
func TestOnlySeeOther(t *testing.T) {
	proof.Of(t, "ATK-32")
	for _, s := range sources(t) {
		for _, fault := range redirects(s) {
			t.Errorf("%s has %s", s.path, fault)
		}
	}
	for _, text := range []string{"http.Redirect(w, r, x, 302)", "w.WriteHeader(http.StatusTemporaryRedirect)", "_ = 307", "_ = http.StatusFound"} {
		s, err := parse("x.go", "package x\nfunc f() {"+text+"}")
		if err != nil || len(redirects(s)) == 0 {
			t.Errorf("%s is not seen (%v)", text, err)
		}
	}
	w := newWorld(t, sqliteStore(t))
	for _, r := range w.requests() {
		if res := w.send(r, r.form.Encode()); res.StatusCode != 200 && res.StatusCode != 303 {
			t.Errorf("%s: %d", r.op, res.StatusCode)
		}
	}
}

func redirects(s source) (found []string) {
	s.find(func(n ast.Node) {
		if name := selector(n); slices.Contains([]string{
			"http.Redirect", "http.RedirectHandler", "http.StatusMovedPermanently", "http.StatusFound", "http.StatusTemporaryRedirect", "http.StatusPermanentRedirect",
		}, name) {
			found = append(found, name)
		}
		if lit, ok := n.(*ast.BasicLit); ok && slices.Contains([]string{"301", "302", "307", "308"}, lit.Value) {
			found = append(found, lit.Value)
		}
	})
	return found
}

// secretName is what variables and fields that hold secrets are called.
var secretName = regexp.MustCompile(`(?i)(secret|password|csrf|verifier|signature|mac|cookie|token|handle|code|hash|key)s?$`)

// comparedOpenly are comparisons by == that are of no secret, each with what it
// compares. Everything else with such a name is compared in constant time.
var comparedOpenly = map[string]string{
	"client/metadata_document.go: Method(…).SecretForm(…) == NoSecret":    "a kind of method",
	"client/metadata_check.go: code == …":                                 "an error code",
	"cmd/charter/try_tokens.go: next.RefreshToken == tokens.RefreshToken": "charter try, with its own tokens",
	"interact/errand.go: handle == appsHandle":                            "the word apps",
	"server/metadata.go: s.cfg.RefreshTokens == RefreshNever":             "a setting",
	"server/scopes.go: cfg.RefreshTokens == RefreshOnOfflineAccess":       "a setting",
}

// No secret is compared by ==, whose time tells how much of it was right.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	proof.Of(t, "RFC7518-3.2-2")
	proof.Of(t, "ATK-96", "DEX-6189b208")
	seen := map[string]bool{}
	for _, s := range sources(t) {
		for _, c := range comparisons(s) {
			seen[s.path+": "+c] = true
			if comparedOpenly[s.path+": "+c] == "" {
				t.Errorf("%s: %s", s.path, c)
			}
		}
	}
	for c := range comparedOpenly {
		if !seen[c] {
			t.Errorf("%s is not there any more", c)
		}
	}
	for _, text := range []string{"a.Secret == b", "x != csrf", "bytes.Equal(mac, y)", "strings.EqualFold(x, password)", "string(hash) == y"} {
		s, err := parse("x.go", "package x\nvar _ = "+text)
		if err != nil || len(comparisons(s)) != 1 {
			t.Errorf("%s is not seen (%v)", text, err)
		}
	}
}

// comparisons returns those of values with a secret's name, but with what is a
// constant by its form: "", nil, zero, store.AccessToken.
func comparisons(s source) (found []string) {
	s.find(func(n ast.Node) {
		var operands []ast.Expr
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				operands = []ast.Expr{n.X, n.Y}
			}
		case *ast.CallExpr:
			if slices.Contains([]string{"bytes.Equal", "strings.EqualFold", "bytes.Compare", "slices.Equal"}, selector(n.Fun)) {
				operands = n.Args
			}
		}
		if len(operands) == 2 && !s.constant(operands[0]) && !s.constant(operands[1]) && slices.ContainsFunc(operands, named) {
			found = append(found, text(operands[0])+" == "+text(operands[1]))
		}
	})
	return found
}

func (s source) constant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "true" || e.Name == "false"
	case *ast.CallExpr:
		return text(e.Fun) == "len"
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		return ok && slices.ContainsFunc(s.file.Imports, func(i *ast.ImportSpec) bool {
			return strings.HasSuffix(strings.Trim(i.Path.Value, `"`), "/"+x.Name)
		})
	}
	return false
}

func named(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return secretName.MatchString(e.Name)
	case *ast.SelectorExpr:
		return secretName.MatchString(e.Sel.Name)
	case *ast.CallExpr: // a conversion
		return len(e.Args) == 1 && named(e.Args[0])
	case *ast.SliceExpr:
		return named(e.X)
	}
	return false
}

func text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.BasicLit:
		return e.Value
	case *ast.SelectorExpr:
		return text(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		return text(e.Fun) + "(…)"
	case *ast.SliceExpr:
		return text(e.X) + "[:]"
	case *ast.IndexExpr:
		return text(e.X) + "[]"
	}
	return "…"
}
