package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/fetch"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/jose/jwe"
)

// withDefaults returns the configuration with every zero field replaced by the
// default that its comment states.
func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	l := &c.Lifetimes
	for _, d := range []struct {
		field    *time.Duration
		fallback time.Duration
	}{
		{&l.AuthorizationRequest, 10 * time.Minute},
		{&l.AuthorizationCode, maxCodeLifetime},
		{&l.AccessToken, time.Hour},
		{&l.IDToken, time.Hour},
		{&l.RefreshToken, 30 * 24 * time.Hour},
		{&l.Grant, 365 * 24 * time.Hour},
		{&l.RefreshRetry, 60 * time.Second},
		{&l.Registration, 90 * 24 * time.Hour},
		{&l.RegistrationWindow, 24 * time.Hour},
		{&l.SigningKey, 90 * 24 * time.Hour},
	} {
		if *d.field == 0 {
			*d.field = d.fallback
		}
	}
	for _, n := range []struct {
		field    *int
		fallback int
	}{
		{&c.Limits.RegistrationsPerMinute, 60},
		{&c.Limits.AuthenticationFailuresPerMinute, 60},
		{&c.Limits.AuthorizationsPerMinute, 600},
	} {
		if *n.field == 0 {
			*n.field = n.fallback
		}
	}
	return c
}

// maxCodeLifetime is what RFC 9700 and FAPI ask a code to live at most; RFC 6749
// §4.1.2 recommends ten minutes.
const maxCodeLifetime = 60 * time.Second

// configure checks the configuration and computes all that follows from it
// alone. It reports every problem at once.
func (s *Server) configure() error {
	var problems []error
	note := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	var err error
	s.issuer, err = parseIssuer(s.cfg.Issuer)
	note(err)
	// Without resources the issuer is one; a bad issuer is reported above only.
	if err == nil || len(s.cfg.Resources) > 0 {
		s.resources, err = newResourceSet(s.cfg.Resources, s.cfg.DefaultResource, s.cfg.Issuer)
		note(err)
	}
	s.scopes, err = newScopeSet(s.cfg, s.resources)
	note(err)
	if s.store == nil {
		note(errors.New("Store is missing"))
	}
	if s.cfg.KeyEncryptionKey == nil {
		note(errors.New("KeyEncryptionKey is missing: 32 random bytes that all processes over one store share"))
	}
	note(s.checkLifetimes())
	note(s.checkTokenFormats())
	note(s.checkModes())
	note(s.checkPeers())
	if s.cfg.ClientIDMetadataDocuments {
		s.documents = fetch.New(fetch.Config{RootCAs: s.cfg.FetchRootCAs, InsecureLoopback: s.cfg.InsecureFetchLoopback, Now: s.cfg.Now})
	}
	s.clientDocuments = newClientDocuments(s.cfg)
	s.requestObjects = newRequestObjects(s.cfg)
	s.poster = fetch.NewPoster(fetch.Config{RootCAs: s.cfg.FetchRootCAs, InsecureLoopback: s.cfg.InsecureFetchLoopback, Now: s.cfg.Now})
	s.limits.registrations = newRateLimit(s.cfg.Limits.RegistrationsPerMinute)
	s.limits.authenticationFailures = newRateLimit(s.cfg.Limits.AuthenticationFailuresPerMinute)
	s.limits.authorizations = newRateLimit(s.cfg.Limits.AuthorizationsPerMinute)
	return errors.Join(problems...)
}

func (s *Server) checkLifetimes() error {
	l := s.cfg.Lifetimes
	var problems []error
	for _, d := range []time.Duration{l.AuthorizationRequest, l.AuthorizationCode, l.AccessToken, l.IDToken, l.RefreshToken, l.Grant, l.RefreshRetry, l.Registration, l.RegistrationWindow, l.SigningKey} {
		if d < 0 {
			problems = append(problems, errors.New("Lifetimes must not be negative"))
			break
		}
	}
	if l.AuthorizationCode > maxCodeLifetime {
		problems = append(problems, fmt.Errorf("Lifetimes.AuthorizationCode must be at most %v", maxCodeLifetime))
	}
	if l.AccessToken > l.Grant || l.RefreshToken > l.Grant {
		problems = append(problems, errors.New("Lifetimes.Grant must be at least those of the tokens under it"))
	}
	if l.SigningKey < 2*l.signed() {
		problems = append(problems, errors.New("Lifetimes.SigningKey must be at least twice those of access token and ID token"))
	}
	return errors.Join(problems...)
}

func (s *Server) checkTokenFormats() error {
	var problems []error
	for _, r := range s.cfg.Resources {
		switch r.TokenFormat {
		case Opaque, JWTES256, JWTEdDSA, JWTRS256, JWTPS256:
		default:
			problems = append(problems, fmt.Errorf("resource %q: unknown token format %q", r.URI, r.TokenFormat))
		}
	}
	return errors.Join(problems...)
}

// checkModes refuses values that no constant has: each would be read as one of
// the constants, and not by everybody as the same.
func (s *Server) checkModes() error {
	var problems []error
	if m := s.cfg.Registration; m < RegistrationClosed || m > RegistrationOpen {
		problems = append(problems, fmt.Errorf("Registration %d is unknown", m))
	}
	if s.cfg.Claims != nil && s.cfg.Interaction == nil {
		problems = append(problems, errors.New("Claims needs an Interaction: without one nobody signs in"))
	}
	if o := s.cfg.RequestObjects; o < RequestObjectsOff || o > RequestObjectsByReference {
		problems = append(problems, fmt.Errorf("RequestObjects %d is unknown", o))
	}
	if p := s.cfg.RefreshTokens; p < RefreshByClientMetadata || p > RefreshNever {
		problems = append(problems, fmt.Errorf("RefreshTokens %d is unknown", p))
	}
	return errors.Join(problems...)
}

// checkPeers refuses names and networks that would never match.
func (s *Server) checkPeers() error {
	var problems []error
	for _, host := range s.cfg.Hosts {
		if u, err := url.Parse("https://" + host); err != nil || u.Host != host || !plainHost(u.Hostname()) || strings.HasSuffix(host, ":") {
			problems = append(problems, fmt.Errorf("Hosts: %q is no host name in lower case, with or without port", host))
		}
	}
	for _, p := range s.cfg.TrustedProxies {
		if !p.IsValid() || p.Addr().Is4In6() {
			problems = append(problems, fmt.Errorf("TrustedProxies: %v is no network, or an IPv4 network written as IPv6", p))
		}
	}
	return errors.Join(problems...)
}

// signed is the longest lifetime of what signing keys sign.
func (l Lifetimes) signed() time.Duration { return max(l.AccessToken, l.IDToken) }

// openIDProvider reports whether people can sign in to clients.
func (c Config) openIDProvider() bool { return c.Claims != nil && c.Interaction != nil }

// keyAlgorithms returns the JOSE algorithms that keys are needed for whatever
// clients register, each once: those that open request objects, those of the
// resources, and RS256 where there are ID Tokens (OpenID Connect Core §15.1).
func (s *Server) keyAlgorithms() []string {
	var algorithms []string
	if s.cfg.RequestObjects != RequestObjectsOff {
		algorithms = jwe.KeyTypes()
	}
	if s.cfg.openIDProvider() {
		algorithms = append(algorithms, string(jose.RS256))
	}
	for _, r := range s.cfg.Resources {
		if r.TokenFormat != Opaque && !slices.Contains(algorithms, string(r.TokenFormat)) {
			algorithms = append(algorithms, string(r.TokenFormat))
		}
	}
	return algorithms
}
