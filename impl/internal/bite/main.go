package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// guarded are the packages whose checks are removed.
var guarded = []string{
	"impl/pkce", "impl/seal", "impl/oauth", "impl/jose", "impl/jose/jwe", "impl/mint", "impl/client", "impl/server", "impl/protect",
	"impl/protect/mcp", "impl/interact", "impl/interact/upstream", "impl/fetch", "impl/store/sqlstore",
}

// witnesses are the packages whose tests are asked after a package's own.
var witnesses = []string{
	"impl/server", "impl/interact", "impl/protect", "impl/client", "impl/jose", "impl/mint", "impl/seal", "impl/oauth", "impl/pkce", "impl/fetch",
	"impl/store/sqlstore", "impl/jose/jwe", "impl/protect/mcp", "impl/interact/upstream", "impl/internal/openapitest", "impl/internal/transcript",
	"impl/cmd/charter",
}

// A plan is what one run does.
type plan struct {
	root      string         // of the module
	state     string         // directory of what is kept
	guarded   []string       // packages that are mutated
	witnesses []string       // packages whose tests are asked
	reasons   string         // file of the equivalent mutants
	only      *regexp.Regexp // of the keys of the mutants that are asked
	jobs      int            // tests at a time
	rerun     bool           // survivors are asked again, whatever is kept
	slowest   time.Duration  // tests that take longer are not asked
	tests     *regexp.Regexp // of the tests that are asked; then only kills are kept
	most      int            // mutants asked of each package, of those that a test reaches; 0 is all
	within    time.Duration  // then no more is asked; 0 is never
}

func main() {
	p := plan{root: ".", guarded: guarded, witnesses: witnesses, reasons: "impl/internal/bite/equivalent.txt"}
	flag.StringVar(&p.state, "state", "", "directory that keeps programs and results")
	only := flag.String("only", "", "regular expression of the mutants to ask, by package, function, kind and text")
	run := flag.String("run", "", "regular expression of the tests to ask, as after writing one: only what they kill is kept")
	flag.IntVar(&p.most, "most", 0, "mutants to ask of each package, of those that a test reaches; 0 is all")
	flag.DurationVar(&p.within, "within", 0, "ask no more after this time, and report; 0 is never")
	flag.IntVar(&p.jobs, "jobs", 1, "tests at a time")
	flag.BoolVar(&p.rerun, "rerun", false, "ask again what survived")
	flag.DurationVar(&p.slowest, "slowest", time.Hour, "do not ask tests that take longer; what then survives is to be asked again with -rerun")
	asked := flag.String("witnesses", strings.Join(witnesses, ","), "packages whose tests are asked; what then survives is to be asked again with -rerun")
	flag.Parse()
	p.witnesses = strings.Split(*asked, ",")
	var errOnly, errRun error
	p.only, errOnly = regexp.Compile(*only)
	if *run != "" {
		p.tests, errRun = regexp.Compile(*run)
	}
	if err := errors.Join(errOnly, errRun); err != nil || p.state == "" {
		fmt.Fprintln(os.Stderr, "bite: -state is required, and -only and -run are regular expressions:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	left, err := p.run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bite:", err)
		os.Exit(2)
	}
	if left > 0 {
		os.Exit(1)
	}
}

// run mutates, builds, asks and reports. It returns the number of mutants that
// survived without a reason.
func (p plan) run(ctx context.Context) (left int, err error) {
	if p.root, err = filepath.Abs(p.root); err != nil {
		return 0, err
	}
	if p.state, err = filepath.Abs(p.state); err != nil {
		return 0, err
	}
	mutants, err := p.mutate()
	if err != nil {
		return 0, err
	}
	programs, err := p.build(ctx)
	if err != nil {
		return 0, err
	}
	if err := p.reach(ctx, programs, mutants); err != nil {
		return 0, err
	}
	kept, err := p.kept(mutants)
	if err != nil {
		return 0, err
	}
	if err := p.ask(ctx, mutants, programs, kept); err != nil {
		return 0, err
	}
	reasons, err := readReasons(p.reasons)
	if err != nil {
		return 0, err
	}
	return p.report(mutants, kept, reasons)
}

// wanted reports whether -only names the mutant.
func (p plan) wanted(m *mutant) bool {
	return p.only == nil || p.only.MatchString(m.key())
}
