package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// toy is a plan for the planted package.
func toy(t *testing.T) plan {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles a program")
	}
	state := t.TempDir()
	return plan{root: "testdata/toy", state: state, guarded: []string{"gate"}, witnesses: []string{"gate"}, jobs: 1, slowest: time.Hour,
		reasons: filepath.Join(state, "equivalent.txt")}
}

// survivors are the mutants of the toy that its tests do not notice, as planted.
var survivors = []string{
	"Header\tcall\tset(\"X-Frame-Options\", \"DENY\")",
	"Member\twhere\tleft_at > ? OF SELECT name FROM member WHERE name = ? AND (left_at = 0 OR left_at > ?) ORDER BY name",
	"Never\tnever\tn == 0",
	"NewCookie\tnot\tHttpOnly: true",
	"Strong\toperand\tdigits > 0",
	"Strong\tbound\tlen(word) > 8",
	"Strong\tbound\tdigits > 0",
	"known\tcase\t\"trudy\", \"oscar\"",
}

// kills are some that they do notice: one of each kind.
var kills = []string{
	"Enter\tnever\tname == \"\"",
	"Enter\tbound\tage < 18",
	"Enter\toperand\tname == \"eve\"",
	"Enter\toperand\tword != \"please\"",
	"Enter\tswap\tname == \"eve\" && word != \"please\"",
	"Enter\tresult\tknown(name)",
	"Header\tcall\tset(\"Cache-Control\", \"no-store\")",
	"Member\twhere\tname = ? OF SELECT name FROM member WHERE name = ? AND (left_at = 0 OR left_at > ?) ORDER BY name",
	"NewCookie\tnot\tSecure: true",
	"Open\tnot\thour > 7",
	"Strong\toperand\tlen(word) > 8",
	"known\tcase\t\"mallory\"",
}

// TestToy is REL-60 for the remover itself: it finds what was planted, asks
// nothing twice, and believes no reason that is wrong.
func TestToy(t *testing.T) {
	p := toy(t)
	left, err := p.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]string{}
	results := read(t, filepath.Join(p.state, "results.tsv"))
	for line := range strings.Lines(results) {
		columns := strings.Split(line, "\t")
		outcomes[strings.Join(columns[1:4], "\t")] = columns[4]
	}
	for _, key := range kills {
		if outcomes[key] != "killed" {
			t.Errorf("%s is %q, want killed", key, outcomes[key])
		}
	}
	for key, outcome := range outcomes {
		if (outcome == "killed") == slices.Contains(survivors, key) {
			t.Errorf("%s is %s", key, outcome)
		}
	}
	if outcomes["Never\tnever\tn == 0"] != "unreached" {
		t.Errorf("what no test executes is %q", outcomes["Never\tnever\tn == 0"])
	}
	if left != len(survivors) {
		t.Errorf("%d are left, want %d", left, len(survivors))
	}

	reasons := "gate\t" + survivors[0] + "\tit is planted\n" + "gate\t" + kills[0] + "\ta test notices it\n" + "gate\tEnter\tnever\tgone\tthere is no such mutant\n"
	if err := os.WriteFile(p.reasons, []byte(reasons), 0o644); err != nil {
		t.Fatal(err)
	}
	left, err = p.run(t.Context())
	if err != nil || left != len(survivors)-1+2 {
		t.Errorf("with one reason that is right and two that are wrong %d are left, %v", left, err)
	}
	if again := read(t, filepath.Join(p.state, "results.tsv")); again != results {
		t.Error("a mutant was asked twice")
	}
	report := read(t, filepath.Join(p.state, "report.md"))
	for _, want := range []string{"| gate | ", "gate/gate.go:", "names no mutant: gate · Enter · never · gone", "not equivalent, gate TestEnter notices"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report does not say %q:\n%s", want, report)
		}
	}
}

// TestSample: -most asks so many that are reached, the same ones each time, and
// -run keeps nothing but what its tests kill.
func TestSample(t *testing.T) {
	p := toy(t)
	p.most = 3
	for range 2 {
		if _, err := p.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(read(t, filepath.Join(p.state, "results.tsv")), "\n"); n != 3+1 {
			t.Errorf("%d were asked, want 3 and the one that no test reaches", n)
		}
	}
	if report := read(t, filepath.Join(p.state, "report.md")); !strings.Contains(report, "at most 3 were asked") {
		t.Errorf("the report does not tell of the sample:\n%s", report)
	}

	p = toy(t)
	p.tests = regexp.MustCompile("^TestOpen$")
	if _, err := p.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	results := read(t, filepath.Join(p.state, "results.tsv"))
	if !strings.Contains(results, "Open\tnot\thour > 7\tkilled\tgate TestOpen") || strings.Contains(results, "\tsurvived\t") || strings.Contains(results, "\tunreached\t") {
		t.Errorf("one test was asked, and kept is\n%s", results)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The predicates of a statement, and what is none.
func TestPredicates(t *testing.T) {
	for _, row := range []struct {
		text string
		want []string
	}{
		{"SELECT 1 FROM t", nil},
		{"UPDATE t SET a = ? WHERE id = ? AND b = 0", []string{"id = ? OR 1=1", "b = 0 OR 1=1"}},
		{"SELECT 1 FROM t WHERE (a = 0 OR a > ?) LIMIT ?", []string{"(a = 0 OR a > ?) OR 1=1", "a = 0 AND 1=0", "a > ? AND 1=0"}},
		{" AND grant_id = ''", []string{"grant_id = '' OR 1=1"}},
		{"FROM t LEFT JOIN g ON g.id = t.g WHERE t.d = ?", []string{"g.id = t.g OR 1=1", "t.d = ? OR 1=1"}},
		{"INSERT INTO t VALUES (?) ON CONFLICT (id) DO NOTHING", nil},
		{"WHERE id IN (SELECT id FROM x WHERE y = 1) RETURNING id", []string{"id IN (SELECT id FROM x WHERE y = 1) OR 1=1", "y = 1 OR 1=1"}},
		{"WHERE NOT (a = 1 AND b = 2)", []string{"NOT (a = 1 AND b = 2) OR 1=1", "a = 1 OR 1=1", "b = 2 OR 1=1"}},
		{"WHERE " + hole + " > 0 AND " + hole + " <= ?{skipping}", []string{hole + " > 0 OR 1=1", hole + " <= ? OR 1=1"}},
		{"WHERE id = ", nil},
	} {
		var got []string
		for _, p := range predicates(row.text) {
			got = append(got, row.text[p.from:p.to]+p.constant)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%q has %q, want %q", row.text, got, row.want)
		}
	}
}

// Every line of the committed list names a mutant of the code as it is.
func TestReasons(t *testing.T) {
	reasons, err := readReasons("equivalent.txt")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	mutants, err := plan{root: root, state: t.TempDir(), guarded: guarded}.mutate()
	if err != nil || len(mutants) < 3000 {
		t.Fatalf("%d mutants, %v", len(mutants), err)
	}
	for _, m := range mutants {
		delete(reasons, m.key())
	}
	for key := range reasons {
		t.Errorf("equivalent.txt names no mutant: %q", key)
	}
}
