package readme

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// mcpAddress is where README.md says that the example MCP server is.
const mcpAddress = "127.0.0.1:8081"

// TestMCP runs the commands about an MCP server: a client that comes to it is told
// where to log in. What it does then is tested in a browser (impl/internal/e2e).
func TestMCP(t *testing.T) {
	w := newWalk(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	at := l.Addr().String()
	w.serve(strings.ReplaceAll(shell(t, "mcp-serve"), mcpAddress, at))

	create, run, ok := strings.Cut(shell(t, "mcp"), "\n")
	if !ok {
		t.Fatal("the mcp block has not two commands")
	}
	created, err := w.shell(create).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"client_id", "client_secret"} {
		m := regexp.MustCompile(`(?m)^` + name + ` +(\S+)`).FindSubmatch(created)
		if m == nil {
			t.Fatalf("clients create does not print %s: %s", name, created)
		}
		run = strings.Replace(run, strings.ToUpper(name)+"=…", strings.ToUpper(name)+"="+string(m[1]), 1)
	}
	example := filepath.Join(t.TempDir(), "mcp")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", example, "./impl/examples/mcp")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := w.shell("export MCP_URL=http://" + at + "/mcp; " + strings.Replace(run, "go run ./impl/examples/mcp", "exec "+example, 1))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	for range 100 {
		res, err := http.Post("http://"+at+"/mcp", "application/json", strings.NewReader(`{}`))
		if err != nil {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		res.Body.Close()
		want := `Bearer scope="notes:read", resource_metadata="http://` + at + `/.well-known/oauth-protected-resource/mcp"`
		if got := res.Header.Get("WWW-Authenticate"); res.StatusCode != http.StatusUnauthorized || got != want {
			t.Errorf("status %d, challenge %q; want 401 and %q", res.StatusCode, got, want)
		}
		return
	}
	t.Error("the example does not answer")
}

// TestMCPIsShort: what README.md shows of an MCP server is at most 30 lines.
func TestMCPIsShort(t *testing.T) {
	for _, b := range blocks(t) {
		if b.purpose == "impl/examples/mcp/main.go" {
			if n := strings.Count(b.text, "\n"); n > 30 {
				t.Errorf("%d lines", n)
			}
			return
		}
	}
	t.Error("README.md does not show one")
}

// TestDocs runs the command that writes the docs.
func TestDocs(t *testing.T) {
	w := newWalk(t)
	if out, err := w.shell(shell(t, "docs")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "site", "index.html")); err != nil {
		t.Error(err)
	}
}
