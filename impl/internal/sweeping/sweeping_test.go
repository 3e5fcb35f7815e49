package sweeping

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/store/sqlstore/postgres"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

func TestMain(m *testing.M) { os.Exit(fleet.Main(m)) }

// REL-26: millions of tokens that are over are swept beside requests, which take
// as long as they did before.
func TestSweepOfMillions(t *testing.T) {
	if os.Getenv("CHARTER_TEST_LONG") == "" {
		t.Skip("CHARTER_TEST_LONG is not set")
	}
	watched, err := time.ParseDuration(os.Getenv("CHARTER_TEST_LONG"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 10_000_000
	if value := os.Getenv("CHARTER_TEST_ROWS"); value != "" {
		var err error
		if rows, err = strconv.Atoi(value); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "charter.db")
		st, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		x := &table{db: sqlx.MustOpen("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"), fill: fillSQLite, rows: rows}
		defer x.db.Close()
		x.make(t, st)
		x.sweep(t, "sqlite:"+path, watched)
	})
	t.Run("postgres", func(t *testing.T) {
		cluster := pgtest.Start(t)
		st, err := postgres.Open(t.Context(), cluster.URL(""))
		if err != nil {
			t.Fatal(err)
		}
		x := &table{db: sqlx.MustOpen("pgx", cluster.URL("")), fill: fillPostgreSQL, rows: rows}
		defer x.db.Close()
		x.make(t, st)
		x.sweep(t, cluster.URL(""), watched)
	})
}

// A sample is how long one request took, and when it began.
type sample struct {
	at   time.Time
	took time.Duration
}

// sweep starts a server, which sweeps after a minute, and uses it until nothing is
// left, or for as long as it is watched.
func (x *table) sweep(t *testing.T, source string, watched time.Duration) {
	log := &sweepLog{}
	f := fleet.Start(t, fleet.Options{Store: source, Log: log})
	c, stop := f.Confidential(), make(chan struct{})
	var load sync.WaitGroup
	var all [4][]sample
	for i := range all {
		load.Go(func() { all[i] = use(t, f, c, i, stop) })
	}
	deadline := time.Now().Add(time.Minute + watched)
	for !x.swept(t) && time.Now().Before(deadline) {
		time.Sleep(time.Second)
	}
	end := time.Now()
	close(stop)
	load.Wait()

	rounds, begin := log.rounds(t)
	removed, working := 0, time.Duration(0)
	for _, r := range rounds {
		removed, working = removed+r.records, working+r.took
	}
	var before, during []time.Duration
	for _, samples := range all {
		for _, s := range samples {
			if s.at.Before(begin) {
				before = append(before, s.took)
			} else if s.at.Before(end) {
				during = append(during, s.took)
			}
		}
	}
	t.Logf("%d records of %d in %d rounds that were told as behind, which lasted %v of %v", removed, x.rows, len(rounds), working.Round(time.Second), end.Sub(begin).Round(time.Second))
	t.Logf("a round of %d took %v at first, %v in the end", rounds[0].records, rounds[0].took, rounds[len(rounds)-1].took)
	t.Logf("without the sweep: %s", distribution(before))
	t.Logf("beside the sweep:  %s", distribution(during))
	if len(before) < 100 || len(during) < 100 {
		t.Error("too little was asked")
	}
}

// use makes requests at a person's pace, and says how long each took.
func use(t *testing.T, f *fleet.Fleet, c *fleet.Client, n int, stop chan struct{}) (samples []sample) {
	via, ctx := f.Via(nil), context.Background()
	browser, err := f.Browser(n, via)
	if err != nil {
		t.Error(err)
		return nil
	}
	code, err := browser.Code(c)
	if err != nil {
		t.Error(err)
		return nil
	}
	a := c.Redeem(ctx, via, code)
	for i := 0; ; i++ {
		select {
		case <-stop:
			return samples
		case <-time.After(50 * time.Millisecond):
		}
		begin := time.Now()
		got := a
		switch i % 3 {
		case 0:
			got = c.Renew(ctx, via, a.Refresh)
			a = got
		case 1:
			got = c.Introspect(ctx, via, a.Access)
		case 2:
			got = c.Own(ctx, via)
		}
		samples = append(samples, sample{begin, time.Since(begin)})
		if got.Outcome != fleet.OK {
			t.Errorf("a request beside the sweep: %v", got)
			return samples
		}
	}
}

func distribution(took []time.Duration) string {
	if len(took) == 0 {
		return "no requests"
	}
	slices.Sort(took)
	at := func(p float64) time.Duration { return took[int(p*float64(len(took)-1))].Round(10 * time.Microsecond) }
	return fmt.Sprintf("%d requests, p50 %v, p90 %v, p99 %v, p99.9 %v, most %v", len(took), at(0.5), at(0.9), at(0.99), at(0.999), at(1))
}

// A sweepLog is what the server says.
type sweepLog struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (l *sweepLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// A round is one call of Sweep, which says that it is behind.
type round struct {
	records int
	took    time.Duration
}

var sweptLine = regexp.MustCompile(`time=(\S+) level=WARN msg=swept .*records=(\d+) took=(\S+) behind=true`)

// rounds returns the rounds, and when the first began.
func (l *sweepLog) rounds(t *testing.T) (all []round, begin time.Time) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		m := sweptLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		at, err1 := time.Parse(time.RFC3339Nano, m[1])
		records, err2 := strconv.Atoi(m[2])
		took, err3 := time.ParseDuration(m[3])
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatalf("%s: %v %v %v", line, err1, err2, err3)
		}
		if all == nil {
			begin = at.Add(-took)
		}
		all = append(all, round{records, took})
	}
	if all == nil {
		t.Fatalf("nothing was swept; the server said:\n%s", l.text.String())
	}
	return all, begin
}
