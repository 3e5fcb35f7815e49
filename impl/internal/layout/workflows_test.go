package layout

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var pinned = regexp.MustCompile(`uses: [\w./-]+@[0-9a-f]{40} # v[0-9.]+$`)

// TestWorkflows is SUP-11: actions are pinned to commits, no workflow can write
// unless a job says so, and credentials do not stay in the checkout.
func TestWorkflows(t *testing.T) {
	files, err := filepath.Glob("../../../.github/workflows/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d workflows, %v", len(files), err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range workflowFaults(string(text)) {
			t.Errorf("%s: %s", filepath.Base(path), fault)
		}
	}
	for _, bad := range []string{
		"permissions:\n  contents: read\njobs:\n  - uses: actions/checkout@v4\n        persist-credentials: false\n",
		"jobs:\n",
		"permissions:\n  contents: write\njobs:\n",
		"permissions:\n  contents: read\non: pull_request_target\n",
		"permissions:\n  contents: read\n  - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2\n",
	} {
		if len(workflowFaults(bad)) == 0 {
			t.Errorf("nothing is wrong with %q", bad)
		}
	}
}

func workflowFaults(text string) (faults []string) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, "uses: ") && !pinned.MatchString(strings.TrimSpace(line)) {
			faults = append(faults, "not pinned to a commit: "+strings.TrimSpace(line))
		}
	}
	if !strings.Contains("\n"+text, "\npermissions:\n  contents: read\n") {
		faults = append(faults, "the default permission is not contents: read")
	}
	if strings.Contains(text, "pull_request_target") {
		faults = append(faults, "pull_request_target runs with secrets on foreign code")
	}
	if strings.Count(text, "actions/checkout@") != strings.Count(text, "persist-credentials: false") {
		faults = append(faults, "a checkout keeps its credentials")
	}
	return faults
}
