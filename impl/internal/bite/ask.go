package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
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
	name  string
	took  time.Duration // alone, without a mutant
	reach int           // how many mutants it executes: the fewer, the more it is about them
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
			if p.tests != nil && !p.tests.MatchString(name) {
				continue
			}
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
			if r.took > p.slowest {
				continue
			}
			for _, id := range r.ids {
				mutants[id-1].reached[b] = append(mutants[id-1].reached[b], &test{name: name, took: r.took, reach: len(r.ids)})
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
	for _, m := range p.sample(mutants) {
		if kept.needs(m, p.rerun || p.tests != nil) {
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
				if err == nil && (p.tests == nil || v.outcome == "killed") {
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
		if ctx.Err() != nil || p.within > 0 && time.Since(start) > p.within {
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

// sample returns the mutants that are wanted, and of each package no more than
// -most of those that a test reaches: which ones depends on their keys alone.
func (p plan) sample(mutants []*mutant) []*mutant {
	var wanted []*mutant
	for _, m := range mutants {
		if p.wanted(m) {
			wanted = append(wanted, m)
		}
	}
	order(wanted)
	of := map[string]int{}
	return slices.DeleteFunc(wanted, func(m *mutant) bool {
		if len(m.reached) > 0 {
			of[m.pkg]++
		}
		return p.most > 0 && len(m.reached) > 0 && of[m.pkg] > p.most
	})
}

// first are the kinds that take a guard away.
var first = []string{"never", "operand", "case", "where", "result"}

// order puts the kinds that take a guard away before the others, and mixes the
// rest, so that what an interrupted run has asked is a sample of all.
func order(open []*mutant) {
	rank := func(m *mutant) int {
		if slices.Contains(first, m.kind) {
			return 0
		}
		return 1
	}
	sums := make(map[*mutant][sha256.Size]byte, len(open))
	for _, m := range open {
		sums[m] = sha256.Sum256([]byte(m.key()))
	}
	slices.SortStableFunc(open, func(a, b *mutant) int {
		x, y := sums[a], sums[b]
		return cmp.Or(cmp.Compare(rank(a), rank(b)), bytes.Compare(x[:], y[:]))
	})
}

// judge runs the tests that reach a mutant until one fails.
func judge(ctx context.Context, m *mutant, programs []*program) (verdict, error) {
	if len(m.reached) == 0 {
		return verdict{outcome: "unreached"}, nil
	}
	for _, r := range rounds(m, programs) {
		by, err := r.notices(ctx, m)
		if err != nil {
			return verdict{}, err
		}
		if by != "" {
			return verdict{outcome: "killed", by: path.Base(r.program.pkg) + " " + by}, nil
		}
	}
	return verdict{outcome: "survived"}, nil
}

// notices runs the tests of a round against a mutant and names the one that
// fails. It counts only if it passes without the mutant right afterwards: a busy
// machine is not the mutant's doing.
func (r round) notices(ctx context.Context, m *mutant) (by string, err error) {
	limit := 20 * time.Second // a loop that has lost its end, or a lock its owner, is killed then
	var names []string
	for _, t := range r.tests {
		names, limit = append(names, t.name), limit+5*t.took
	}
	for range 3 {
		out, failure := r.program.execute(ctx, names, limit, "BITE_MUTANT="+strconv.Itoa(m.id))
		if failure == nil || ctx.Err() != nil {
			return "", ctx.Err()
		}
		by, again := firstFailure(out), names
		if slices.Contains(names, by) {
			again = []string{by}
		}
		_, failure = r.program.execute(ctx, again, limit)
		if failure == nil || ctx.Err() != nil {
			return by, ctx.Err()
		}
		limit *= 2
	}
	return "", nil
}

// A round is what is asked at once.
type round struct {
	program *program
	tests   []*test
}

// rounds orders the tests that reach a mutant: those of its own package before
// those of others, the ones that reach least first and a few at a time, since
// they are about it; then the slow ones, one by one.
func rounds(m *mutant, programs []*program) []round {
	var own, others, long []round
	for _, b := range programs {
		var quick []*test
		for _, t := range m.reached[b] {
			if t.took < slow {
				quick = append(quick, t)
			} else {
				long = append(long, round{b, []*test{t}})
			}
		}
		slices.SortStableFunc(quick, func(a, b *test) int { return cmp.Compare(a.reach, b.reach) })
		for _, n := range []int{4, 16, len(quick)} {
			n = min(n, len(quick))
			switch {
			case n == 0:
			case b.pkg == m.pkg:
				own = append(own, round{b, quick[:n]})
			default:
				others = append(others, round{b, quick[:n]})
			}
			quick = quick[n:]
		}
	}
	slices.SortStableFunc(long, func(a, b round) int { return cmp.Compare(a.tests[0].took, b.tests[0].took) })
	return slices.Concat(own, others, long)
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
