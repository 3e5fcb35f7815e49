package server

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/client"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// Who registered a client (store.Client.Source).
const (
	sourceOperator = "operator"
	sourceDynamic  = "dynamic"
)

// A registered is a client as one request sees it. It says who the client is,
// not that the caller is that client.
type registered struct {
	id       string
	metadata client.Metadata
	stored   *store.Client // nil: the client is a metadata document
}

// pkceExempt reports whether the client may leave out PKCE: a confidential
// client that an operator exempted, by the switch that says Insecure.
func (c *registered) pkceExempt() bool {
	return c.stored != nil && c.stored.InsecureNoPKCE && c.stored.Source == sourceOperator &&
		c.metadata.AuthMethod() != client.None
}

// legacyJWT reports whether an operator lets the client's JWTs be as they were
// made before their rules were tightened: addressed to the token endpoint
// (rfc7523bis §4), request objects without a typ (RFC 9101 §10.8).
func (c *registered) legacyJWT() bool { return c.stored != nil && c.stored.InsecureLegacyJWT }

// errUnknownClient is the same for every client that cannot be used, so that
// nobody learns which identifiers exist.
func errUnknownClient(reason string) *oauth.Error {
	return oauth.InvalidClient(reason, "the client is unknown or may not be used")
}

// lookupClient returns the client of an identifier: a stored registration or,
// for an https URL, a metadata document (the identifiers that this server makes
// are no URLs). invalid_client when there is none that can be used.
func (s *Server) lookupClient(ctx context.Context, id string) (*registered, error) {
	if strings.Contains(id, ":") {
		return s.lookupMetadataDocument(ctx, id)
	}
	stored, err := s.store.Client(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errUnknownClient("client_unknown")
	}
	if err != nil {
		return nil, err
	}
	switch {
	case !stored.DisabledAt.IsZero():
		return nil, errUnknownClient("client_disabled")
	case !stored.ExpiresAt.IsZero() && !s.now().Before(stored.ExpiresAt):
		return nil, errUnknownClient("client_expired")
	}
	metadata, err := s.restored.metadata(stored)
	if err != nil {
		return nil, err
	}
	return &registered{stored.ID, metadata, &stored}, nil
}

// renewalInterval keeps renewal to one write a day for each client.
const renewalInterval = 24 * time.Hour

// renewClient keeps a dynamic registration that is in use from being swept. It
// is called after a success, and its failure is nobody's: the next use tries
// again.
func (s *Server) renewClient(ctx context.Context, c *registered) {
	now := s.now()
	if c.stored == nil || c.stored.ExpiresAt.IsZero() || now.Sub(c.stored.LastUsedAt) < renewalInterval {
		return
	}
	if err := s.store.RenewClient(ctx, c.id, now, now.Add(s.cfg.Lifetimes.Registration)); err != nil {
		s.logger().LogAttrs(ctx, slog.LevelWarn, "client not renewed", slog.String("client_id", c.id), slog.Any("error", err))
	}
}

// clientRules are the rules for what clients say of themselves. The
// client_credentials grant is no client's to take: only an operator gives it.
func (s *Server) clientRules() client.Rules {
	grants := slices.DeleteFunc(gen.GrantTypeValues(), func(t gen.GrantType) bool { return t == gen.GrantTypeClientCredentials })
	return client.Rules{GrantTypes: grants, InsecureLoopback: s.cfg.InsecureFetchLoopback, RequestObjects: s.cfg.RequestObjects != RequestObjectsOff}
}
