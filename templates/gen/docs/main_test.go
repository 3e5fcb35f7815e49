package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const (
	root      = "../../.."
	committed = root + "/gen/docs"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNoDrift: what is committed is what the document gives, twice the same,
// and nothing else is there.
func TestNoDrift(t *testing.T) {
	document, script := read(t, root+"/openapi.yaml"), read(t, filepath.Join(committed, renderer))
	files, err := site(document, script)
	if err != nil {
		t.Fatal(err)
	}
	again, err := site(document, script)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if !bytes.Equal(content, again[name]) {
			t.Errorf("%s: two runs differ", name)
		}
		if !bytes.Equal(content, read(t, filepath.Join(committed, name))) {
			t.Errorf("%s is not what the document gives: run go generate ./...", name)
		}
	}
	others, err := vendored()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(committed)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		matrix := strings.HasPrefix(entry.Name(), "conformance.") // another command's
		if !matrix && files[entry.Name()] == nil && others[entry.Name()] == "" {
			t.Errorf("%s is neither generated nor vendored", entry.Name())
		}
	}
}

// TestVendored: redoc is the pinned one, and a changed byte is noticed.
func TestVendored(t *testing.T) {
	var lock struct {
		Packages map[string]struct{ Version, Integrity string }
	}
	if err := json.Unmarshal(read(t, "package-lock.json"), &lock); err != nil {
		t.Fatal(err)
	}
	const integrity = "sha512-M6jWhG1qoBnH6TFmzJnstyCZ87HmOY/UzDm78mHiYihEdlV/YcS9ogOo1NlElnJMeLsyxHFe2yFc4sNjHTrABQ=="
	if p := lock.Packages["node_modules/redoc"]; p.Version != "2.5.4" || p.Integrity != integrity {
		t.Errorf("package-lock.json pins %+v", p)
	}
	if err := checkVendored(committed); err != nil {
		t.Error(err)
	}
	files, err := vendored()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name := range files {
		if err := os.WriteFile(filepath.Join(dir, name), read(t, filepath.Join(committed, name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := checkVendored(dir); err != nil {
		t.Errorf("a copy: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, renderer), append(read(t, filepath.Join(committed, renderer)), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if checkVendored(dir) == nil {
		t.Error("a changed renderer is accepted")
	}
}

// TestReferenceSaysTheSame: without what is said once more the reference is the
// contract.
func TestReferenceSaysTheSame(t *testing.T) {
	document := read(t, root+"/openapi.yaml")
	reference, err := annotate(document)
	if err != nil {
		t.Fatal(err)
	}
	var contract, shown map[string]any
	if err := errors.Join(yaml.Unmarshal(document, &contract), yaml.Unmarshal(reference, &shown)); err != nil {
		t.Fatal(err)
	}
	before, after := schemas(contract), schemas(shown)
	split := 0
	for name, schema := range after {
		if _, ok := schema.(map[string]any)["oneOf"]; ok { // TestForms has what these say
			split++
			delete(before, name)
			delete(after, name)
		}
	}
	if split == 0 {
		t.Error("no form is split: the token request should be")
	}
	takeOut(shown, "externalDocs", "x-codeSamples")
	if diff := cmp.Diff(contract, shown); diff != "" {
		t.Errorf("the reference says something else:\n%s", diff)
	}
}

func schemas(document map[string]any) map[string]any {
	return document["components"].(map[string]any)["schemas"].(map[string]any)
}

// takeOut removes members everywhere.
func takeOut(value any, names ...string) {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range names {
			delete(value, name)
		}
		for _, v := range value {
			takeOut(v, names...)
		}
	case []any:
		for _, v := range value {
			takeOut(v, names...)
		}
	}
}

const small = `
servers: [{url: "https://as.example"}]
paths:
  /t/{id}:
    post:
      operationId: t
      x-spec: RFC 6749 §3.2
      parameters:
        - name: id
          in: path
          examples: {one: {x-authorization: Basic YTpi, value: a b}}
      requestBody:
        content:
          application/x-www-form-urlencoded:
            examples: {one: {x-cookie: c=d, value: {kind: x, of: [p, "q&r"]}}, two: {value: {kind: y}}}
    put:
      operationId: u
      requestBody:
        content:
          application/json:
            examples: {one: {value: {b: "1", a: [2, true], c: {}}}}
components:
  schemas:
    F:
      x-form: true
      type: object
      required: [kind]
      properties: {kind: {type: string}, every: {type: string}, p: {type: string}, q: {type: string}, r: {type: string}}
      allOf:
        - if: {properties: {kind: {const: x}}, required: [kind]}
          then: {title: X, required: [p], x-optional: [q]}
        - if: {properties: {kind: {const: y}}, required: [kind]}
          then: {title: Y, required: [kind], x-optional: [r]}
`

// TestForms: a form is written out for each value that it depends on, with what
// that value takes and nothing else.
func TestForms(t *testing.T) {
	reference, err := annotate([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]any
	const f = `
x-form: true
oneOf:
  - {title: x, type: object, required: [kind, p],
     properties: {kind: {type: string, const: x}, every: {type: string}, p: {type: string}, q: {type: string}}}
  - {title: y, type: object, required: [kind],
     properties: {kind: {type: string, const: y}, every: {type: string}, r: {type: string}}}
`
	if err := errors.Join(yaml.Unmarshal(reference, &got), yaml.Unmarshal([]byte(f), &want)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, schemas(got)["F"]); diff != "" {
		t.Error(diff)
	}
}

// TestSamples: an example is shown as the request that is sent.
func TestSamples(t *testing.T) {
	reference, err := annotate([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Paths map[string]map[string]struct {
			Samples []struct{ Label, Source string } `yaml:"x-codeSamples"`
		}
	}
	if err := yaml.Unmarshal(reference, &got); err != nil {
		t.Fatal(err)
	}
	for method, want := range map[string]string{
		"post": "POST /t/a%20b HTTP/1.1\nHost: as.example\nAuthorization: Basic YTpi\nCookie: c=d\n" +
			"Content-Type: application/x-www-form-urlencoded\n\nkind=x&of=p&of=q%26r\n",
		"put": "PUT /t/{id} HTTP/1.1\nHost: as.example\nContent-Type: application/json\n\n" +
			"{\n  \"b\": \"1\",\n  \"a\": [\n    2,\n    true\n  ],\n  \"c\": {}\n}\n",
	} {
		samples := got.Paths["/t/{id}"][method].Samples
		if len(samples) == 0 || samples[0].Label != "one" || samples[0].Source != want {
			t.Errorf("%s: %q, want %q", method, samples, want)
		}
	}
}

func TestAnnotateRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		document string
		ok       bool
	}{
		"known":    {"a:\n  x-spec: RFC 6749 §3.1\nservers: [{url: \"https://as.example\"}]\n", true},
		"unknown":  {"a:\n  x-spec: RFP 6749 §3.1\n", false},
		"no host":  {"a:\n  x-spec: RFC 6749 §3.1\n", false},
		"empty":    {"", false},
		"has docs": {"a:\n  x-spec: RFC 6749 §3.1\n  externalDocs: {url: \"https://example.com\"}\n", false},
		"none":     {"a: b\n", false},
	} {
		if _, err := annotate([]byte(row.document)); (err == nil) != row.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
