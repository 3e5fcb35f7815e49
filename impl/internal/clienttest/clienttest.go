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
	cmd := exec.CommandContext(t.Context(), node, append([]string{program}, args...)...)
	cmd.Dir = dir(t, "oauth4webapi", "openid-client", "@modelcontextprotocol/client")
	return cmd
}

// File returns what is in a file here, or in a package that is installed here, as
// oidc-client-ts/dist/x.js. Without the package the test is skipped, or fails where
// CHARTER_TEST_REQUIRE has node.
func File(t *testing.T, installed, name string) []byte {
	t.Helper()
	if installed != "" {
		name = filepath.Join("node_modules", installed, name)
	}
	content, err := os.ReadFile(filepath.Join(dir(t, installed), name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// dir is this directory, where these packages are installed.
func dir(t *testing.T, packages ...string) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Dir(file)
	for _, name := range packages {
		_, err := os.Stat(filepath.Join(dir, "node_modules", name))
		require.Engine(t, "node", err == nil, name+" is not installed: run npm ci in impl/internal/clienttest")
	}
	return dir
}
