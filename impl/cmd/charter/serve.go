package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
)

func newServe() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the authorization server",
		Long: `Run the authorization server.

With no flags it serves http://127.0.0.1:8080 from an embedded SQLite database
in charter-data, creates its keys and a first account, and prints how to sign in.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.flags(cmd.Flags())
	completeChoices(cmd)
	return cmd
}

// serve runs until ctx ends, then lets the requests under way finish.
func serve(ctx context.Context, o serveOptions, out, errOut io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	// The ports are taken before anything is created, so that a second server
	// started by mistake changes nothing.
	l, err := o.bind()
	if err != nil {
		return err
	}
	defer l.close()
	st, err := o.location.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	srv, err := newServer(o, l.public.Addr(), st, logger)
	if err != nil {
		return err
	}
	defer srv.Close()
	password := ""
	if o.upstream.issuer == "" {
		if password, err = firstAccount(ctx, st); err != nil {
			return err
		}
	}
	o.announce(out, srv.Issuer(), password)
	return l.run(ctx, srv, logger)
}

// newServer wires the parts together: the one place where they meet.
func newServer(o serveOptions, addr net.Addr, st store.Store, logger *slog.Logger) (*server.Server, error) {
	kek, err := o.location.key()
	if err != nil {
		return nil, err
	}
	cfg, err := o.config(addr)
	if err != nil {
		return nil, err
	}
	cfg.Store, cfg.KeyEncryptionKey, cfg.Logger = st, kek, logger
	cfg.Events = recordEvents(st, logger)
	pages, err := o.people(interact.Config{Store: st, Logger: logger, ScopeDescriptions: o.scopeDescriptions()}, st)
	if err != nil {
		return nil, err
	}
	cfg.Policy = interact.RequireAccount(pages.Accounts)
	cfg.Claims = interact.Claims(pages.Accounts)
	cfg.Interaction = interact.Pages(pages)
	return server.New(cfg)
}

// recordEvents keeps the audit trail in the store. An event that cannot be
// stored is logged instead: what it tells has happened.
func recordEvents(st store.Store, logger *slog.Logger) func(context.Context, store.Event) {
	return func(ctx context.Context, e store.Event) {
		// The event outlives a client that has gone away.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := st.Record(ctx, e); err != nil {
			logger.LogAttrs(ctx, slog.LevelError, "event not recorded", slog.Any("error", err),
				slog.String("id", e.ID), slog.String("reason", e.Reason), slog.String("client_id", e.ClientID), slog.String("grant_id", e.GrantID))
		}
	}
}
