package server

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/netip"
	"time"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// Config is all that a Server needs to know. The zero value of every field but
// Issuer, Store and KeyEncryptionKey is safe and means the default that its
// comment states. New reports every problem of a Config at once.
type Config struct {
	// Issuer is the issuer identifier (RFC 8414 §2): an https URL, optionally
	// with a path, without query, fragment or trailing slash. http is accepted
	// for loopback hosts only. Every URL that Charter tells is made from it,
	// never from the Host header.
	Issuer string
	// Hosts are other host names, with or without port, that requests may be
	// sent to: those by which a reverse proxy calls this server. Requests to any
	// name but the issuer's and these get 421.
	Hosts []string
	// Store keeps the state. A second issuer over the same store has the same
	// clients, accounts and keys; requests, sessions, codes and tokens are good only
	// at the issuer that made them.
	Store store.Store
	// KeyEncryptionKey seals the signing keys at rest. All processes over one
	// store need the same.
	KeyEncryptionKey *seal.KEK

	// Interaction makes what puts an authorization request before a person; it
	// is called once, by New. Without one the server offers no authorization
	// endpoint, only grants that need no person.
	Interaction func(*Server) (Interaction, error)

	// Claims tells the claims about a person and makes this server an OpenID
	// provider: the scopes openid, profile, email, address, phone and
	// offline_access exist, and an RS256 key does. It needs an Interaction. nil:
	// there is none of that.
	Claims Claims

	// Resources are the protected resources that tokens may be for (RFC 8707).
	// Empty: the issuer itself is the one resource.
	Resources []Resource
	// DefaultResource is the URI of the resource for requests that name none.
	// Empty: the first of Resources.
	DefaultResource string
	// Scopes are the scope values that every resource knows.
	Scopes []string
	// DefaultScopes are granted to a request that asks for no scope. They must
	// be known. Empty: such a request gets a token without scope.
	DefaultScopes []string

	// RequestObjects says whether clients may sign their authorization requests
	// (RFC 9101). Default: no.
	RequestObjects RequestObjects

	// RefreshTokens says when a refresh token is issued. Default: to clients
	// whose metadata lists the grant.
	RefreshTokens RefreshTokenPolicy
	// Lifetimes of what the server issues.
	Lifetimes Lifetimes

	// Registration says who may register a client (RFC 7591). Default: nobody.
	Registration Registration
	// ClientIDMetadataDocuments lets a client be named by the https URL of its
	// metadata.
	ClientIDMetadataDocuments bool
	// FetchRootCAs are trusted instead of the system's when documents of clients
	// are fetched: metadata, keys, sector identifiers, request objects; and when
	// clients are sent logout tokens. nil: the system's.
	FetchRootCAs *x509.CertPool
	// InsecureFetchLoopback lets the fetcher reach loopback addresses. For
	// development and tests: on a shared host it lets any client make this
	// server call local services.
	InsecureFetchLoopback bool

	// RegistrationPolicy may refuse or change a registration before it is
	// stored. nil: all that is valid is accepted.
	RegistrationPolicy RegistrationPolicy
	// Policy may narrow, enrich or refuse what is about to be issued. nil:
	// everything granted is issued.
	Policy Policy
	// Events receives every audit event, synchronously. nil: events are logged.
	Events func(context.Context, store.Event)

	// Limits bound rates per peer.
	Limits Limits
	// TrustedProxies are the peers whose Forwarded-For header is believed when a
	// rate is counted. Empty: none, the peer is the client.
	TrustedProxies []netip.Prefix

	// Logger receives what operators need. nil: nothing is logged.
	Logger *slog.Logger
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// A Resource is a protected resource that Charter issues tokens for.
type Resource struct {
	// URI identifies the resource (RFC 8707 §2): absolute, without fragment. A
	// request for a URI below it, by path segments, is a request for it.
	URI string
	// Name is shown to people. Empty: the URI is.
	Name string
	// Scopes are the scope values that only this resource knows.
	Scopes []string
	// TokenFormat of its access tokens. Default: opaque.
	TokenFormat TokenFormat
}

// A TokenFormat is how an access token is written: opaque, or RFC 9068 signed
// by the named JOSE algorithm.
type TokenFormat string

// The formats of access tokens.
const (
	Opaque   TokenFormat = ""
	JWTES256 TokenFormat = "ES256"
	JWTEdDSA TokenFormat = "EdDSA"
	JWTRS256 TokenFormat = "RS256"
	JWTPS256 TokenFormat = "PS256"
)

// A RefreshTokenPolicy says when a refresh token is issued with an access token.
type RefreshTokenPolicy int

// The policies. All leave client_credentials without one (RFC 6749 §4.4.3).
const (
	RefreshByClientMetadata RefreshTokenPolicy = iota // to clients whose grant_types list refresh_token
	RefreshOnOfflineAccess                            // when the scope offline_access was granted
	RefreshAlways                                     // always
	RefreshNever                                      // never
)

// RequestObjects say where a request object may come from.
type RequestObjects int

// The places.
const (
	RequestObjectsOff         RequestObjects = iota // nowhere: they are refused
	RequestObjectsByValue                           // the parameter request
	RequestObjectsByReference                       // also the parameter request_uri, where the client registered that URI
)

// A Registration says who may register clients.
type Registration int

// The modes of dynamic registration.
const (
	RegistrationClosed Registration = iota // nobody; the endpoint is not advertised
	RegistrationToken                      // bearers of an initial access token
	RegistrationOpen                       // anybody
)

// Lifetimes bound what the server issues. Zero fields mean the default.
type Lifetimes struct {
	AuthorizationRequest time.Duration // a person's time to decide; default 10 min
	AuthorizationCode    time.Duration // default and maximum 60 s (RFC 9700 §2.1.1)
	AccessToken          time.Duration // default 1 h
	IDToken              time.Duration // default 1 h
	RefreshToken         time.Duration // from each use; default 30 days
	Grant                time.Duration // absolute, from the consent; default 1 year
	RefreshRetry         time.Duration // how long a used refresh token gets the same answer again; default 60 s
	Registration         time.Duration // of a dynamic registration that is not used; default 90 days
	RegistrationWindow   time.Duration // in which the same metadata gets the same public client; default 24 h
	SigningKey           time.Duration // from activation to rotation; default 90 days
}

// Limits bound rates per peer address (IPv4 address, IPv6 /64). Zero fields mean
// the default, negative ones no limit.
type Limits struct {
	RegistrationsPerMinute          int // default 60
	AuthenticationFailuresPerMinute int // refused client authentications; default 60
	AuthorizationsPerMinute         int // default 600
}
