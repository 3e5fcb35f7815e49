package attacks

import (
	"fmt"
	"slices"
	"strings"
)

// A Kind is what is said of an attack.
type Kind string

// The kinds.
const (
	Proven     Kind = "proven"
	NotYet     Kind = "not yet"
	Operations Kind = "operations"
	Divergence Kind = "divergence"
)

// A Row is one attack.
type Row struct {
	Chapter string   // a heading, of the first row under it; "" otherwise
	IDs     []string // the first is the row's, the others are the same attack
	Must    string   // what must happen, a sentence
	Kind    Kind
	Text    string   // why, where the kind is not Proven
	Tests   []string // where it is
}

// header is the first line of the file.
const header = "ids\tmust\tkind\ttext"

// Parse reads the file. It fails for what is not a row.
func Parse(text string) ([]Row, error) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if lines[0] != header {
		return nil, fmt.Errorf("the first line is %q, want %q", lines[0], header)
	}
	var rows []Row
	chapter := ""
	for i, line := range lines[1:] {
		if heading, ok := strings.CutPrefix(line, "# "); ok {
			chapter = heading
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			return nil, fmt.Errorf("line %d has %d columns, want 4", i+2, len(f))
		}
		r := Row{Chapter: chapter, IDs: strings.Fields(f[0]), Must: f[1], Kind: Kind(f[2])}
		switch r.Kind {
		case Proven:
			r.Tests = strings.Fields(f[3])
		case NotYet, Operations, Divergence:
			r.Text = f[3]
		default:
			return nil, fmt.Errorf("line %d: there is no kind %q", i+2, f[2])
		}
		if len(r.IDs) == 0 {
			return nil, fmt.Errorf("line %d has no id", i+2)
		}
		rows, chapter = append(rows, r), ""
	}
	return rows, nil
}

// Format writes the file.
func Format(rows []Row) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for _, r := range rows {
		if r.Chapter != "" {
			b.WriteString("# " + r.Chapter + "\n")
		}
		text := r.Text
		if r.Kind == Proven {
			text = strings.Join(slices.Sorted(slices.Values(r.Tests)), " ")
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", strings.Join(r.IDs, " "), r.Must, r.Kind, text)
	}
	return b.String()
}
