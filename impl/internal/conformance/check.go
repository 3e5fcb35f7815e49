package conformance

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/internal/requirement"
)

// InForce are the documents whose requirements all have a disposition, by what
// their ids begin with.
var InForce = []string{
	"RFC6749",
	"RFC6750",
	"RFC7009",
	"RFC7515",
	"RFC7517",
	"RFC7518",
	"RFC7519",
	"RFC7591",
	"RFC7592",
	"RFC7636",
	"RFC7638",
	"RFC7662",
	"RFC8252",
	"RFC8414",
	"RFC8707",
	"RFC8725",
	"RFC9068",
	"RFC9207",
	"RFC9700",
	"RFC9728",
	"OAUTH21",
	"RFC7521",
	"RFC7523",
	"RFC9101",
	"RP-META",
	"OIDC-CORE",
	"OIDC-DISC",
	"OIDC-REG",
	"FORM-POST",
	"PROMPT-CREATE",
	"UNMET-AUTH",
	"CIMD",
	"CIMD02",
	"MCP",
	"OIDC-RPLO",
	"OIDC-FCLO",
	"OIDC-BCLO",
	"OIDC-SESSION",
}

// Inventory is what the checks compare.
type Inventory struct {
	Requirements []requirement.Requirement
	Dispositions map[string][]Disposition // by document, as InForce names them
	Proofs       []Proof
}

// Check returns everything that is not as it must be, one fault a string.
func (v Inventory) Check(inForce []string) []string {
	var faults []string
	for _, document := range inForce {
		faults = append(faults, v.checkDocument(document)...)
	}
	for document := range v.Dispositions {
		if !slices.Contains(inForce, document) {
			faults = append(faults, fmt.Sprintf("%s: dispositions of a document that is not in force", document))
		}
	}
	return append(faults, v.checkNames()...)
}

// checkDocument wants one disposition for each requirement of a document, and
// looks at it.
func (v Inventory) checkDocument(document string) []string {
	required := v.of(document)
	if len(required) == 0 {
		return []string{fmt.Sprintf("%s: there is no requirement of this document", document)}
	}
	var faults []string
	disposed := map[string]bool{}
	for _, d := range v.Dispositions[document] {
		switch {
		case !slices.ContainsFunc(required, func(r requirement.Requirement) bool { return r.ID == d.ID }):
			faults = append(faults, fmt.Sprintf("%s is no requirement of %s", d.ID, document))
		case disposed[d.ID]:
			faults = append(faults, fmt.Sprintf("%s has two dispositions", d.ID))
		}
		disposed[d.ID] = true
		faults = append(faults, v.checkDisposition(d)...)
	}
	for _, r := range required {
		if !disposed[r.ID] {
			faults = append(faults, fmt.Sprintf("%s has no disposition", r.ID))
		}
	}
	return faults
}

// of returns the requirements of a document.
func (v Inventory) of(document string) []requirement.Requirement {
	var of []requirement.Requirement
	for _, r := range v.Requirements {
		if strings.HasPrefix(r.ID, document+"-") {
			of = append(of, r)
		}
	}
	return of
}

func (v Inventory) checkDisposition(d Disposition) []string {
	var faults []string
	say := func(format string, args ...any) {
		faults = append(faults, d.ID+" "+fmt.Sprintf(format, args...))
	}
	proofs := v.proofsOf(d.ID)
	if d.Kind != Proven {
		if len(strings.Fields(d.Text)) < 3 || !strings.HasSuffix(d.Text, ".") {
			say("is %s without a reason: %q is no sentence", d.Kind, d.Text)
		}
		if len(proofs) > 0 {
			say("is %s, and %s proves it", d.Kind, strings.Join(proofs, " and "))
		}
		return faults
	}
	if len(d.Proofs) == 0 {
		say("is proven by nothing")
	}
	for _, name := range d.Proofs {
		if !slices.ContainsFunc(v.Proofs, func(p Proof) bool { return p.Name == name }) {
			say("is proven by %s, which does not exist", name)
		} else if !slices.Contains(proofs, name) {
			say("is proven by %s, which does not name it", name)
		}
	}
	return faults
}

// proofsOf returns the names of the proofs that name an id.
func (v Inventory) proofsOf(id string) []string {
	var names []string
	for _, p := range v.Proofs {
		if slices.Contains(p.Names, id) {
			names = append(names, p.Name)
		}
	}
	return names
}

// checkNames wants every id that a proof names to exist, where it begins as the
// requirements do. Ids of attacks are package attacks' to know.
func (v Inventory) checkNames() []string {
	known, beginnings := map[string]bool{}, map[string]bool{}
	beginning := func(id string) string { before, _, _ := strings.Cut(id, "-"); return before }
	for _, r := range v.Requirements {
		known[r.ID], beginnings[beginning(r.ID)] = true, true
	}
	var faults []string
	for _, p := range v.Proofs {
		for _, id := range p.Names {
			if !known[id] && beginnings[beginning(id)] {
				faults = append(faults, fmt.Sprintf("%s proves %s, which is no requirement", p.Name, id))
			}
		}
	}
	return faults
}

// Load reads the inventory from the root of the module.
func Load(module fs.FS) (v Inventory, err error) {
	if v.Requirements, err = requirement.All(); err != nil {
		return v, err
	}
	known, err := requirement.ByID(v.Requirements)
	if err != nil {
		return v, err
	}
	if v.Proofs, err = Proofs(module, known); err != nil {
		return v, err
	}
	dir, err := fs.Sub(module, "impl/internal/conformance/testdata/dispositions")
	if err != nil {
		return v, err
	}
	v.Dispositions, err = Read(dir)
	return v, err
}
