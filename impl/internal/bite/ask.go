package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A test is one top-level test, example or fuzz target with its seeds.
type test struct {
	name string
	took time.Duration // alone, without a mutant
}

// slow tests are asked last.
const slow = time.Second

// execute runs tests of a program in a process group and a directory of its own,
// and leaves nothing of them behind.
func (b *program) execute(ctx context.Context, names []string, limit time.Duration, env ...string) (string, error) {
	scratch, err := os.MkdirTemp("", "bite-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	if err := os.Chmod(scratch, 0o755); err != nil { // an engine may run as somebody else
		return "", err
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	run := exec.CommandContext(ctx, b.path, "-test.run", "^("+strings.Join(quoted, "|")+")$", "-test.failfast", "-test.short")
	run.Dir, run.Env = b.dir, append(append(os.Environ(), "TMPDIR="+scratch), env...)
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	var out bytes.Buffer
	run.Stdout, run.Stderr = &out, &out
	run.WaitDelay = time.Second
	if err := run.Start(); err != nil {
		return "", err
	}
	err = run.Wait()
	syscall.Kill(-run.Process.Pid, syscall.SIGKILL)
	return out.String(), err
}

// reach runs every test alone and notes which mutants it executes. What is kept
// of an earlier run counts while the program is the same.
func (p plan) reach(ctx context.Context, programs []*program, mutants []*mutant) error {
	for _, b := range programs {
		known, err := p.knownReach(b)
		if err != nil {
			return err
		}
		names, err := b.list(ctx)
		if err != nil {
			return err
		}
		for _, name := range names {
			r, ok := known[name]
			if !ok {
				if r, err = b.reachOf(ctx, name); err != nil {
					return err
				}
				if err := p.keepReach(b, name, r); err != nil {
					return err
				}
			}
			if r.failed {
				fmt.Fprintf(os.Stderr, "%s fails without a mutant and is not asked\n", name)
				continue
			}
			for _, id := range r.ids {
				mutants[id-1].reached[b] = append(mutants[id-1].reached[b], &test{name: name, took: r.took})
			}
		}
	}
	return nil
}

// list returns the tests of a program.
func (b *program) list(ctx context.Context) ([]string, error) {
	run := exec.CommandContext(ctx, b.path, "-test.list", "^(Test|Example|Fuzz)")
	run.Dir = b.dir
	out, err := run.Output()
	if err != nil {
		return nil, fmt.Errorf("list the tests of %s: %w", b.pkg, err)
	}
	names := strings.Fields(string(out))
	return slices.DeleteFunc(names, func(name string) bool { return name == "TestMain" }), nil
}

// A reached is what one test executes.
type reached struct {
	ids    []int
	took   time.Duration
	failed bool
}

func (b *program) reachOf(ctx context.Context, name string) (reached, error) {
	file, err := os.CreateTemp("", "bite-reach-")
	if err != nil {
		return reached{}, err
	}
	file.Close()
	defer os.Remove(file.Name())
	start := time.Now()
	_, failure := b.execute(ctx, []string{name}, 10*time.Minute, "BITE_REACH="+file.Name())
	r := reached{took: time.Since(start), failed: failure != nil}
	if err := ctx.Err(); err != nil {
		return reached{}, err
	}
	text, err := os.ReadFile(file.Name())
	if err != nil {
		return reached{}, err
	}
	for _, word := range strings.Fields(string(text)) {
		id, err := strconv.Atoi(word)
		if err != nil {
			return reached{}, err
		}
		r.ids = append(r.ids, id)
	}
	return r, nil
}

// ask switches on each mutant that has no kept result, and keeps what the tests
// say.
func (p plan) ask(ctx context.Context, mutants []*mutant, programs []*program, kept *results) error {
	var open []*mutant
	for _, m := range mutants {
		if p.wanted(m) && kept.needs(m, p.rerun) {
			open = append(open, m)
		}
	}
	work := make(chan *mutant)
	errs := make([]error, p.jobs)
	var done sync.WaitGroup
	for i := range p.jobs {
		done.Go(func() {
			for m := range work {
				v, err := judge(ctx, m, programs)
				if err == nil {
					err = kept.add(m, v)
				}
				if err != nil && errs[i] == nil {
					errs[i] = err
				}
			}
		})
	}
	start := time.Now()
	for i, m := range open {
		if ctx.Err() != nil {
			break
		}
		work <- m
		if i%100 == 99 {
			fmt.Fprintf(os.Stderr, "%d of %d mutants, %s\n", i+1, len(open), time.Since(start).Round(time.Second))
		}
	}
	close(work)
	done.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}

// judge runs the tests that reach a mutant until one fails: the quick ones of its
// own package together, then those of others, then the slow ones one by one.
func judge(ctx context.Context, m *mutant, programs []*program) (verdict, error) {
	if len(m.reached) == 0 {
		return verdict{outcome: "unreached"}, nil
	}
	for _, r := range rounds(m, programs) {
		limit := 20 * time.Second
		var names []string
		for _, t := range r.tests {
			names, limit = append(names, t.name), limit+5*t.took
		}
		out, err := r.program.execute(ctx, names, limit, "BITE_MUTANT="+strconv.Itoa(m.id))
		if ctx.Err() != nil {
			return verdict{}, ctx.Err()
		}
		if err != nil {
			return verdict{outcome: "killed", by: path.Base(r.program.pkg) + " " + firstFailure(out)}, nil
		}
	}
	return verdict{outcome: "survived"}, nil
}

// A round is what is asked at once.
type round struct {
	program *program
	tests   []*test
}

func rounds(m *mutant, programs []*program) []round {
	var quick, long []round
	for _, b := range programs {
		together := round{program: b}
		for _, t := range m.reached[b] {
			if t.took < slow {
				together.tests = append(together.tests, t)
			} else {
				long = append(long, round{b, []*test{t}})
			}
		}
		if len(together.tests) > 0 {
			quick = append(quick, together)
		}
	}
	slices.SortStableFunc(quick, func(a, b round) int {
		switch m.pkg {
		case a.program.pkg:
			return -1
		case b.program.pkg:
			return 1
		}
		return 0
	})
	slices.SortStableFunc(long, func(a, b round) int { return cmp.Compare(a.tests[0].took, b.tests[0].took) })
	return append(quick, long...)
}

var failure = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

// firstFailure names the test that noticed.
func firstFailure(out string) string {
	if m := failure.FindStringSubmatch(out); m != nil {
		return m[1]
	}
	if strings.Contains(out, "panic:") {
		return "panic"
	}
	return "time is up"
}
