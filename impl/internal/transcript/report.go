package transcript

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/internal/requirement"
)

// A Report is which requirements have a passing proof: ids with the names of the
// transcripts that passed wherever they were played.
type Report struct {
	proofs map[string][]string
	failed map[string]bool
}

// NewReport returns a report in which no transcript has been played.
func NewReport() *Report {
	return &Report{proofs: map[string][]string{}, failed: map[string]bool{}}
}

// Add records how a transcript went on one store. One failure anywhere takes its
// proofs away. It is not safe for concurrent use.
func (r *Report) Add(t Transcript, passed bool) {
	if !passed {
		r.failed[t.Name] = true
	}
	for _, id := range t.Proves {
		if !slices.Contains(r.proofs[id], t.Name) {
			r.proofs[id] = append(r.proofs[id], t.Name)
		}
	}
}

// Proofs returns the names of the passing transcripts that prove a requirement.
func (r *Report) Proofs(id string) []string {
	var names []string
	for _, name := range r.proofs[id] {
		if !r.failed[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Proven returns the ids that have a passing proof, sorted.
func (r *Report) Proven() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.proofs)), func(id string) bool { return len(r.Proofs(id)) == 0 })
}

// String lists, for each document of the inventory that has any proof, how many
// of its requirements have one, and then each with its transcripts.
func (r *Report) String() string {
	all, err := requirement.All()
	if err != nil {
		return err.Error()
	}
	var documents []string
	total, lines := map[string]int{}, map[string][]string{}
	for _, q := range all {
		total[q.Document]++
		if names := r.Proofs(q.ID); len(names) > 0 {
			lines[q.Document] = append(lines[q.Document], fmt.Sprintf("  %-18s %s", q.ID, strings.Join(names, ", ")))
		}
		if !slices.Contains(documents, q.Document) {
			documents = append(documents, q.Document)
		}
	}
	var b strings.Builder
	for _, d := range documents {
		if len(lines[d]) > 0 {
			fmt.Fprintf(&b, "%s: %d of %d\n%s\n", d, len(lines[d]), total[d], strings.Join(lines[d], "\n"))
		}
	}
	return b.String()
}
