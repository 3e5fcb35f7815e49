package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/fetch"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// A Server is an OAuth 2.1 authorization server. It is an http.Handler for
// everything below its issuer, safe for concurrent use, and keeps no state of
// its own but caches: any number of Servers over one store behave as one.
type Server struct {
	cfg             Config // defaults applied
	issuer          issuer
	store           store.Store
	resources       resourceSet
	scopes          scopeSet
	keys            *keyRing
	documents       *fetch.Client     // nil: metadata documents are off
	clientDocuments *fetch.Client     // keys and sector identifiers
	requestObjects  *fetch.Client     // nil: request objects are not fetched
	poster          *fetch.Poster     // logout tokens
	interaction     Interaction       // nil: no person to ask
	logout          LogoutInteraction // interaction, where it is one and this is an OpenID provider; else nil
	offers          Offers            // of interaction
	endpoints       *gen.Handler
	// originEndpoints is for what stands at the issuer's origin even where the
	// issuer has a path: the metadata of resources.
	originEndpoints *gen.Handler
	limits          struct{ registrations, authenticationFailures, authorizations *rateLimit }
	metadata        metadataDocuments
	restored        restoredMetadata
	pairwise        pairwiseSubjects
	restoredAt      atomic.Pointer[time.Time] // of the last restore; see Revived

	swept      atomic.Pointer[SweepReport] // nil before the first sweep
	deliveries deliveries
	draining   atomic.Bool
	stop       context.CancelFunc // ends background work
	work       sync.WaitGroup
}

// protocol is a Server as the generated layer calls it: its methods are the
// operations of openapi.yaml. It is a type of its own so that a program that
// embeds Charter has no way around the decoders.
type protocol struct{ *Server }

var _ gen.Server = protocol{}

// New checks cfg, reports every problem with it at once, reads or creates the
// signing keys, and returns a Server that is ready. From then on it works in the
// background: it sweeps, rotates keys, and tells clients of sessions that ended.
// Close it when done; what was not told is told by another replica, or when the
// process is started again.
func New(cfg Config) (*Server, error) {
	s := &Server{cfg: cfg.withDefaults(), store: cfg.Store, deliveries: newDeliveries()}
	if err := s.configure(); err != nil {
		return nil, fmt.Errorf("server configuration: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if err := s.start(ctx); err != nil {
		stop()
		return nil, err
	}
	return s, nil
}

// start does what needs the store: keys, the Interaction, background work.
func (s *Server) start(ctx context.Context) (err error) {
	if err := s.readRestored(ctx); err != nil {
		return err
	}
	if s.keys, err = newKeyRing(ctx, s.store, s.cfg.KeyEncryptionKey, s.now, s.cfg.Lifetimes, s.keyAlgorithms()); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if s.cfg.Interaction != nil {
		if s.interaction, err = s.cfg.Interaction(s); err != nil {
			return fmt.Errorf("interaction: %w", err)
		}
		s.offers = offersOf(s.interaction)
		if s.cfg.openIDProvider() {
			s.logout, _ = s.interaction.(LogoutInteraction)
		}
	}
	s.metadata = s.newMetadataDocuments()
	options := gen.Options{BasePath: s.issuer.path, Error: s.renderError, Wrap: wrapOperation}
	s.endpoints = gen.NewServerHandler(protocol{s}, options)
	options.BasePath = ""
	s.originEndpoints = gen.NewServerHandler(protocol{s}, options)
	s.work.Go(func() { s.maintain(ctx) })
	s.work.Go(func() { s.deliverAlways(ctx) })
	return nil
}

// Close ends background work and waits for it. The store stays open.
func (s *Server) Close() error {
	s.stop()
	s.work.Wait()
	return nil
}

const (
	// maintenanceInterval is between two rounds of background work.
	maintenanceInterval = time.Minute
	// behindInterval is the same while a sweep does not reach the end.
	behindInterval = time.Second
)

// maintain sweeps what nobody needs any more and rotates keys that are due. Both
// are safe on every replica at once.
func (s *Server) maintain(ctx context.Context) {
	watch := newClockWatch(s.cfg.Now, time.Now)
	timer := time.NewTimer(maintenanceInterval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		jump, trusted := watch.look()
		if jump != 0 {
			s.logger().LogAttrs(ctx, slog.LevelError, "the clock has jumped; nothing is swept for an hour", slog.Duration("by", jump))
		}
		if trusted {
			s.sweepOnce(ctx)
		}
		if err := s.readRestored(ctx); err != nil && ctx.Err() == nil {
			s.logger().LogAttrs(ctx, slog.LevelWarn, "maintenance failed", slog.Any("error", err))
		}
		if err := s.keys.maintain(ctx); err != nil && ctx.Err() == nil {
			s.logger().LogAttrs(ctx, slog.LevelWarn, "key maintenance failed", slog.Any("error", err))
		}
		timer.Reset(s.nextMaintenance())
	}
}

func (s *Server) nextMaintenance() time.Duration {
	if s.LastSweep().Behind {
		return behindInterval
	}
	return maintenanceInterval
}

func (s *Server) sweepOnce(ctx context.Context) {
	if _, err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
		s.logger().LogAttrs(ctx, slog.LevelWarn, "sweep failed", slog.Any("error", err))
	}
}

// ServeHTTP answers every request below the issuer.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.setSecurityHeaders(w.Header())
	s.sendAway(w.Header())
	defer s.recover(w, r)
	if !guarded(r) {
		s.renderError(w, r, nil, notFound)
		return
	}
	if !s.knownHost(r) {
		s.renderError(w, r, nil, misdirected)
		return
	}
	endpoints, r := s.routed(r)
	if ops := endpoints.Operations(r.URL.EscapedPath()); len(ops) > 0 {
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			s.preflight(w, ops)
			return
		}
		endpoints.ServeHTTP(w, r)
		return
	}
	if s.interaction != nil {
		s.interaction.ServeHTTP(w, r)
		return
	}
	s.renderError(w, r, nil, notFound)
}

var (
	notFound    = &gen.Problem{Status: http.StatusNotFound, Code: "invalid_request", Reason: "there is nothing at this path"}
	misdirected = &refusal{as: oauth.InvalidRequest("host_unknown", "this server does not answer for the host of the request; it is reached at its issuer"), status: http.StatusMisdirectedRequest}
)

// routed returns the handler that knows the request's path. Where the issuer has
// a path, the well-known name may stand before it (RFC 8414 §3.1, RFC 9728 §3.1)
// as well as behind.
func (s *Server) routed(r *http.Request) (*gen.Handler, *http.Request) {
	path := r.URL.EscapedPath()
	switch {
	case s.issuer.path == "":
	case path == s.issuer.insertedWellKnown(gen.PathAuthorizationServerMetadata):
		return s.endpoints, movedTo(r, s.issuer.path+gen.PathAuthorizationServerMetadata)
	case path == s.issuer.insertedWellKnown(gen.PathOpenIDConfiguration): // not the standard's place, but clients of RFC 8414 §5 look there
		return s.endpoints, movedTo(r, s.issuer.path+gen.PathOpenIDConfiguration)
	case path == gen.PathProtectedResourceMetadata, strings.HasPrefix(path, gen.PathProtectedResourceMetadata+"/"):
		return s.originEndpoints, r
	}
	return s.endpoints, r
}

// movedTo returns a copy of r for another path; the caller's request stays as it
// is.
func movedTo(r *http.Request, path string) *http.Request {
	at := *r.URL
	at.Path, at.RawPath = path, ""
	r = r.WithContext(r.Context())
	r.URL = &at
	return r
}

// knownHost reports whether the request was sent to a name of this server, so
// that a page of another name that resolves here (DNS rebinding) gets nothing.
// Health checks come to addresses and are exempt.
func (s *Server) knownHost(r *http.Request) bool {
	if r.Host == s.issuer.host {
		return true
	}
	if path := r.URL.EscapedPath(); path == s.issuer.path+gen.PathHealthz || path == s.issuer.path+gen.PathReadyz {
		return true
	}
	// RFC 9110 §4.2.3: letter case and the scheme's own port make no difference.
	host := strings.ToLower(r.Host)
	if strings.TrimSuffix(host, s.issuer.defaultPort()) == s.issuer.host {
		return true
	}
	name := host
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		name = host[:i]
	}
	return slices.Contains(s.cfg.Hosts, host) || slices.Contains(s.cfg.Hosts, name)
}

// recover turns a panic of a handler into a 500 with a reference id.
// http.ErrAbortHandler goes on: it is how a handler drops a connection.
func (s *Server) recover(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	s.renderError(w, r, s.endpoints.Operation(r.Method, r.URL.EscapedPath()), fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
}

// now returns the time that everything in a request is judged by: UTC, in the
// precision that every store keeps.
func (s *Server) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

func (s *Server) logger() *slog.Logger { return s.cfg.Logger }

// Ready returns nil when the store can be written to now and the server does not
// Drain.
func (s *Server) Ready(ctx context.Context) error {
	if s.draining.Load() {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, errDraining)
	}
	return s.store.Ping(ctx)
}

// Issuer returns the issuer identifier.
func (s *Server) Issuer() string { return s.issuer.identifier }
