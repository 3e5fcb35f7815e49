package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBill is SUP-9: the bill of the real binary lists the modules, versions and
// sums that go version -m lists, each once, and is the same bytes every time.
func TestBill(t *testing.T) {
	if testing.Short() {
		t.Skip("links the binary")
	}
	binary := filepath.Join(t.TempDir(), "charter")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/charterauth/charter/impl/cmd/charter").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var first, second bytes.Buffer
	if err := write(&first, binary); err != nil {
		t.Fatal(err)
	}
	if err := write(&second, binary); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("another bill for the same binary: %v", err)
	}
	var d document
	if err := json.Unmarshal(first.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range d.Components {
		if c.Name == "std" {
			continue
		}
		sum := ""
		for _, p := range c.Properties {
			if p.Name == "go:sum" {
				sum = p.Value
			}
		}
		got = append(got, c.Name+" "+c.Version+" "+sum)
	}
	if want := versionM(t, binary); len(want) < 10 || !slices.Equal(got, want) {
		t.Errorf("the bill lists %q, go version -m %q", got, want)
	}
	if main := d.Metadata.Component; main.Name != "github.com/charterauth/charter" || main.Type != "application" || d.Dependencies[0].Ref != main.Ref || len(d.Dependencies[0].DependsOn) != len(d.Components) {
		t.Errorf("it is about %+v", main)
	}
	if err := write(&first, "main.go"); err == nil {
		t.Error("a file that is no binary has a bill")
	}
}

// versionM returns the dependencies that the go command tells of a binary.
func versionM(t *testing.T, binary string) []string {
	t.Helper()
	out, err := exec.Command("go", "version", "-m", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(out)) {
		if columns := strings.Split(strings.TrimSpace(line), "\t"); columns[0] == "dep" {
			all = append(all, strings.Join(columns[1:], " "))
		}
	}
	slices.Sort(all)
	return all
}
