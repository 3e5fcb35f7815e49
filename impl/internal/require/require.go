// Package require decides what a test does without an engine that it needs:
// skip on a developer's machine, fail where CHARTER_TEST_REQUIRE names the
// engine, so that CI cannot look green without having run.
package require

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Variable names the engines that must be there, separated by commas: postgres,
// mariadb, chromium, node.
const Variable = "CHARTER_TEST_REQUIRE"

// Engine skips the test when found is false, or fails it when the engine is
// required. why says what is missing.
func Engine(t testing.TB, engine string, found bool, why string) {
	t.Helper()
	if found {
		return
	}
	if Required(engine) {
		t.Fatalf("%s is required by %s: %s", engine, Variable, why)
	}
	t.Skipf("%s is not here: %s", engine, why)
}

// Required reports whether the environment names the engine.
func Required(engine string) bool {
	return slices.Contains(strings.Split(os.Getenv(Variable), ","), engine)
}
