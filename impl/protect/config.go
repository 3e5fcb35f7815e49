package protect

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/oauth"
)

// A Config says what is protected, and how. Resource, AuthorizationServers and
// Verifier have no default; the zero value of everything else is safe.
type Config struct {
	// Resource identifies what is protected (RFC 9728 §1.2): the https URL that
	// clients use, without query and fragment; http for loopback hosts. It is
	// what tokens must be for, and where the metadata's URL comes from, whatever
	// a request's Host header says.
	Resource string
	// Name is shown to people by clients. Empty: none.
	Name string
	// AuthorizationServers are the issuers of good tokens, at least one.
	AuthorizationServers []string
	// Verifier says what a token is.
	Verifier Verifier

	// Scopes are needed for every request. Empty: any token for Resource is
	// enough.
	Scopes []string
	// ScopesSupported are told in the metadata. nil: Scopes.
	ScopesSupported []string
	// ScopeCovers reports whether a granted scope is good for a required one, for
	// resources whose scopes include each other. nil: when they are equal.
	ScopeCovers func(granted, required string) bool

	// ExactAudience refuses tokens that are also for something else. Without it
	// one of a token's audiences must be Resource, or a URL that Resource lies
	// below by path segments: https://api.example admits to
	// https://api.example/mcp. Set it where resources on one origin do not trust
	// each other.
	ExactAudience bool
	// Origins are the web origins whose pages may call the resource; "*" is all
	// of them. Credentials are never allowed: the token is the only one. Empty:
	// no CORS headers but on the metadata, which is public.
	Origins []string
	// KeepAuthorization leaves the Authorization header on the request that the
	// handler gets. Without it the token cannot be forwarded by mistake (MCP
	// authorization, Access Token Privilege Restriction).
	KeepAuthorization bool

	// Logger receives why requests were refused or could not be judged. nil:
	// nothing is logged.
	Logger *slog.Logger
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// A Guard protects one resource. It is safe for concurrent use.
type Guard struct {
	config       Config // defaults applied
	resource     oauth.Resource
	metadataURL  string
	metadataPath string // of metadataURL, as it stands there
	metadata     []byte
}

// New reports every problem of a Config at once.
func New(c Config) (*Guard, error) {
	g := &Guard{config: c.withDefaults()}
	if err := g.check(); err != nil {
		return nil, fmt.Errorf("protect: %w", err)
	}
	g.metadataURL, g.metadataPath = metadataAt(g.resource)
	var err error
	if g.metadata, err = g.describe(); err != nil {
		return nil, fmt.Errorf("protect: %w", err)
	}
	return g, nil
}

// Handler is New and Guard.Handler in one.
func Handler(next http.Handler, c Config) (http.Handler, error) {
	g, err := New(c)
	if err != nil {
		return nil, err
	}
	return g.Handler(next), nil
}

func (c Config) withDefaults() Config {
	if c.ScopesSupported == nil {
		c.ScopesSupported = c.Scopes
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func (g *Guard) check() error {
	c := g.config
	var faults []error
	fault := func(err error, what string) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", what, err))
		}
	}
	var err error
	g.resource, err = oauth.ParseResource(c.Resource)
	fault(err, "Resource")
	if strings.Contains(c.Resource, "?") {
		fault(errors.New("a query in it would be lost on the way of the metadata"), "Resource")
	}
	if c.Verifier == nil {
		fault(errors.New("is nil"), "Verifier")
	}
	if len(c.AuthorizationServers) == 0 {
		fault(errors.New("are missing: a client could get no token"), "AuthorizationServers")
	}
	for _, issuer := range c.AuthorizationServers {
		fault(checkEndpoint(issuer), "AuthorizationServers")
	}
	fault(checkScopes(c.Scopes), "Scopes")
	fault(checkScopes(c.ScopesSupported), "ScopesSupported")
	for _, origin := range c.Origins {
		fault(checkOrigin(origin), "Origins")
	}
	return errors.Join(faults...)
}

// checkScopes refuses malformed values, and offline_access: it is between client
// and authorization server (MCP authorization, Refresh Tokens).
func checkScopes(values []string) error {
	s, err := oauth.NewScope(values...)
	if err != nil {
		return err
	}
	if s.Contains("offline_access") {
		return errors.New("offline_access means nothing at a resource")
	}
	return nil
}

// checkEndpoint allows https URLs, and http URLs of loopback hosts.
func checkEndpoint(raw string) error {
	_, err := oauth.ParseResource(raw)
	return err
}

func checkOrigin(origin string) error {
	r, err := oauth.ParseResource(origin)
	if origin != "*" && (err != nil || r.String() != origin || strings.Count(origin, "/") != 2) {
		return fmt.Errorf("%.100q is no origin as browsers send it", origin)
	}
	return nil
}

// scopeCovers works without a Guard too: an Identity may be a verifier's own.
func (g *Guard) scopeCovers(granted, required string) bool {
	if g == nil || g.config.ScopeCovers == nil {
		return granted == required
	}
	return g.config.ScopeCovers(granted, required)
}
