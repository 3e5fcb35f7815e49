package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/clienttest"
)

// TestMCPWithTypeScriptSDK is TestMCPWithGoSDK with the official TypeScript SDK.
func TestMCPWithTypeScriptSDK(t *testing.T) {
	onEveryRegistration(t, func(t *testing.T, n *notesServer, document string) {
		report := converse(t, n, document)
		if document != "" && report.ClientID != document {
			t.Errorf("the client is %s, want %s", report.ClientID, document)
		}
		if got := []string{report.Before, report.Added, report.After, report.Refreshed}; !slices.Equal(got, []string{"no notes", "added", "milk", "milk"}) {
			t.Errorf("the tools answered %q", got)
		}
		if !report.Rotated || report.Responses != 3 { // two logins and one refresh
			t.Errorf("rotated %v, %d token responses", report.Rotated, report.Responses)
		}
		if !report.Cut || !slices.Equal(report.Forgotten, []string{"tokens"}) {
			t.Errorf("after the revocation: cut off %v, the SDK forgot %q", report.Cut, report.Forgotten)
		}
		checkAsked(t, report.Asked)
	})
}

type typeScriptReport struct {
	ClientID                        string `json:"client_id"`
	Asked, Forgotten                []string
	Before, Added, After, Refreshed string
	Responses                       int
	Rotated, Cut                    bool
}

// converse runs the program and does for it what a person does.
func converse(t *testing.T, n *notesServer, document string) (report typeScriptReport) {
	t.Helper()
	args := []string{n.url}
	if document != "" {
		args = append(args, document)
	}
	cmd := clienttest.Node(t, "mcp.mjs", args...)
	cmd.Env = environment()
	var errors bytes.Buffer
	cmd.Stderr = &errors
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	person := &holder{browser: newBrowser(t), charter: n.charter}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(3*time.Minute, func() { cmd.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "authorize":
			person.allow(rest)
		case "revoke":
			person.revoke()
			io.WriteString(stdin, "revoked\n")
		case "report":
			if err := json.Unmarshal([]byte(rest), &report); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, &errors)
	}
	return report
}
