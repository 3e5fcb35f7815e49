package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/server"
)

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

// listeners are the ports of serve.
type listeners struct {
	public net.Listener
	admin  net.Listener  // nil without --admin-listen
	tls    *tls.Config   // of public; nil for http
	notice time.Duration // between being told to stop and taking no more requests
}

// bind takes the ports, and reads the certificate that one of them needs.
func (o serveOptions) bind() (l listeners, err error) {
	l.notice = o.shutdownNotice
	if o.tlsCert != "" {
		certificate, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
		if err != nil {
			return listeners{}, fmt.Errorf("cannot use --tls-cert and --tls-key: %w", err)
		}
		l.tls = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, CipherSuites: authenticatedCiphers()}
	}
	if l.public, err = net.Listen("tcp", o.listen); err != nil {
		return listeners{}, fmt.Errorf("cannot listen: %w; name another address with --listen", err)
	}
	if o.adminListen == "" {
		return l, nil
	}
	if l.admin, err = net.Listen("tcp", o.adminListen); err != nil {
		l.close()
		return listeners{}, fmt.Errorf("cannot listen: %w; name another address with --admin-listen", err)
	}
	return l, nil
}

// authenticatedCiphers are the suites of TLS 1.2 with an authenticated cipher (RFC
// 9325 §4.2), as all of TLS 1.3 are: Go's default has those with CBC as well.
func authenticatedCiphers() (ids []uint16) {
	for _, suite := range tls.CipherSuites() {
		if strings.Contains(suite.Name, "_GCM_") || strings.Contains(suite.Name, "_CHACHA20_") {
			ids = append(ids, suite.ID)
		}
	}
	return ids
}

func (l listeners) close() {
	l.public.Close()
	if l.admin != nil {
		l.admin.Close()
	}
}

// run serves until ctx ends or a port fails.
func (l listeners) run(ctx context.Context, srv *server.Server, logger *slog.Logger) error {
	public := newHTTPServer(srv, logger)
	public.TLSConfig = l.tls
	servers := []*http.Server{public}
	failed := make(chan error, 2)
	go func() {
		if l.tls != nil {
			failed <- public.ServeTLS(l.public, "", "")
			return
		}
		failed <- public.Serve(l.public)
	}()
	if l.admin != nil {
		admin := newHTTPServer(adminHandler(srv), logger)
		servers = append(servers, admin)
		go func() { failed <- admin.Serve(l.admin) }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	srv.Drain()
	select {
	case err := <-failed:
		return err
	case <-time.After(l.notice):
	}
	return drain(servers)
}

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

// adminHandler serves what is not for the public: whether the server lives and
// is ready, and the API's documentation, which runs scripts and for that reason
// stays off the issuer's origin.
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
	mux.Handle("GET /docs/", docsHandler())
	return mux
}
