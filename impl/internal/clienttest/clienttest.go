package clienttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/charterauth/charter/impl/internal/require"
)

// Node returns a command that runs one of the programs here, with their
// dependencies, until the test ends. Without Node.js or the dependencies the test is skipped, or
// fails where CHARTER_TEST_REQUIRE has node.
func Node(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	node, err := exec.LookPath("node")
	require.Engine(t, "node", err == nil, "node is not in PATH")
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Dir(file)
	for _, name := range []string{"oauth4webapi", "openid-client", "@modelcontextprotocol/client"} {
		_, err = os.Stat(filepath.Join(dir, "node_modules", name))
		require.Engine(t, "node", err == nil, name+" is not installed: run npm ci in impl/internal/clienttest")
	}
	cmd := exec.CommandContext(t.Context(), node, append([]string{program}, args...)...)
	cmd.Dir = dir
	return cmd
}
