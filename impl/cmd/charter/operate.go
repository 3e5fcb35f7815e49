package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/store"
)

// An operation is what the operator's commands share: where the state is, and
// how to print.
type operation struct {
	location location
	json     bool
}

// command returns a command that runs do with the open store.
func (o *operation) command(cmd *cobra.Command, do func(cmd *cobra.Command, args []string, st store.Store) error) *cobra.Command {
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		st, err := o.location.open(cmd.Context())
		if err != nil {
			return err
		}
		defer st.Close()
		return do(cmd, args, st)
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON, one object a line")
	o.location.flags(cmd.Flags())
	return cmd
}

// print writes v as JSON or, as it is wanted, the text.
func (o *operation) print(out io.Writer, v any, format string, args ...any) error {
	if o.json {
		return json.NewEncoder(out).Encode(v)
	}
	_, err := fmt.Fprintf(out, format+"\n", args...)
	return err
}

// A count is what commands that change any number of records print.
type count struct {
	Revoked *int `json:"revoked,omitempty"`
	Removed *int `json:"removed,omitempty"`
}

// explain says of the store's errors what to do.
func explain(err error, what, list string) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("there is no %s; charter %s shows those that there are", what, list)
	case errors.Is(err, store.ErrConflict):
		return fmt.Errorf("the %s was changed by somebody else at this moment; try again", what)
	}
	return err
}

// eachClient calls do for every client.
func eachClient(ctx context.Context, st store.Store, do func(store.Client) error) error {
	return pages(func(after string) (last string, n int, err error) {
		clients, err := st.Clients(ctx, after, pageSize)
		for _, c := range clients {
			if err := do(c); err != nil {
				return "", 0, err
			}
			last = c.ID
		}
		return last, len(clients), err
	})
}

// eachAccount calls do for every account.
func eachAccount(ctx context.Context, st store.Store, do func(store.Account) error) error {
	return pages(func(after string) (last string, n int, err error) {
		accounts, err := st.Accounts(ctx, after, pageSize)
		for _, a := range accounts {
			if err := do(a); err != nil {
				return "", 0, err
			}
			last = a.ID
		}
		return last, len(accounts), err
	})
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}
