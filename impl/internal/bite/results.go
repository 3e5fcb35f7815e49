package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A verdict is what the tests said of a mutant: killed, survived, or unreached
// where no test executes it.
type verdict struct {
	outcome string
	by      string // the test that noticed
	version string // of the mutant's function when it was asked
	tests   string // the sum of the programs that were asked
}

// results are the kept verdicts, in results.tsv: the last line about a mutant
// counts.
type results struct {
	mu    sync.Mutex
	of    map[string]verdict
	file  *os.File
	tests string
}

func (p plan) kept(mutants []*mutant) (*results, error) {
	tests, err := p.sumOfTests()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(p.state, "results.tsv")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	r := &results{of: make(map[string]verdict), file: file, tests: tests}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		columns := strings.Split(lines.Text(), "\t")
		if len(columns) == 8 {
			r.of[strings.Join(columns[:4], "\t")] = verdict{outcome: columns[4], by: columns[5], version: columns[6], tests: columns[7]}
		}
	}
	return r, lines.Err()
}

// sumOfTests identifies the tests that are asked: a survivor is asked again when
// they have changed.
func (p plan) sumOfTests() (string, error) {
	sum := sha256.New()
	for _, pkg := range p.witnesses {
		err := filepath.WalkDir(filepath.Join(p.root, filepath.FromSlash(pkg)), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "testdata") {
				return err
			}
			text, err := os.ReadFile(path)
			fmt.Fprintf(sum, "%s %d\n", path, len(text))
			sum.Write(text)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:6]), nil
}

// needs reports whether a mutant is still to be asked.
func (r *results) needs(m *mutant, rerun bool) bool {
	v, ok := r.verdict(m)
	return !ok || v.outcome != "killed" && (rerun || v.tests != r.tests)
}

// verdict returns what is kept of the mutant as its function is now.
func (r *results) verdict(m *mutant) (verdict, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.of[m.key()]
	return v, ok && v.version == m.version
}

func (r *results) add(m *mutant, v verdict) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	v.version, v.tests = m.version, r.tests
	r.of[m.key()] = v
	_, err := fmt.Fprintf(r.file, "%s\t%s\t%s\t%s\t%s\n", m.key(), v.outcome, v.by, v.version, v.tests)
	return err
}

// knownReach reads what is kept of a program's reach: a sum of the program, then
// a line for each test.
func (p plan) knownReach(b *program) (map[string]reached, error) {
	text, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(text))
	path := b.path + ".reach"
	kept, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	lines := strings.Split(string(kept), "\n")
	if lines[0] != sum {
		return nil, os.WriteFile(path, []byte(sum+"\n"), 0o644)
	}
	known := make(map[string]reached)
	for _, line := range lines[1:] {
		columns := strings.Split(line, "\t")
		if len(columns) != 4 {
			continue
		}
		r := reached{failed: columns[2] == "true"}
		if r.took, err = time.ParseDuration(columns[1]); err != nil {
			return nil, err
		}
		for _, word := range strings.Fields(columns[3]) {
			id, err := strconv.Atoi(word)
			if err != nil {
				return nil, err
			}
			r.ids = append(r.ids, id)
		}
		known[columns[0]] = r
	}
	return known, nil
}

func (p plan) keepReach(b *program, name string, r reached) error {
	file, err := os.OpenFile(b.path+".reach", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, fmt.Sprintf("%s\t%s\t%t\t%s\n", name, r.took, r.failed, strings.Trim(fmt.Sprint(r.ids), "[]")))
	return errors.Join(err, file.Close())
}
