package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// A trial is a client that tries an authorization server, one line a step.
type trial struct {
	issuer, scope, resource, clientID string
	verbose, noBrowser, confidential  bool
	timeout                           time.Duration

	out  io.Writer
	http *http.Client

	metadata trialMetadata
	client   trialClient
}

func newTry() *cobra.Command {
	var t trial
	cmd := &cobra.Command{
		Use:   "try",
		Short: "Act as a client of an issuer: register, sign in, and use and revoke the tokens",
		Long: `Act as a client of an issuer, charter or another one, and print a line a step:
discover, register, sign in, exchange the code, refresh, revoke, unregister.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t.out = cmd.OutOrStdout()
			t.http = &http.Client{
				Timeout:       30 * time.Second,
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), t.timeout)
			defer cancel()
			err := t.run(ctx)
			if errors.Is(err, context.DeadlineExceeded) {
				return fmt.Errorf("nobody finished within %v; --timeout gives more time", t.timeout)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&t.issuer, "issuer", "http://127.0.0.1:8080", "issuer identifier")
	f.StringVar(&t.scope, "scope", "", "scope values to ask for, separated by spaces (default the server's default)")
	f.StringVar(&t.resource, "resource", "", "URI of the protected resource to ask for (default the server's default)")
	f.StringVar(&t.clientID, "client-id", "", "a public client that exists, with the redirect URI http://127.0.0.1/callback (default: register one)")
	f.BoolVar(&t.confidential, "confidential", false, "register with a secret, so that the tokens can be introspected")
	f.BoolVar(&t.noBrowser, "no-browser", false, "only print the URL to sign in at")
	f.BoolVarP(&t.verbose, "verbose", "v", false, "show what is sent and what comes back; secrets are shortened")
	f.DurationVar(&t.timeout, "timeout", 5*time.Minute, "how long all of it may take")
	return cmd
}

// run is the life of a client.
func (t *trial) run(ctx context.Context) (err error) {
	if err := t.discover(ctx); err != nil {
		return err
	}
	callback, err := listenCallback()
	if err != nil {
		return err
	}
	defer callback.close()
	if err := t.register(ctx, callback.uri); err != nil {
		return err
	}
	// What was registered for this is taken back, however it ends.
	defer func() { err = errors.Join(err, t.unregister(context.WithoutCancel(ctx))) }()
	code, verifier, err := t.signIn(ctx, callback)
	if err != nil {
		return err
	}
	tokens, err := t.exchange(ctx, code, verifier, callback.uri)
	if err != nil {
		return err
	}
	if err := t.inspect(ctx, tokens.AccessToken); err != nil {
		return err
	}
	if tokens, err = t.refresh(ctx, tokens); err != nil {
		return err
	}
	return t.revoke(ctx, tokens)
}

// step prints one line. What a server said is shown without control characters:
// it may be a server that one does not trust yet.
func (t *trial) step(name, format string, args ...any) {
	fmt.Fprintf(t.out, "%-11s %s\n", name, printable(fmt.Sprintf(format, args...)))
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return '�'
		}
		return r
	}, s)
}
