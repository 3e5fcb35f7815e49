package soak

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
	"github.com/charterauth/charter/impl/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(fleet.Main(m)) }

// probe lets the admin listener tell what the process holds. Only the binary of
// this test has it.
var probe = []fleet.Edit{
	{File: "impl/cmd/charter/listen.go", Old: `	mux.Handle("GET /docs/", docsHandler())`, New: `	mux.Handle("GET /docs/", docsHandler())
	mux.HandleFunc("GET /holds", func(w http.ResponseWriter, _ *http.Request) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		files, _ := os.ReadDir("/proc/self/fd")
		fmt.Fprintf(w, "{\"heap\":%d,\"goroutines\":%d,\"files\":%d}", m.HeapAlloc, runtime.NumGoroutine(), len(files))
	})`},
	{File: "impl/cmd/charter/listen.go", Old: "	\"net/http\"\n", New: "	\"net/http\"\n	\"os\"\n	\"runtime\"\n"},
}

// A holding is what a process holds.
type holding struct {
	Heap       int64 `json:"heap"` // live, in bytes
	Goroutines int   `json:"goroutines"`
	Files      int   `json:"files"`
}

func holds(t *testing.T, addr string) (h holding) {
	t.Helper()
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + addr + "/holds")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&h); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h holding) String() string {
	return fmt.Sprintf("%.1f MiB, %d goroutines, %d files", float64(h.Heap)/(1<<20), h.Goroutines, h.Files)
}

// REL-27, REL-I10: full load, all grants mixed, on each database.
func TestSoak(t *testing.T) {
	d := 5 * time.Second
	if value := os.Getenv("CHARTER_TEST_LONG"); value != "" {
		var err error
		if d, err = time.ParseDuration(value); err != nil {
			t.Fatal(err)
		}
	}
	binary := fleet.Mutant(t, probe...)
	t.Run("sqlite", func(t *testing.T) { soak(t, d, fleet.Options{Binary: binary}) })
	t.Run("postgres", func(t *testing.T) {
		soak(t, d, fleet.Options{Binary: binary, Store: pgtest.Start(t).URL("")})
	})
}

func soak(t *testing.T, d time.Duration, o fleet.Options) {
	admin := fleet.FreeAddr(t)
	o.Flags = []string{"--admin-listen", admin}
	f := fleet.Start(t, o)
	f.AddPeople(workers / 4)
	l := &load{fleet: f, client: f.Confidential(), took: make(map[string][]time.Duration)}
	before := holds(t, admin)
	ended := make(chan struct{})
	go func() { l.run(d); close(ended) }()
	begin := time.Now()
	var samples []holding
	for sampling := true; sampling; {
		select {
		case <-ended:
			sampling = false
		case <-time.After(d / 20):
			samples = append(samples, holds(t, admin))
		}
	}
	rate := float64(l.served.Load()) / time.Since(begin).Seconds()
	time.Sleep(time.Second) // connections that were closed are noticed
	after := holds(t, admin)
	for i, s := range samples {
		t.Logf("%3d%%  %v", (i+1)*5, s)
	}
	t.Logf("before %v, after %v", before, after)
	t.Logf("%d requests, %.0f a second\n%s", l.served.Load(), rate, l.percentiles())
	for _, why := range l.failed[:min(len(l.failed), 5)] {
		t.Errorf("a request failed (%d did): %s", len(l.failed), why)
	}
	if l.served.Load() < 200 {
		t.Errorf("only %d requests: there was no load", l.served.Load())
	}
	if after.Goroutines > before.Goroutines+40 || after.Files > before.Files+40 {
		t.Errorf("what was opened is not closed: %v, and before %v", after, before)
	}
	if d >= 2*time.Minute {
		grows(t, samples)
	}
}

// grows compares the second quarter of a run with the last.
func grows(t *testing.T, samples []holding) {
	t.Helper()
	quarter := len(samples) / 4
	mean := func(part []holding) (m holding) {
		for _, s := range part {
			m.Heap, m.Goroutines, m.Files = m.Heap+s.Heap, m.Goroutines+s.Goroutines, m.Files+s.Files
		}
		n := max(len(part), 1)
		return holding{m.Heap / int64(n), m.Goroutines / n, m.Files / n}
	}
	early, late := mean(samples[quarter:2*quarter]), mean(samples[len(samples)-quarter:])
	t.Logf("second quarter %v, last quarter %v", early, late)
	if late.Heap > early.Heap*12/10+2<<20 || late.Goroutines > early.Goroutines+20 || late.Files > early.Files+20 {
		t.Error("it grows")
	}
}
