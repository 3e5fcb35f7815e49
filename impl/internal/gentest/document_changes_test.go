package gentest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// probeConfigs are the runs that make the whole of a server package.
var probeConfigs = []string{"support", "models", "validate", "server"}

// generateProbe makes package gen of a changed probe in a sandbox, and returns
// the directory and what the tool said when it failed.
func generateProbe(t *testing.T, edit func(string) string) (dir, failure string) {
	t.Helper()
	const document = "impl/internal/gentest/testdata/probe.yaml"
	dir = sandbox(t, func(file, text string) string {
		if file != document {
			return text
		}
		changed := edit(text)
		return changed
	})
	for _, config := range probeConfigs {
		out, err := generate(t, dir, "-config", "templates/gen/"+config+".yaml", "-o", "gen/"+config+".gen.go", document)
		if err != nil {
			return dir, out
		}
	}
	return dir, ""
}

// replace fails the test when there is nothing to replace: the document has
// changed and the row proves nothing.
func replace(t *testing.T, old, new string) func(string) string {
	return func(text string) string {
		t.Helper()
		if !strings.Contains(text, old) {
			t.Fatalf("the probe has no %q", old)
		}
		return strings.Replace(text, old, new, 1)
	}
}

// GEN-48: a grant type that is added to the document does not build until its
// method exists.
func TestGEN48GrantWithoutMethod(t *testing.T) {
	const enum, branch = "[authorization_code, refresh_token]", "          then: {title: RefreshToken, required: [refresh_token]}\n"
	const added = branch + "        - if: {properties: {grant_type: {const: 'urn:x:new'}}, required: [grant_type]}\n          then: {title: NewGrant, required: [code]}\n"
	withGrant := func(text string) string {
		return replace(t, branch, added)(replace(t, enum, "[authorization_code, refresh_token, 'urn:x:new']")(text))
	}
	dir, failure := generateProbe(t, withGrant)
	if failure != "" {
		t.Fatal(failure)
	}
	const handlers = "package server\n\nimport (\n\t\"context\"\n\n\t\"example.com/m/gen\"\n)\n\ntype grants struct{}\n\n" +
		"func (grants) AuthorizationCode(context.Context, int) (int, error) { return 0, nil }\n" +
		"func (grants) RefreshToken(context.Context, int) (int, error) { return 0, nil }\n" +
		"var _, _ = gen.DispatchTokenRequest[int, int](context.Background(), grants{}, gen.GrantTypeRefreshToken, 1)\n"
	const method = "func (grants) NewGrant(context.Context, int) (int, error) { return 0, nil }\n"
	write(t, dir, "go.mod", "module example.com/m\n\ngo 1.26\n")
	write(t, dir, "server/grants.go", handlers)
	if out, err := build(dir); err == nil || !strings.Contains(out, "missing method NewGrant") {
		t.Errorf("a grant without its method builds: %v %s", err, out)
	}
	write(t, dir, "server/grants.go", handlers+method)
	if out, err := build(dir); err != nil {
		t.Errorf("with its method: %v %s", err, out)
	}
	// A value of the enum without a branch does not even generate.
	_, failure = generateProbe(t, replace(t, enum, "[authorization_code, refresh_token, 'urn:x:new']"))
	if !strings.Contains(failure, "UNSUPPORTED enum: a value has no branch") {
		t.Errorf("a value without a branch: %.300s", failure)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// build compiles a sandbox without the network; package gen is std-only.
func build(dir string) (string, error) {
	c := exec.Command("go", "build", "./gen", "./server")
	c.Dir = dir
	c.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := c.CombinedOutput()
	return string(out), err
}

// GEN-49: what the validators do not implement stops the generation.
func TestGEN49UnsupportedKeywords(t *testing.T) {
	if _, failure := generateProbe(t, func(s string) string { return s }); failure != "" {
		t.Fatal("the control does not generate:", failure)
	}
	const code, uris, fresh, age = "code: {type: string, ", "redirect_uris: {type: array, minItems: 1, ", "require_auth_time: {type: boolean", "max_age: {type: integer, minimum: 0,"
	const metadata = "      x-oauth-error: invalid_client_metadata\n"
	for _, row := range []struct{ keyword, old, new string }{
		{"not", code, "code: {type: string, not: {const: x}, "},
		{"oneOf", code, "code: {type: string, oneOf: [{minLength: 1}], "},
		{"anyOf", code, "code: {type: string, anyOf: [{minLength: 1}], "},
		{"allOf", code, "code: {allOf: [{minLength: 1}], type: string, "},
		{"exclusiveMinimum", age, "max_age: {type: integer, exclusiveMinimum: 0,"},
		{"exclusiveMaximum", age, "max_age: {type: integer, exclusiveMaximum: 9,"},
		{"multipleOf", age, "max_age: {type: integer, multipleOf: 2,"},
		{"uniqueItems", uris, "redirect_uris: {type: array, uniqueItems: true, "},
		{"contains", uris, "redirect_uris: {type: array, contains: {const: a}, "},
		{"prefixItems", uris, "redirect_uris: {type: array, prefixItems: [{const: a}], "},
		{"minProperties", metadata, metadata + "      minProperties: 1\n"},
		{"maxProperties", metadata, metadata + "      maxProperties: 9\n"},
		{"propertyNames", metadata, metadata + "      propertyNames: {maxLength: 9}\n"},
		{"patternProperties", metadata, metadata + "      patternProperties: {a: {maxLength: 9}}\n"},
		{"dependentSchemas", metadata, metadata + "      dependentSchemas: {jwks: {required: [client_name]}}\n"},
		{"unevaluatedProperties", metadata, metadata + "      unevaluatedProperties: false\n"},
		{"additionalProperties", "additionalProperties: true\n      required: [redirect_uris]", "additionalProperties: false\n      required: [redirect_uris]"},
		{"else", "then: {title: RefreshToken, required: [refresh_token]}", "then: {title: RefreshToken, required: [refresh_token]}\n          else: {required: [code]}"},
		{"properties in then", "then: {title: RefreshToken, required: [refresh_token]}", "then: {title: RefreshToken, properties: {code: {maxLength: 1}}}"},
		{"if takes const only", "if: {properties: {grant_type: {const: refresh_token}}", "if: {properties: {grant_type: {enum: [refresh_token]}}"},
		{"format", code, "code: {type: string, format: email, "},
		{"number", fresh, "require_auth_time: {type: number"},
		{"several", fresh, "require_auth_time: {type: [boolean, 'null']"},
		{"unknown keyword", code, "code: {type: string, maxLenght: 9, "},
		{"enum of anything but strings", age, "max_age: {type: integer, enum: [1, 2],"},
		{"x-repeatable", "x-repeatable: true, x-oauth-error: invalid_target", "x-oauth-error: invalid_target"},
		{"x-json", "      x-json: true\n      required: [keys]", "      required: [keys]"},
		{"security", "      security: [{client_secret_basic: []}, {client_secret_post: []}, {none: []}]\n", ""},
		{"security scheme", "security: [{registration_access_token: []}]", "security: [{unknown: []}]"},
		{"x-cors", "x-cors: client", "x-cors: everyone"},
		{"x-problem", "x-problem: handler", "x-problem: handle"},
		{"path parameter without pattern", "schema: {type: string, maxLength: 32, pattern: '^[A-Za-z0-9_-]+$'}", "schema: {type: string, maxLength: 32}"},
	} {
		t.Run(row.keyword, func(t *testing.T) {
			t.Parallel()
			_, failure := generateProbe(t, replace(t, row.old, row.new))
			if !strings.Contains(failure, "UNSUPPORTED") || !strings.Contains(failure, row.keyword) {
				t.Errorf("generation did not stop for it: %.300q", failure)
			}
		})
	}
}

// TRAP-12: texts of the document stay texts.
func TestTRAP12HostileTexts(t *testing.T) {
	const hostile = `*/ ` + "`" + ` \" + panic(1) + \"\n//go:embed x\n//go:linkname a b\nfunc init() { panic(1) }\n}; {{template}} */`
	quoted := `"` + hostile + `"`
	edits := []func(string) string{
		replace(t, "summary: Exchange a grant for a token", "summary: "+quoted),
		replace(t, "description: The token.", "description: "+quoted),
		replace(t, "description: is how a token is asked for.", "description: "+quoted),
		replace(t, "x-spec: RFC 6749 §4.1.3", "x-spec: "+quoted),
		replace(t, "x-spec: RFC 6749 §3.2", "x-spec: "+quoted),
		replace(t, "tags: [oauth]", "tags: ["+quoted+"]"),
		replace(t, "x-oauth-error: invalid_scope", "x-oauth-error: "+quoted),
		replace(t, "schema: {type: string, const: no-store}", "schema: {type: string, const: "+quoted+"}"),
		replace(t, "kid: {type: string, ", "kid: {description: "+quoted+", type: string, "),
		replace(t, "pattern: '^(cat|dog)s?$'", "pattern: "+`"^(\"|`+"`"+`|\\*/)$"`),
		replace(t, "title: Probe", "title: "+quoted),
	}
	dir, failure := generateProbe(t, func(text string) string {
		for _, edit := range edits {
			text = edit(text)
		}
		return text
	})
	if failure != "" {
		t.Fatalf("%.3000s", failure)
	}
	for _, config := range probeConfigs {
		file := filepath.Join(dir, "gen", config+".gen.go")
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && (f.Name.Name == "init" || f.Recv == nil && f.Name.Name == "panic") {
				t.Errorf("%s: a function of the text was declared", config)
			}
		}
		for _, group := range parsed.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:") {
					t.Errorf("%s: a directive: %s", config, c.Text)
				}
			}
		}
	}
	write(t, dir, "go.mod", "module example.com/m\n\ngo 1.26\n")
	write(t, dir, "server/doc.go", "package server\n")
	if out, err := build(dir); err != nil {
		t.Errorf("%v %s", err, out)
	}
}
