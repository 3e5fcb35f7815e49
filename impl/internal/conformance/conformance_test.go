package conformance

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/requirement"
)

var update = flag.Bool("update", false, "write the proofs of the dispositions anew")

const dispositions = "testdata/dispositions"

// inventory reads what is in the module.
func inventory(t *testing.T) Inventory {
	t.Helper()
	v, err := Load(os.DirFS("../../.."))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every requirement of the documents in force has its disposition, and every
// disposition is true.
func TestDispositions(t *testing.T) {
	v := inventory(t)
	if *update {
		v.update(t)
	}
	for _, fault := range v.Check(InForce) {
		t.Error(fault)
	}
}

// update writes every file of dispositions in the order of the inventory: the rows that are
// there, the proofs as they are found, and a row for what has a proof and no row.
func (v Inventory) update(t *testing.T) {
	t.Helper()
	for _, document := range InForce {
		var rows []Disposition
		for _, r := range v.of(document) {
			at := slices.IndexFunc(v.Dispositions[document], func(d Disposition) bool { return d.ID == r.ID })
			proofs := v.proofsOf(r.ID)
			if at >= 0 && v.Dispositions[document][at].Kind != Proven {
				rows = append(rows, v.Dispositions[document][at])
			} else if len(proofs) > 0 {
				rows = append(rows, Disposition{ID: r.ID, Kind: Proven, Proofs: proofs})
			}
		}
		v.Dispositions[document] = rows
		file := filepath.Join(dispositions, strings.ToLower(document)+".tsv")
		if err := os.WriteFile(file, []byte(format(rows)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// Each row spoils a true inventory in one way, which the checks must see.
func TestCheckSees(t *testing.T) {
	fresh := func() Inventory {
		return Inventory{
			Requirements: []requirement.Requirement{{ID: "RFC7009-2-1"}, {ID: "RFC7009-2-2"}, {ID: "RFC7009-2-3"}, {ID: "RFC9999-1-1"}},
			Dispositions: map[string][]Disposition{"RFC7009": {
				{ID: "RFC7009-2-1", Kind: Proven, Proofs: []string{"rfc7009/01", "impl/server.TestX"}},
				{ID: "RFC7009-2-2", Kind: NotApplicable, Text: "Nothing here does that."},
				{ID: "RFC7009-2-3", Kind: Divergence, Text: "RFC 9700 §2 asks for the opposite."},
			}},
			Proofs: []Proof{
				{Name: "rfc7009/01", Names: []string{"RFC7009-2-1"}},
				{Name: "impl/server.TestX", Names: []string{"RFC7009-2-1", "ATK-7", "RFC9999-1-1"}},
				{Name: "impl/server.TestY", Names: []string{"ATK-8"}},
			},
		}
	}
	inForce := []string{"RFC7009"}
	if faults := fresh().Check(inForce); len(faults) > 0 {
		t.Fatalf("faults where there is none: %q", faults)
	}
	row := func(v *Inventory, i int) *Disposition { return &v.Dispositions["RFC7009"][i] }
	for want, spoil := range map[string]func(*Inventory){
		"RFC7009-2-3 has no disposition":                                   func(v *Inventory) { v.Dispositions["RFC7009"] = v.Dispositions["RFC7009"][:2] },
		"RFC7009-2-9 is no requirement of RFC7009":                         func(v *Inventory) { row(v, 1).ID = "RFC7009-2-9" },
		"RFC9999-1-1 is no requirement of RFC7009":                         func(v *Inventory) { row(v, 1).ID = "RFC9999-1-1" },
		"RFC7009-2-1 has two dispositions":                                 func(v *Inventory) { *row(v, 1) = *row(v, 0) },
		"RFC7009-2-2 is not applicable without a reason":                   func(v *Inventory) { row(v, 1).Text = "" },
		"RFC7009-2-3 is divergence without a reason":                       func(v *Inventory) { row(v, 2).Text = "Because." },
		"RFC7009-2-3 is divergence, and impl/server.TestY proves it":       func(v *Inventory) { v.Proofs[2].Names = []string{"RFC7009-2-3"} },
		"RFC7009-2-2 is not applicable, and rfc7009/01 proves it":          func(v *Inventory) { v.Proofs[0].Names = append(v.Proofs[0].Names, "RFC7009-2-2") },
		"RFC7009-2-1 is proven by nothing":                                 func(v *Inventory) { row(v, 0).Proofs = nil },
		"RFC7009-2-1 is proven by impl/server.TestZ, which does not exist": func(v *Inventory) { row(v, 0).Proofs[1] = "impl/server.TestZ" },
		"RFC7009-2-1 is proven by impl/server.TestY, which does not name":  func(v *Inventory) { row(v, 0).Proofs[1] = "impl/server.TestY" },
		"impl/server.TestY proves RFC7009-9-9, which is no requirement":    func(v *Inventory) { v.Proofs[2].Names = []string{"RFC7009-9-9"} },
		"RFC9999: dispositions of a document that is not in force":         func(v *Inventory) { v.Dispositions["RFC9999"] = nil },
		"RFC7009: there is no requirement of this document":                func(v *Inventory) { v.Requirements = v.Requirements[3:] },
	} {
		v := fresh()
		spoil(&v)
		faults := v.Check(inForce)
		if !slices.ContainsFunc(faults, func(f string) bool { return strings.HasPrefix(f, want) }) {
			t.Errorf("want %q, got %q", want, faults)
		}
	}
}

// What is not a row of dispositions is refused, not passed over.
func TestParseRefuses(t *testing.T) {
	const good = header + "\nRFC7009-2-1\tproven\trfc7009/01\n"
	if rows, err := parse(good); err != nil || len(rows) != 1 || format(rows) != good {
		t.Fatalf("%v, %v", rows, err)
	}
	for name, text := range map[string]string{
		"no header": "RFC7009-2-1\tproven\trfc7009/01\n",
		"columns":   header + "\nRFC7009-2-1\tproven\n",
		"kind":      header + "\nRFC7009-2-1\tplausible\trfc7009/01\n",
		"empty":     header + "\n\n",
	} {
		if _, err := parse(text); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Only a statement that every run of a test reaches is a proof.
func TestInFile(t *testing.T) {
	const test = "package x\n\nfunc TestX(t *testing.T) {\n\tproof.Of(t, \"ATK-1\", \"ATK-2\")\n}\n"
	for name, row := range map[string]struct{ from, to, fault string }{
		"good":        {"", "", ""},
		"fuzz":        {"TestX(t *testing.T)", "FuzzX(t *testing.F)", ""},
		"not called":  {"TestX", "helper", "may not be reached"},
		"method":      {"func TestX", "func (s suite) TestX", "may not be reached"},
		"below an if": {"proof.Of(t, \"ATK-1\", \"ATK-2\")", "if fast {\nproof.Of(t, \"ATK-1\")\n}", "may not be reached"},
		"subtest":     {"proof.Of(t, \"ATK-1\", \"ATK-2\")", "t.Run(\"\", func(t *testing.T) { proof.Of(t, \"ATK-1\") })", "may not be reached"},
		"variable":    {"\"ATK-2\"", "id", "not written out"},
		"twice":       {"\"ATK-2\"", "\"ATK-1\"", "named twice"},
		"skip":        {"proof.Of", "if testing.Short() {\nt.Skip()\n}\nproof.Of", "can be skipped"},
		"constraint":  {"package", "//go:build slow\n\npackage", "build constraint"},
		"not Go":      {"func", "fun", "expected declaration"},
	} {
		text := strings.Replace(test, row.from, row.to, 1)
		found, err := inFile("impl/a/x_test.go", []byte(text))
		if row.fault == "" && (err != nil || len(found) != 1 || len(found[0].Names) != 2 || found[0].Line != 3) {
			t.Errorf("%s: %v, %v", name, found, err)
		}
		if row.fault != "" && (err == nil || !strings.Contains(err.Error(), row.fault)) {
			t.Errorf("%s: %v, want an error with %q", name, err, row.fault)
		}
	}
}

// The scan sees the transcripts and the tests of this module.
func TestProofsAreFound(t *testing.T) {
	v := inventory(t)
	for _, name := range []string{"rfc7009/01-refresh-token", "impl/cmd/charter.TestTLS"} {
		if !slices.ContainsFunc(v.Proofs, func(p Proof) bool { return p.Name == name }) {
			t.Errorf("%s is not found", name)
		}
	}
	for _, p := range v.Proofs {
		if _, err := fs.Stat(os.DirFS("../../.."), p.File); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
