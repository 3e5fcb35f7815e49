// Package requirement holds the inventory of what the standards ask of an
// authorization server and of what guards a resource: one row for each sentence
// that binds them. It reads what a proof says that it proves, and runs nothing.
package requirement

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed requirements.tsv
var inventory string

// A Requirement is one sentence of a standard that binds an authorization server
// or the middleware of a protected resource.
type Requirement struct {
	ID       string
	Document string // RFC 7009
	Section  string // 2.1
	Level    string // the RFC 2119 word, REQUIRED or MAY-with-behaviour
	Endpoint string
	Text     string // in our words
	Quote    string // how the sentence begins
}

// All returns the inventory, in its order.
func All() ([]Requirement, error) {
	lines := strings.Split(strings.TrimRight(inventory, "\n"), "\n")
	all := make([]Requirement, 0, len(lines)-1)
	for i, line := range lines[1:] {
		f := strings.Split(line, "\t")
		if len(f) != 7 {
			return nil, fmt.Errorf("requirements.tsv line %d has %d columns", i+2, len(f))
		}
		all = append(all, Requirement{f[0], f[1], f[2], f[3], f[4], f[5], f[6]})
	}
	return all, nil
}

// ByID returns requirements by their ids; an id twice is an error.
func ByID(all []Requirement) (map[string]Requirement, error) {
	byID := make(map[string]Requirement, len(all))
	for _, r := range all {
		if _, dup := byID[r.ID]; dup {
			return nil, fmt.Errorf("requirement %s is there twice", r.ID)
		}
		byID[r.ID] = r
	}
	return byID, nil
}
