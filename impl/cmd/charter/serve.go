package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
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
	return cmd
}

// serve runs until ctx ends, then lets the requests under way finish.
func serve(ctx context.Context, o serveOptions, out, errOut io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	st, err := o.location.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	// The port is taken before anything is created, so that a second server
	// started by mistake changes nothing.
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("cannot listen: %w; name another address with --listen", err)
	}
	defer listener.Close()
	srv, err := newServer(o, listener.Addr(), st, logger)
	if err != nil {
		return err
	}
	defer srv.Close()
	password, err := firstAccount(ctx, st)
	if err != nil {
		return err
	}
	o.announce(out, srv.Issuer(), password)
	return o.run(ctx, listener, srv, logger)
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
	cfg.Interaction = interact.Pages(interact.Config{
		Accounts: interact.NewLocalAccounts(st),
		Store:    st,
		Logger:   logger,
	})
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

// Limits of a connection. A token request is some kilobytes: whoever needs
// longer than this is not a client.
const (
	headerTimeout   = 10 * time.Second
	readTimeout     = 15 * time.Second
	writeTimeout    = 30 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 30 * time.Second
	maxHeaderBytes  = 32 << 10
)

func newHTTPServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// run serves on the public and, if there is one, the admin listener.
func (o serveOptions) run(ctx context.Context, listener net.Listener, srv *server.Server, logger *slog.Logger) error {
	public := newHTTPServer(srv, logger)
	servers := []*http.Server{public}
	failed := make(chan error, 2)
	go func() {
		if o.tlsCert != "" {
			failed <- public.ServeTLS(listener, o.tlsCert, o.tlsKey)
			return
		}
		failed <- public.Serve(listener)
	}()
	if o.adminListen != "" {
		admin := newHTTPServer(adminHandler(srv), logger)
		adminListener, err := net.Listen("tcp", o.adminListen)
		if err != nil {
			return fmt.Errorf("cannot listen: %w; name another address with --admin-listen", err)
		}
		servers = append(servers, admin)
		go func() { failed <- admin.Serve(adminListener) }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	return drain(servers)
}

// drain lets the requests under way finish.
func drain(servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	var problems []error
	for _, s := range servers {
		problems = append(problems, s.Shutdown(ctx))
	}
	return errors.Join(problems...)
}

// adminHandler serves what is not for the public: for now whether the server
// lives and is ready.
func adminHandler(srv *server.Server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := srv.Ready(r.Context()); err != nil {
			http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, "ok\n")
	})
	return mux
}
