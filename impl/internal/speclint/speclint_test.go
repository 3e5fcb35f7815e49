package speclint_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// A rule returns what it finds wrong in a document.
type rule struct {
	name  string
	check func(*openapi3.T) faults
}

type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// rules are all there are. Each has at least one bite.
var rules = []rule{
	{"valid OpenAPI 3.1", checkValid},
	{"described operations", checkDescribed},
	{"sections of standards", checkSections},
	{"guards by name", checkGuards},
	{"bounded bodies", checkBodies},
	{"path parameters", checkPathParameters},
	{"one form for GET and POST", checkSharedForms},
	{"success and failure", checkOutcomes},
	{"error codes", checkErrorCodes},
	{"caching", checkCaching},
	{"required headers", checkRequiredHeaders},
	{"limits", checkLimits},
	{"explicit types", checkTypes},
	{"named enums", checkEnums},
	{"names of components", checkNames},
	{"no unused component", checkUnused},
	{"flat forms", checkForms},
	{"decoded bodies", checkDecoded},
	{"order of checks", checkOrder},
	{"conditions", checkConditions},
	{"client metadata thrice", checkClientMetadata},
	{"examples everywhere", checkExamplesExist},
	{"examples in pairs", checkExamplePairs},
	{"examples as their schemas demand", checkExampleValues},
}

func TestDocument(t *testing.T) {
	doc := mustLoad(t, mustRead(t))
	if n := len(operations(doc)); n < 19 {
		t.Errorf("%d operations", n)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, fault := range r.check(doc) {
				t.Error(fault)
			}
		})
	}
}

// TestEveryRuleBites plants each bite into the document, where its rule must
// find fault. That the rule finds none without it is TestDocument.
func TestEveryRuleBites(t *testing.T) {
	source, err := json.Marshal(mustLoad(t, mustRead(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		if !slices.ContainsFunc(bites, func(b bite) bool { return b.rule == r.name }) {
			t.Errorf("rule %q has no bite", r.name)
		}
	}
	for _, b := range bites {
		t.Run(b.rule+"/"+b.what, func(t *testing.T) {
			var root map[string]any
			if err := json.Unmarshal(source, &root); err != nil {
				t.Fatal(err)
			}
			for _, edit := range b.edits {
				edit(t, root)
			}
			planted, err := json.Marshal(root)
			if err != nil {
				t.Fatal(err)
			}
			found := mustRule(t, b.rule).check(mustLoad(t, planted))
			if !strings.Contains(strings.Join(found, "\n"), b.names) || len(found) == 0 {
				t.Errorf("the rule finds %q, not %q", found, b.names)
			}
		})
	}
}

func mustRule(t *testing.T, name string) rule {
	t.Helper()
	i := slices.IndexFunc(rules, func(r rule) bool { return r.name == name })
	if i < 0 {
		t.Fatalf("no rule %q", name)
	}
	return rules[i]
}

func mustRead(t *testing.T) []byte {
	t.Helper()
	source, err := os.ReadFile("../../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func mustLoad(t *testing.T, source []byte) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(source)
	if err != nil {
		t.Fatal(err)
	}
	if !doc.IsOpenAPI31OrLater() {
		t.Fatalf("the document says OpenAPI %s; if/then and const would not be looked at", doc.OpenAPI)
	}
	return doc
}
