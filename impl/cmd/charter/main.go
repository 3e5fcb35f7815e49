// Command charter is an OAuth 2.1 authorization server in one binary.
//
//	charter serve
//
// runs it on an embedded SQLite database with no configuration. The other
// commands administer the same database, beside a running server.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal does not wait for the requests under way.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program as tests call it: it returns the exit status.
func run(ctx context.Context, args []string, in *os.File, out, errOut *os.File) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(errOut, "charter:", err)
		return 1
	}
	return 0
}
