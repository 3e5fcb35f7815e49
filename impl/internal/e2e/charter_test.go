package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/chromium"
	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/pgtest"
)

// binary is charter, built once for all tests.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "charter-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "charter")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "github.com/charterauth/charter/impl/cmd/charter")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	defer chromium.Close()
	defer mysqltest.Stop()
	return pgtest.Main(m)
}

// A charter is a running server.
type charter struct {
	issuer   string
	user     string
	password string
	location []string // the flags that say where its state is

	t testing.TB
}

// serve starts charter on a free port, with a database or, where source is
// empty, with the embedded one, and stops it when the test ends.
func serve(t testing.TB, source string, flags ...string) *charter {
	t.Helper()
	c := &charter{location: []string{"--data", t.TempDir()}, t: t}
	if source != "" {
		c.location = append(c.location, "--store", source)
		c.run("migrate")
	}
	cmd := exec.Command(binary, append(append([]string{"serve", "--listen", "127.0.0.1:0"}, c.location...), flags...)...)
	cmd.Env = environment()
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, cmd, &errors) })
	late := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer late.Stop()
	c.readAnnouncement(out)
	return c
}

// readAnnouncement reads what serve prints when it is ready.
func (c *charter) readAnnouncement(out io.Reader) {
	c.t.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case "issuer":
			c.issuer = strings.TrimSpace(value)
		case "sign":
			fields := strings.Fields(value) // in as USER password PASSWORD (shown this once)
			if len(fields) < 5 {
				c.t.Fatalf("serve printed %q", lines.Text())
			}
			c.user, c.password = fields[2], fields[4]
		case "ready":
			if c.issuer == "" || c.password == "" {
				c.t.Fatal("serve did not print issuer and password")
			}
			return
		}
	}
	c.t.Fatal("serve ended before it was ready")
}

// stop lets charter drain, and fails the test if it does not end well.
func stop(t testing.TB, cmd *exec.Cmd, errors *bytes.Buffer) {
	cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
	if errors.Len() > 0 {
		t.Logf("serve wrote to standard error:\n%s", errors)
	}
}

// run runs another command of charter on the same state, and returns what it
// prints.
func (c *charter) run(args ...string) []byte {
	c.t.Helper()
	cmd := exec.Command(binary, append(args, c.location...)...)
	cmd.Env = environment()
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("charter %s: %v\n%s", strings.Join(args, " "), err, &errors)
	}
	return out
}

// environment is without variables that would configure charter.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CHARTER_") {
			env = append(env, v)
		}
	}
	return env
}

// An operatorClient is a client that an operator registered.
type operatorClient struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`
}

// resourceServer registers, beside the running server, a client that may
// introspect.
func (c *charter) resourceServer() operatorClient {
	c.t.Helper()
	var created operatorClient
	out := c.run("clients", "create", "--json", "--name", "Resource server", "--grant", "client_credentials")
	if err := json.Unmarshal(out, &created); err != nil || created.Secret == "" {
		c.t.Fatalf("clients create printed %q: %v", out, err)
	}
	return created
}
