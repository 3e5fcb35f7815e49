package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/pgtest"
	"github.com/charterauth/charter/impl/seal"
)

func TestMain(m *testing.M) {
	testscript.Main(withDatabases{m}, map[string]func(){"charter": main})
}

// withDatabases stops the servers that tests start.
type withDatabases struct{ *testing.M }

func (m withDatabases) Run() int {
	defer mysqltest.Stop()
	return pgtest.Main(m.M)
}

// TestScripts runs the transcripts in testdata: charter as it is used, each in
// an empty directory. $ADDR and $ADMIN are free addresses,
// $PROVIDER is the latter by name: cookies know no ports.
func TestScripts(t *testing.T) { runScripts(t, "testdata", func(*testscript.Env) error { return nil }) }

// TestDatabaseScripts runs those that need a database server: $DATABASE is the
// URL of an empty database, $DATABASE_FILE a file that holds it.
func TestDatabaseScripts(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"postgres": pgtest.DSN, "mariadb": mysqltest.URL} {
		t.Run(name, func(t *testing.T) {
			source := url(t)
			runScripts(t, "testdata/database", func(env *testscript.Env) error {
				env.Setenv("DATABASE", source)
				env.Setenv("DATABASE_FILE", env.WorkDir+"/.database")
				return os.WriteFile(env.WorkDir+"/.database", []byte(source+"\n"), 0o600)
			})
		})
	}
}

func runScripts(t *testing.T, dir string, setup func(*testscript.Env) error) {
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(5 * time.Minute), // a server that should have refused to start runs on
		Setup: func(env *testscript.Env) error {
			env.Setenv("ADDR", freeAddress(t))
			env.Setenv("ADMIN", freeAddress(t))
			_, port, _ := net.SplitHostPort(env.Getenv("ADMIN"))
			env.Setenv("PROVIDER", "localhost:"+port)
			return setup(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"allow":   allow,
			"answers": answers,
			"field":   field,
			"mode":    mode,
			"newkey":  newkey,
			"refresh": refresh,
			"setenv":  setenv,
			"silent":  silent,
			"token":   token,
		},
	})
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// answers waits until a URL answers, at most ten seconds, and checks the status:
//
//	answers URL STATUS [METHOD] [BODY]
func answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: answers URL STATUS [METHOD] [BODY]")
	}
	args = append(args, http.MethodGet, "")
	var res *http.Response
	for end := time.Now().Add(10 * time.Second); res == nil; {
		r, err := http.NewRequest(args[2], args[0], strings.NewReader(args[3]))
		ts.Check(err)
		if args[2] == http.MethodPost {
			r.Header.Set("Content-Type", "application/json")
		}
		if token := ts.Getenv("BEARER"); token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		if res, err = http.DefaultClient.Do(r); err != nil && time.Now().After(end) {
			ts.Fatalf("%v", err)
		}
		if res == nil {
			time.Sleep(10 * time.Millisecond)
		}
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if got := strconv.Itoa(res.StatusCode); got != args[1] {
		ts.Fatalf("%s answers %s, want %s: %s", args[0], got, args[1], body)
	}
}

// mode checks the permissions of a file, in octal: mode 600 FILE.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); (got == args[0]) == neg {
		ts.Fatalf("%s has mode %s", args[1], got)
	}
}

// newkey writes a key-encryption key: newkey FILE.
func newkey(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(seal.GenerateKEK()+"\n"), 0o600))
}

// setenv sets a variable from a file, without its last line feed.
func setenv(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSuffix(ts.ReadFile(args[1]), "\n"))
}

// silent fails when a text is in what the last command wrote, or in a file below
// the directory: silent TEXT [DIRECTORY].
func silent(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range []string{"stdout", "stderr"} {
		if strings.Contains(ts.ReadFile(name), args[0]) {
			ts.Fatalf("%s tells %q", name, args[0])
		}
	}
	if len(args) < 2 {
		return
	}
	ts.Check(filepath.WalkDir(ts.MkAbs(args[1]), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(args[0])) {
			ts.Fatalf("%s holds %q", path, args[0])
		}
		return err
	}))
}
