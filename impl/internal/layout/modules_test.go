package layout

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// licences are the ones that may be linked, each told by sentences that it alone
// has. The text is compared without its line breaks.
var licences = []struct {
	name      string
	sentences []string
	without   string
}{
	{"Apache-2.0", []string{"Apache License Version 2.0, January 2004"}, "MIT"},
	{"MIT AND Apache-2.0", []string{"covered by two different licenses: MIT and Apache", "Permission is hereby granted, free of charge"}, ""},
	{"MIT", []string{"Permission is hereby granted, free of charge, to any person obtaining a copy of this software", `THE SOFTWARE IS PROVIDED "AS IS"`}, "Apache"},
	{"BSD-3-Clause", []string{"Redistribution and use in source and binary forms, with or without modification, are permitted", "may be used to endorse or promote products derived from this software without specific prior written permission"}, ""},
	{"BSD-2-Clause", []string{"Redistribution and use in source and binary forms, with or without modification, are permitted", "Redistributions in binary form must reproduce the above copyright notice"}, "endorse"},
	// Its copyleft ends at its own files, which are linked as they are.
	{"MPL-2.0", []string{"Mozilla Public License Version 2.0", "This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0"}, ""},
}

// licenceOf names the licence of a text; "" where it is none that may be linked.
func licenceOf(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if strings.Contains(text, "GENERAL PUBLIC LICENSE") || strings.Contains(text, "Commons Clause") {
		return ""
	}
	for _, l := range licences {
		known := l.without == "" || !strings.Contains(text, l.without)
		for _, s := range l.sentences {
			known = known && strings.Contains(text, s)
		}
		if known {
			return l.name
		}
	}
	return ""
}

// linked are the modules of the binary and their directories.
func linked(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}\t{{.Dir}}{{end}}", module+"/impl/cmd/charter").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && path != module {
			modules[path] = dir
		}
	}
	return modules
}

// TestModules is the gate of run-time dependencies: what the binary links is
// what testdata/modules.tsv lists, under the licence that it names.
func TestModules(t *testing.T) {
	text, err := os.ReadFile("testdata/modules.tsv")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if len(columns) != 3 || columns[2] == "" {
			t.Errorf("%q: want module, licence and reason", line)
			continue
		}
		listed[columns[0]] = columns[1]
	}
	modules := linked(t)
	for path, dir := range modules {
		if _, ok := listed[path]; !ok {
			t.Errorf("the binary links %s, and testdata/modules.tsv does not say why", path)
		}
		files, err := filepath.Glob(filepath.Join(dir, "LICENSE*"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s has no LICENSE", path)
			continue
		}
		// The shortest name is the module's own; the others are about parts of it.
		slices.SortFunc(files, func(a, b string) int { return len(a) - len(b) })
		licence, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if got := licenceOf(string(licence)); got == "" || got != listed[path] {
			t.Errorf("%s has the licence %q, listed is %q", path, got, listed[path])
		}
	}
	for path := range listed {
		if _, ok := modules[path]; !ok {
			t.Errorf("testdata/modules.tsv lists %s, which is not linked", path)
		}
	}
}

// What is no licence of the list is told from those that are.
func TestLicences(t *testing.T) {
	ours, err := os.ReadFile("../../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	const mit = "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software and so on. THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT"
	for _, row := range []struct{ text, want string }{
		{string(ours), "Apache-2.0"},
		{mit, "MIT"},
		{"GNU AFFERO GENERAL PUBLIC LICENSE Version 3", ""},
		{mit + " as under the GNU GENERAL PUBLIC LICENSE", ""},
		{mit + "\n“Commons Clause” License Condition v1.0", ""},
		{"Business Source License 1.1", ""},
		{"", ""},
	} {
		if got := licenceOf(row.text); got != row.want {
			t.Errorf("%.40q is %q, want %q", row.text, got, row.want)
		}
	}
}

// floors are versions below which a module has a flaw that reached programs like
// this one (SUP-1).
var floors = map[string]string{
	"go":                            "1.24.6", // CVE-2025-47907: rows of another query
	"github.com/getkin/kin-openapi": "0.144.0",
	"github.com/oapi-codegen/oapi-codegen/v2": "2.7.1",
	"github.com/jackc/pgx/v5":                 "5.9.2",
	"github.com/golang-jwt/jwt/v5":            "5.2.2",  // CVE-2025-30204: memory for a token of dots
	"golang.org/x/oauth2":                     "0.27.0", // CVE-2025-22868
}

// below compares versions number by number; a pre-release is below its release.
func below(version, floor string) bool {
	parts := func(s string) []int {
		s, pre, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(s, "v"), "go"), "-")
		var numbers []int
		for part := range strings.SplitSeq(s, ".") {
			n, err := strconv.Atoi(part)
			if err != nil {
				return nil
			}
			numbers = append(numbers, n)
		}
		if pre == "" {
			numbers = append(numbers, 1)
		}
		return numbers
	}
	return slices.Compare(parts(version), parts(floor)) < 0
}

func TestFloors(t *testing.T) {
	out, err := exec.Command("go", "mod", "edit", "-json", "../../../go.mod").Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Toolchain string
		Require   []struct{ Path, Version string }
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{"go": file.Toolchain}
	for _, r := range file.Require {
		versions[r.Path] = r.Version
	}
	for path, floor := range floors {
		if v := versions[path]; v == "" || below(v, floor) {
			t.Errorf("%s is required at %q, at least %s is needed", path, v, floor)
		}
	}
	for _, row := range []struct {
		version string
		below   bool
	}{{"v5.9.1", true}, {"v5.9.2-rc1", true}, {"v5.9.2", false}, {"v5.10.0", false}, {"v4.18.0", true}, {"v6.0.0", false}, {"nonsense", true}} {
		if below(row.version, "5.9.2") != row.below {
			t.Errorf("%s below 5.9.2: %t", row.version, !row.below)
		}
	}
}
