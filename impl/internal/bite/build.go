package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A program is the compiled tests of one package, with all mutants in it.
type program struct {
	pkg  string
	path string
	dir  string // where its tests run
}

// mutate writes the mutated copies and the overlay that puts them in place.
func (p plan) mutate() ([]*mutant, error) {
	copies := filepath.Join(p.state, "source")
	if err := os.RemoveAll(copies); err != nil {
		return nil, err
	}
	var mutants []*mutant
	overlay := map[string]string{}
	put := func(path string, text []byte) error {
		relative, err := filepath.Rel(p.root, path)
		if err != nil {
			return err
		}
		overlay[path] = filepath.Join(copies, relative)
		if err := os.MkdirAll(filepath.Dir(overlay[path]), 0o755); err != nil {
			return err
		}
		return os.WriteFile(overlay[path], text, 0o644)
	}
	for _, pkg := range p.guarded {
		dir := filepath.Join(p.root, filepath.FromSlash(pkg))
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return nil, err
		}
		seen := map[string]int{}
		name := ""
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".gen.go") {
				continue
			}
			text, err := mutateFile(p.root, pkg, path, &mutants, seen)
			if err != nil {
				return nil, err
			}
			if err := put(path, text); err != nil {
				return nil, err
			}
			name = packageName(text)
		}
		if err := put(filepath.Join(dir, "zz_bite.go"), []byte("package "+name+switches)); err != nil {
			return nil, err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return nil, err
	}
	return mutants, os.WriteFile(filepath.Join(p.state, "overlay.json"), text, 0o644)
}

func packageName(text []byte) string {
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "package "); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// switches is added to each package: the mutant that is on, and a file that
// receives the numbers of those that are reached.
const switches = `

import (
	bite_os "os"
	bite_strconv "strconv"
	bite_atomic "sync/atomic"
)

var (
	biteOn_, _    = bite_strconv.Atoi(bite_os.Getenv("BITE_MUTANT"))
	biteReach_, _ = bite_os.OpenFile(bite_os.Getenv("BITE_REACH"), bite_os.O_APPEND|bite_os.O_WRONLY, 0)
	biteSeen_     [1 << 16]bite_atomic.Bool
)

func bite_(id int) bool {
	if biteReach_ != nil && !biteSeen_[id].Swap(true) {
		biteReach_.WriteString(bite_strconv.Itoa(id) + "\n")
	}
	return id == biteOn_
}

func biteNot_(id int, b bool) bool { return b != bite_(id) }

func biteNil_(id int, err error) error {
	if bite_(id) {
		return nil
	}
	return err
}

// biteSQL_ is the statement, or the mutant that is on: numbers and statements in turn.
func biteSQL_(statement string, mutants ...any) string {
	for i := 0; i < len(mutants); i += 2 {
		if bite_(mutants[i].(int)) {
			return mutants[i+1].(string)
		}
	}
	return statement
}
`

// build compiles the tests of every package that is asked.
func (p plan) build(ctx context.Context) ([]*program, error) {
	var programs []*program
	for _, pkg := range p.witnesses {
		b := &program{pkg: pkg, path: filepath.Join(p.state, "bin", strings.ReplaceAll(pkg, "/", "_")+".test"), dir: filepath.Join(p.root, filepath.FromSlash(pkg))}
		build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", filepath.Join(p.state, "overlay.json"), "-o", b.path, "./"+pkg)
		build.Dir = p.root
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("the tests of %s with all mutants: %w\n%s", pkg, err, out)
		}
		programs = append(programs, b)
	}
	return programs, nil
}
