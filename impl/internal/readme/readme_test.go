package readme

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

// A block is a fenced block of README.md. The word after the language says what
// is done with it.
type block struct{ language, purpose, text string }

func blocks(t *testing.T) []block {
	t.Helper()
	var found []block
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+) ?(\\S*)\\n(.*?)^```$").FindAllStringSubmatch(read(t, "README.md"), -1) {
		found = append(found, block{m[1], m[2], m[3]})
	}
	if len(found) == 0 {
		t.Fatal("README.md has no blocks")
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// shell returns the commands of a purpose, one block after the other.
func shell(t *testing.T, purpose string) string {
	t.Helper()
	var text strings.Builder
	for _, b := range blocks(t) {
		if b.language == "sh" && b.purpose == purpose {
			text.WriteString(b.text)
		}
	}
	if text.Len() == 0 {
		t.Fatalf("README.md has no %s commands", purpose)
	}
	return text.String()
}

// TestEveryBlockIsChecked: a block that no test here reads would rot.
func TestEveryBlockIsChecked(t *testing.T) {
	for _, b := range blocks(t) {
		if b.language == "go" && b.purpose != "" {
			continue // TestGoIsTestedCode
		}
		if b.language == "sh" && slices.Contains([]string{"serve", "walk", "test", "try", "mcp-serve", "mcp", "docs"}, b.purpose) {
			continue // TestWalk, TestTestCommand, TestTry, TestMCP, TestDocs
		}
		if b.language == "text" && b.purpose == "try" {
			continue // TestTry
		}
		t.Errorf("nothing checks the %s block %q:\n%s", b.language, b.purpose, b.text)
	}
}

// TestGoIsTestedCode: Go in README.md stands in the file that it names.
func TestGoIsTestedCode(t *testing.T) {
	for _, b := range blocks(t) {
		if b.language == "go" && !strings.Contains(read(t, b.purpose), b.text) {
			t.Errorf("%s does not have:\n%s", b.purpose, b.text)
		}
	}
}

// TestTestCommand: CI runs the command that README.md tells, with the race
// detector.
func TestTestCommand(t *testing.T) {
	if got := shell(t, "test"); got != "go test ./...\n" {
		t.Fatalf("the test command is %q", got)
	}
	if !regexp.MustCompile(`(?m)^CHARTER_TEST_REQUIRE=[a-z,]*postgres[a-z,]*,chromium,node go test -race [^|&;]*\./\.\.\.$`).MatchString(read(t, ".ci/run")) {
		t.Error(".ci/run does not run the tests of every package")
	}
}

// TestLinks: files that README.md links to are there.
func TestLinks(t *testing.T) {
	for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(read(t, "README.md"), -1) {
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
			t.Errorf("link to %s: %v", m[1], err)
		}
	}
}
