package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// readReasons reads the equivalent mutants: key, then the reason, in columns that
// tabs separate. Lines that begin with # are for people.
func readReasons(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	reasons := make(map[string]string)
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != 5 || columns[4] == "" {
			return nil, fmt.Errorf("%s:%d: want package, function, kind, text and reason", path, i+1)
		}
		reasons[strings.Join(columns[:4], "\t")] = columns[4]
	}
	return reasons, nil
}

// A score counts the mutants of a package.
type score struct{ all, killed, equivalent, survived, unreached, open int }

// report writes report.md and says the totals. It returns the number of mutants
// that no test notices and no reason excuses.
func (p plan) report(mutants []*mutant, kept *results, reasons map[string]string) (int, error) {
	scores := map[string]*score{}
	var left, faults strings.Builder
	named := map[string]bool{}
	for _, m := range mutants {
		named[m.key()] = true
		if !p.wanted(m) {
			continue
		}
		s := scores[m.pkg]
		if s == nil {
			s = &score{}
			scores[m.pkg] = s
		}
		s.all++
		v, ok := kept.verdict(m)
		reason, excused := reasons[m.key()]
		switch {
		case !ok:
			s.open++
		case v.outcome == "killed":
			s.killed++
			if excused {
				fmt.Fprintf(&faults, "- not equivalent, %s notices: %s\n", v.by, strings.ReplaceAll(m.key(), "\t", " · "))
			}
		case excused && reason != "":
			s.equivalent++
		default:
			if v.outcome == "unreached" {
				s.unreached++
			} else {
				s.survived++
			}
			fmt.Fprintf(&left, "- %s:%d %s %s %s: `%s`\n", m.file, m.line, v.outcome, m.kind, m.fn, m.text)
		}
	}
	for key := range reasons {
		if !named[key] {
			fmt.Fprintf(&faults, "- equivalent.txt names no mutant: %s\n", strings.ReplaceAll(key, "\t", " · "))
		}
	}
	var out strings.Builder
	total := p.table(&out, scores)
	if faults.Len() > 0 {
		fmt.Fprintf(&out, "\n## Lines of equivalent.txt that are wrong\n\n%s", faults.String())
	}
	fmt.Fprintf(&out, "\n## What no test notices\n\n%s", left.String())
	fmt.Fprintf(os.Stderr, "%d mutants: %d killed, %d equivalent, %d survived, %d unreached, %d not asked\n", total.all, total.killed, total.equivalent, total.survived, total.unreached, total.open)
	return total.survived + total.unreached + strings.Count(faults.String(), "\n"), os.WriteFile(filepath.Join(p.state, "report.md"), []byte(out.String()), 0o644)
}

// sampling says how those that were asked were chosen, if they are not all.
func (p plan) sampling() string {
	if p.most == 0 {
		return ""
	}
	return fmt.Sprintf(" Of each package at most %d were asked that a test reaches: those that take a guard away first, then by the SHA-256 of their keys.", p.most)
}

func (p plan) table(out *strings.Builder, scores map[string]*score) score {
	var total score
	row := func(name string, s score) {
		percent := "–"
		if asked := s.all - s.open - s.equivalent; asked > 0 {
			percent = fmt.Sprintf("%.1f %%", 100*float64(s.killed)/float64(asked))
		}
		fmt.Fprintf(out, "| %s | %d | %d | %d | %d | %d | %d | %s |\n", name, s.all, s.all-s.open, s.killed, s.equivalent, s.survived, s.unreached, percent)
	}
	fmt.Fprintf(out, "# What the tests notice\n\nThe score is of those that were asked and are not equivalent.%s\n\n", p.sampling())
	out.WriteString("| package | mutants | asked | killed | equivalent | survived | unreached | score |\n|---|---|---|---|---|---|---|---|\n")
	for _, pkg := range p.guarded {
		s := scores[pkg]
		if s == nil {
			continue
		}
		row(pkg, *s)
		total.all, total.killed, total.equivalent = total.all+s.all, total.killed+s.killed, total.equivalent+s.equivalent
		total.survived, total.unreached, total.open = total.survived+s.survived, total.unreached+s.unreached, total.open+s.open
	}
	row("all", total)
	return total
}
