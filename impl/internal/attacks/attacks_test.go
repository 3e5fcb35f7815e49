package attacks

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/conformance"
)

var update = flag.Bool("update", false, "write the tests of the proven rows anew")

const file = "testdata/attacks.tsv"

// Every attack has a row, every row is true, and the tests that it names pass, or
// go test fails elsewhere.
func TestAttacks(t *testing.T) {
	proofs, err := conformance.GoProofs(os.DirFS("../../.."))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		for i, r := range rows {
			if found := r.tests(proofs); r.Kind == Proven || len(found) > 0 {
				rows[i].Kind, rows[i].Tests, rows[i].Text = Proven, found, ""
			}
		}
		if err := os.WriteFile(file, []byte(Format(rows)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, fault := range Check(rows, proofs) {
		t.Error(fault)
	}
	proven := 0
	for _, r := range rows {
		if r.Kind == Proven {
			proven++
		}
	}
	if len(rows) < 250 || proven < 150 {
		t.Errorf("%d rows, %d of them proven: most of the list is gone", len(rows), proven)
	}
}

// Each row spoils a true list in one way, which the check must see.
func TestCheckSees(t *testing.T) {
	fresh := func() ([]Row, []conformance.Proof) {
		return []Row{
				{IDs: []string{"ATK-1", "CVE-2000-1"}, Must: "It is refused.", Kind: Proven, Tests: []string{"impl/server.TestX"}},
				{IDs: []string{"ATK-2"}, Must: "It is refused.", Kind: NotYet, Text: "there is no such endpoint"},
			}, []conformance.Proof{
				{Name: "impl/server.TestX", Names: []string{"CVE-2000-1", "RFC7009-2-1"}},
			}
	}
	if rows, proofs := fresh(); len(Check(rows, proofs)) != 0 {
		t.Fatalf("the true list has faults: %v", Check(rows, proofs))
	}
	for _, c := range []struct {
		name  string
		spoil func(rows []Row, proofs []conformance.Proof) ([]Row, []conformance.Proof)
		fault string
	}{
		{"a row without tests", func(r []Row, p []conformance.Proof) ([]Row, []conformance.Proof) { r[0].Tests = nil; return r, p }, "proven by nothing"},
		{"a test that is gone", func(r []Row, _ []conformance.Proof) ([]Row, []conformance.Proof) { return r, nil }, "does not exist"},
		{"a test that does not name it", func(r []Row, p []conformance.Proof) ([]Row, []conformance.Proof) {
			p[0].Names = []string{"RFC7009-2-1"}
			return r, p
		}, "does not name it"},
		{"a test that the row does not name", func(r []Row, p []conformance.Proof) ([]Row, []conformance.Proof) {
			return r, append(p, conformance.Proof{Name: "impl/server.TestY", Names: []string{"ATK-1"}})
		}, "TestY too"},
		{"a test of what is not there", func(r []Row, p []conformance.Proof) ([]Row, []conformance.Proof) {
			p[0].Names = append(p[0].Names, "ATK-2")
			return r, p
		}, `is "not yet", and`},
		{"a test of an unknown id", func(r []Row, p []conformance.Proof) ([]Row, []conformance.Proof) {
			p[0].Names = append(p[0].Names, "ATK-3")
			return r, p
		}, "has no row"},
		{"an id twice", func(r []Row, p []conformance.Proof) ([]Row, []conformance.Proof) {
			r[1].IDs = append(r[1].IDs, "ATK-1")
			return r, p
		}, "two rows"},
		{"no reason", func(r []Row, p []conformance.Proof) ([]Row, []conformance.Proof) { r[1].Text = " "; return r, p }, "without a reason"},
		{"no expectation", func(r []Row, p []conformance.Proof) ([]Row, []conformance.Proof) { r[0].Must = ""; return r, p }, "no sentence"},
		{"no id of an attack", func(r []Row, p []conformance.Proof) ([]Row, []conformance.Proof) { r[1].IDs[0] = "X-1"; return r, p }, "no id of an attack"},
	} {
		faults := Check(c.spoil(fresh()))
		if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, c.fault) }) {
			t.Errorf("%s: %v", c.name, faults)
		}
	}
	for _, text := range []string{"", "ids\n", header + "\nATK-1\tx", header + "\nATK-1\tIt is.\tmaybe\tx", header + "\n\tIt is.\tnot yet\tx"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	rows, _ := fresh()
	again, err := Parse(Format(rows))
	if err != nil || Format(again) != Format(rows) {
		t.Errorf("%v, %v", again, err)
	}
}
