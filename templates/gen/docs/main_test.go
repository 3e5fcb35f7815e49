package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		if files[entry.Name()] == nil && others[entry.Name()] == "" {
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

// TestReferenceAddsOnlyLinks: without the links the reference is the contract.
func TestReferenceAddsOnlyLinks(t *testing.T) {
	document := read(t, root+"/openapi.yaml")
	reference, err := annotate(document)
	if err != nil {
		t.Fatal(err)
	}
	var rest strings.Builder
	for line := range strings.Lines(string(reference)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "externalDocs: ") {
			rest.WriteString(line)
		}
	}
	if rest.String() != string(document) {
		t.Error("the reference differs from the document by more than its links")
	}
}

func TestAnnotateRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		document string
		ok       bool
	}{
		"known":    {"a:\n  x-spec: RFC 6749 §3.1\n", true},
		"unknown":  {"a:\n  x-spec: RFP 6749 §3.1\n", false},
		"in flow":  {"a: {x-spec: RFC 6749 §3.1}\n", false},
		"has docs": {"a:\n  x-spec: RFC 6749 §3.1\n  externalDocs: {url: \"https://example.com\"}\n", false},
		"none":     {"a: b\n", false},
	} {
		if _, err := annotate([]byte(row.document)); (err == nil) != row.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
