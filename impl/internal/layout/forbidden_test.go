package layout

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
)

// serving are the packages that answer requests.
var serving = []string{"impl/server", "impl/client", "impl/oauth", "impl/mint", "impl/protect", "impl/interact", "impl/fetch", "impl/jose", "impl/seal", "impl/pkce", "impl/store"}

// SUP-15: what the code of a server may not use, each with the reason and with
// the files that may. A fixture for each in testdata/forbidden must be found.
var forbidden = []struct {
	name string
	why  string
	in   []string // below impl, nil for all
	but  map[string]string
	is   func(ast.Node, imports) bool
}{
	{"math_rand", "what an attacker could predict; crypto/rand", nil,
		map[string]string{"impl/store/sqlstore/change.go": "jitter of retries"},
		func(n ast.Node, _ imports) bool {
			spec, ok := n.(*ast.ImportSpec)
			return ok && strings.HasPrefix(unquoted(spec.Path), "math/rand")
		}},
	{"http_default", "clients and muxes that other packages share and change; no limits of time or size", nil, nil,
		func(n ast.Node, in imports) bool {
			return in.uses(n, "net/http", "DefaultClient", "DefaultServeMux", "DefaultTransport", "Get", "Post", "PostForm", "Head", "Handle", "HandleFunc", "ListenAndServe", "ListenAndServeTLS")
		}},
	{"jwt_parse", "verifying is jose's: one strict verifier", nil, nil,
		func(n ast.Node, in imports) bool {
			return in.uses(n, "github.com/golang-jwt/jwt/v5", "Parse", "ParseWithClaims", "NewParser", "NewValidator", "New", "NewWithClaims", "UnsafeAllowNoneSignatureType")
		}},
	{"request_form", "reads credentials from the query too, and takes the first of repeated parameters; the decoders are generated", nil, nil,
		func(n ast.Node, _ imports) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return false
			}
			if slices.Contains([]string{"FormValue", "PostFormValue", "PostForm", "ParseForm", "ParseMultipartForm", "MultipartForm", "MultipartReader", "FormFile"}, s.Sel.Name) {
				return true
			}
			// r.Form of an *http.Request is looked into; that of a generated request has fields.
			r, isName := s.X.(*ast.Ident)
			return s.Sel.Name == "Form" && isName && (r.Name == "req" || r.Name == "request")
		}},
	{"basic_auth", "does not decode the form encoding of RFC 6749 §2.3.1, and takes the first of two headers", nil, nil,
		func(n ast.Node, _ imports) bool {
			s, ok := n.(*ast.SelectorExpr)
			return ok && s.Sel.Name == "BasicAuth"
		}},
	{"equal_secrets", "takes longer the more of a secret is right; subtle.ConstantTimeCompare or hmac.Equal", serving, nil, comparesSecrets},
	{"url_parse", "reads what browsers read otherwise; resources, redirect URIs and outbound URLs have one parser each",
		serving,
		map[string]string{
			"impl/fetch/url.go":                  "the one parser of outbound URLs, behind plainASCII",
			"impl/server/issuer.go":              "the operator's",
			"impl/server/config_check.go":        "the operator's",
			"impl/interact/interaction.go":       "the issuer, which is the operator's",
			"impl/interact/view.go":              "shows the host of a client identifier that was checked",
			"impl/store/redisstore/open.go":      "the operator's",
			"impl/store/sqlstore/mysql/mysql.go": "the operator's",
			"impl/protect/external.go":           "the operator's",
			"impl/interact/upstream/openid.go":   "the operator's",
		},
		func(n ast.Node, in imports) bool { return in.uses(n, "net/url", "Parse", "ParseRequestURI") }},
	{"sprintf_sql", "values go into parameters", nil, nil,
		func(n ast.Node, in imports) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || !in.uses(call.Fun, "fmt", "Sprintf", "Sprint", "Appendf") {
				return false
			}
			for _, a := range call.Args {
				if text, ok := a.(*ast.BasicLit); ok && statement.MatchString(text.Value) {
					return true
				}
			}
			return false
		}},
	{"time_now", "the clock is configuration: tests move it, and replicas agree on times that the caller gives",
		serving,
		map[string]string{
			"impl/store/sqlstore/migrate.go": "when a schema was applied, for people",
			"impl/store/sqlstore/upgrade.go": "when a schema was applied, for people",
		},
		func(n ast.Node, in imports) bool {
			call, ok := n.(*ast.CallExpr) // time.Now as a value is the default of a clock
			return ok && in.uses(call.Fun, "time", "Now", "Since", "Until")
		}},
}

var (
	statement = regexp.MustCompile(`\b(SELECT|INSERT|UPDATE|DELETE|WHERE)\b`)
	secret    = regexp.MustCompile(`(?i)(secret|password|verifier|csrf|signature|refreshtoken|accesstoken)$`)
)

// comparesSecrets finds == and != with a name of a secret on one side and, on the
// other, something that is neither empty nor a constant.
func comparesSecrets(n ast.Node, in imports) bool {
	var x, y ast.Expr
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if n.Op != token.EQL && n.Op != token.NEQ {
			return false
		}
		x, y = n.X, n.Y
	case *ast.CallExpr:
		if len(n.Args) != 2 || !in.uses(n.Fun, "bytes", "Equal", "EqualFold", "Compare") && !in.uses(n.Fun, "strings", "EqualFold", "Compare") {
			return false
		}
		x, y = n.Args[0], n.Args[1]
	}
	return x != nil && (isSecret(x) && !isConstant(y) || isSecret(y) && !isConstant(x))
}

func isSecret(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return secret.MatchString(e.Name) && !isConstant(e)
	case *ast.SelectorExpr:
		// An exported name of a package is a constant: store.RefreshToken.
		return secret.MatchString(e.Sel.Name) && !isConstant(e)
	}
	return false
}

func isConstant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return e.Name == "nil" || ast.IsExported(e.Name)
	case *ast.SelectorExpr:
		p, ok := e.X.(*ast.Ident)
		return ok && slices.Contains([]string{"store", "client", "gen", "oauth", "server", "seal"}, p.Name)
	}
	return false
}

// imports are the names that a file gives to packages, and their paths.
type imports map[string]string

// uses reports whether n is one of the names of a package.
func (in imports) uses(n ast.Node, path string, names ...string) bool {
	s, ok := n.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	p, ok := s.X.(*ast.Ident)
	return ok && in[p.Name] == path && slices.Contains(names, s.Sel.Name)
}

func unquoted(l *ast.BasicLit) string {
	text, _ := strconv.Unquote(l.Value)
	return text
}

var version = regexp.MustCompile(`/v[0-9]+$`)

// faults returns the lines of a file on which a rule is broken.
func faults(t *testing.T, path string, is func(ast.Node, imports) bool) []int {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	in := imports{}
	for _, spec := range file.Imports {
		name := filepath.Base(version.ReplaceAllString(unquoted(spec.Path), ""))
		if spec.Name != nil {
			name = spec.Name.Name
		}
		in[name] = unquoted(spec.Path)
	}
	var lines []int
	ast.Inspect(file, func(n ast.Node) bool {
		if n != nil && is(n, in) {
			lines = append(lines, set.Position(n.Pos()).Line)
		}
		return true
	})
	return lines
}

func TestForbidden(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	var files []string
	err := filepath.WalkDir(filepath.Join(root, "impl"), func(path string, entry fs.DirEntry, err error) error {
		relative, _ := filepath.Rel(root, path)
		// Test machinery is no server's, and the doctor looks at one from outside.
		if entry != nil && entry.IsDir() && slices.Contains([]string{"impl/internal", "impl/examples", "impl/doctor", "impl/store/storetest"}, filepath.ToSlash(relative)) {
			return fs.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			files = append(files, filepath.ToSlash(relative))
		}
		return err
	})
	if err != nil || len(files) < 100 {
		t.Fatalf("saw %d files, %v", len(files), err)
	}
	for _, rule := range forbidden {
		for _, file := range files {
			in := rule.in == nil || slices.ContainsFunc(rule.in, func(p string) bool { return strings.HasPrefix(file, p+"/") })
			if !in || rule.but[file] != "" {
				continue
			}
			for _, line := range faults(t, filepath.Join(root, file), rule.is) {
				t.Errorf("%s:%d: %s: %s", file, line, rule.name, rule.why)
			}
		}
	}
}

// Each rule finds every line of its fixture that says "bad", and no other.
func TestForbiddenIsFound(t *testing.T) {
	for _, rule := range forbidden {
		path := filepath.Join("testdata", "forbidden", rule.name+".go")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var want []int
		for i, line := range strings.Split(string(text), "\n") {
			if strings.HasSuffix(line, "// bad") {
				want = append(want, i+1)
			}
		}
		got := faults(t, path, rule.is)
		if slices.Sort(got); len(want) == 0 || !slices.Equal(slices.Compact(got), want) {
			t.Errorf("%s: found on the lines %v, want %v", path, got, want)
		}
	}
}
