package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A Kind is what is said of a requirement.
type Kind string

// The kinds of dispositions.
const (
	Proven        Kind = "proven"
	NotApplicable Kind = "not applicable"
	Divergence    Kind = "divergence"
)

// A Disposition is what Charter does about one requirement.
type Disposition struct {
	ID     string
	Kind   Kind
	Text   string   // why, where the kind is not Proven
	Proofs []string // names of proofs, where it is
}

// header is the first line of every file.
const header = "id\tkind\ttext"

// Read reads the dispositions of a directory: file names without .tsv, in upper
// case, with their rows in order. It fails for what is not a row.
func Read(dir fs.FS) (map[string][]Disposition, error) {
	files, err := fs.Glob(dir, "*.tsv")
	if err != nil {
		return nil, err
	}
	all := map[string][]Disposition{}
	var problems []error
	for _, file := range files {
		text, err := fs.ReadFile(dir, file)
		if err != nil {
			return nil, err
		}
		rows, err := parse(string(text))
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", file, err))
		}
		all[strings.ToUpper(strings.TrimSuffix(file, path.Ext(file)))] = rows
	}
	return all, errors.Join(problems...)
}

func parse(text string) ([]Disposition, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != header {
		return nil, fmt.Errorf("the first line is %q, want %q", lines[0], header)
	}
	var rows []Disposition
	for i, line := range lines[1:] {
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("line %d has %d columns, want 3", i+2, len(f))
		}
		d := Disposition{ID: f[0], Kind: Kind(f[1])}
		switch d.Kind {
		case Proven:
			d.Proofs = strings.Fields(f[2])
		case NotApplicable, Divergence:
			d.Text = f[2]
		default:
			return nil, fmt.Errorf("line %d: there is no kind %q", i+2, f[1])
		}
		rows = append(rows, d)
	}
	return rows, nil
}

// format writes a file of dispositions, proofs sorted.
func format(rows []Disposition) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for _, d := range rows {
		text := d.Text
		if d.Kind == Proven {
			text = strings.Join(slices.Sorted(slices.Values(d.Proofs)), " ")
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\n", d.ID, d.Kind, text)
	}
	return b.String()
}
