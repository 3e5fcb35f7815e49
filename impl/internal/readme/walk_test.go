package readme

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/person"
)

// address is where README.md says that serve is.
const address = "127.0.0.1:8080"

// command is how README.md runs charter.
const command = "go run ./impl/cmd/charter"

// TestWalk runs the commands of README.md in a shell, in an empty directory: the
// server in one, the walk in another. Two things differ from what a reader
// does: charter is built before, and the port is a free one. A person without a
// browser opens the URL that the walk prints and types the code.
func TestWalk(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here", tool)
		}
	}
	w := newWalk(t)
	reader := w.serve(shell(t, "serve"))
	out := w.walk(shell(t, "walk"), reader)
	for _, want := range []string{
		`"access_token":".+"refresh_token":".+"access_token":".+"refresh_token":`, // token, refresh
		`\{"active":true,.*"scope":"read"`,                                        // introspection
		`\{"active":false\}`,                                                      // after the revocation
	} {
		at := regexp.MustCompile(`(?s)` + want).FindStringIndex(out)
		if at == nil {
			t.Fatalf("the walk printed no further %s in:\n%s", want, out)
		}
		out = out[at[1]:]
	}
}

// A walk is a directory with a built charter and a free address.
type walk struct {
	dir, charter, address string

	t *testing.T
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	w := &walk{dir: t.TempDir(), charter: filepath.Join(t.TempDir(), "charter"), t: t}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", w.charter, strings.TrimPrefix(command, "go run "))
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w.address = l.Addr().String()
	return w
}

// shell returns a shell that runs commands of README.md.
func (w *walk) shell(commands string) *exec.Cmd {
	commands = strings.ReplaceAll(commands, command, w.charter)
	commands = strings.ReplaceAll(commands, address, w.address)
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", commands)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "CHARTER_LISTEN="+w.address)
	return cmd
}

// serve starts the server, and returns who can sign in.
func (w *walk) serve(commands string) *person.Person {
	w.t.Helper()
	cmd := w.shell("exec " + commands)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			w.t.Errorf("serve: %v\n%s", err, &errors)
		}
	})
	late := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer late.Stop()
	signIn := regexp.MustCompile(`^sign in as +(\S+) +password (\S+)`)
	var reader *person.Person
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := signIn.FindStringSubmatch(lines.Text()); m != nil {
			reader = &person.Person{Name: m[1], Password: m[2]}
		}
		if strings.HasPrefix(lines.Text(), "ready") && reader != nil {
			return reader
		}
	}
	w.t.Fatal("serve did not say how to sign in")
	return nil
}

// walk runs the walk, and returns what it printed after the code was typed.
func (w *walk) walk(commands string, reader *person.Person) string {
	w.t.Helper()
	cmd := w.shell(commands)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	in, err := cmd.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer late.Stop()
	out := bufio.NewReader(stdout)
	url, _ := out.ReadString('\n')
	answer, problem := reader.Decide(strings.TrimSpace(url), "allow")
	if problem == nil {
		fmt.Fprintln(in, answer.Query().Get("code"))
	}
	in.Close()
	rest, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil || problem != nil {
		w.t.Fatalf("the walk: %v, %v\n%s%s%s", err, problem, url, rest, &errors)
	}
	return string(rest)
}
