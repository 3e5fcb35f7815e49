package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/charterauth/charter/impl/server"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	location location

	issuer, listen, adminListen      string
	tlsCert, tlsKey                  string
	registration                     string
	resources, scopes, defaultScopes []string
	tokenFormat, refreshTokens       string
	requestObjects                   string
	hosts, trustedProxies            []string
	trustCA                          string
	insecureFetchLoopback            bool
	signUp                           bool
	upstream                         upstreamProvider
	shutdownNotice                   time.Duration
}

func (o *serveOptions) flags(f *pflag.FlagSet) {
	o.location.flags(f)
	f.StringVar(&o.issuer, "issuer", "", "issuer identifier, the URL under which clients reach this server (default the listen address)")
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address to serve on")
	f.StringVar(&o.adminListen, "admin-listen", "", "address for health checks and, at /docs/, the API docs, which the public does not see (default none)")
	f.StringVar(&o.tlsCert, "tls-cert", "", "file with the TLS certificate chain, PEM")
	f.StringVar(&o.tlsKey, "tls-key", "", "file with the TLS private key, PEM")
	f.StringVar(&o.registration, "registration", "", "who may register clients: open, token or closed (default open on a loopback issuer, closed elsewhere)")
	f.StringSliceVar(&o.resources, "resource", nil, "URI of a protected resource that tokens are for; repeatable, the first is the default (default the issuer)")
	f.StringSliceVar(&o.scopes, "scope", []string{"read", "write"}, "a scope value that exists; repeatable")
	f.StringSliceVar(&o.defaultScopes, "default-scope", nil, "a scope value for requests that ask for none; repeatable")
	f.StringVar(&o.tokenFormat, "token-format", "opaque", "access tokens: opaque, or JWTs signed with ES256, EdDSA, RS256 or PS256")
	f.StringVar(&o.refreshTokens, "refresh-tokens", "metadata", "who gets refresh tokens: metadata (clients that registered the grant), offline_access (the scope), always, never")
	f.StringVar(&o.requestObjects, "request-objects", "off", "signed, or signed and then encrypted, authorization requests (RFC 9101): off, value (the parameter request), reference (also request_uri, where the client registered it)")
	f.BoolVar(&o.signUp, "sign-up", false, "let people create accounts for themselves, also where a client asks for it (prompt=create)")
	f.StringVar(&o.upstream.issuer, "upstream-issuer", "", "issuer of another OpenID provider at which people sign in, instead of with a password here; register the redirect URI ISSUER/login/upstream there")
	f.StringVar(&o.upstream.name, "upstream-name", "", "what people know that provider by (default its host)")
	f.StringVar(&o.upstream.clientID, "upstream-client-id", "", "this server's client identifier there")
	f.StringVar(&o.upstream.secretFile, "upstream-client-secret-file", "", "file with its client secret there, which CHARTER_UPSTREAM_CLIENT_SECRET may hold instead (default none: a public client)")
	f.StringSliceVar(&o.upstream.scopes, "upstream-scope", nil, "a scope to ask for there beside openid; repeatable (default profile, email)")
	f.StringSliceVar(&o.hosts, "host", nil, "another host name that requests may be sent to, as by a reverse proxy; repeatable")
	f.StringSliceVar(&o.trustedProxies, "trusted-proxy", nil, "network, as 10.0.0.0/8, of reverse proxies whose X-Forwarded-For is believed; repeatable")
	f.StringVar(&o.trustCA, "trust-ca", "", "file with further CA certificates, PEM, trusted when documents of clients (metadata, keys, sector identifiers, request objects) are fetched, and when clients are told of logouts")
	f.DurationVar(&o.shutdownNotice, "shutdown-notice", 0, "how long, as 5s, to go on serving but say not ready when told to stop, so that load balancers move away first")
	f.BoolVar(&o.insecureFetchLoopback, "insecure-fetch-loopback", false, "let documents of clients be fetched from loopback addresses, and clients there be told of logouts; for development only")
}

func (o serveOptions) check() error {
	if (o.tlsCert == "") != (o.tlsKey == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	if o.issuer != "" && strings.HasPrefix(o.issuer, "http:") && o.tlsCert != "" {
		return errors.New("--issuer says http but --tls-cert is given")
	}
	if o.signUp && o.upstream.issuer != "" {
		return errors.New("--sign-up and --upstream-issuer exclude each other: the provider has the accounts")
	}
	if err := o.upstream.check(); err != nil {
		return err
	}
	if o.shutdownNotice < 0 {
		return errors.New("--shutdown-notice must not be negative")
	}
	return nil
}

// issuerFor returns the issuer: as told, or the address that is served.
func (o serveOptions) issuerFor(addr net.Addr) (string, error) {
	if o.issuer != "" {
		return o.issuer, nil
	}
	scheme := "http"
	if o.tlsCert != "" {
		scheme = "https"
	}
	if ap, err := netip.ParseAddrPort(addr.String()); err == nil && ap.Addr().IsUnspecified() {
		return "", errors.New("--listen names no host, so --issuer must say under which URL clients reach this server")
	}
	return scheme + "://" + addr.String(), nil
}

// loopback reports whether only this machine reaches the issuer.
func loopback(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

func (o serveOptions) registrationFor(issuer string) (server.Registration, error) {
	switch o.registration {
	case "open":
		return server.RegistrationOpen, nil
	case "token":
		return server.RegistrationToken, nil
	case "closed":
		return server.RegistrationClosed, nil
	case "":
		if loopback(issuer) {
			return server.RegistrationOpen, nil
		}
		return server.RegistrationClosed, nil
	}
	return 0, errors.New("--registration must be open, token or closed")
}

// config turns the flags into the server's configuration.
func (o serveOptions) config(addr net.Addr) (server.Config, error) {
	issuer, err := o.issuerFor(addr)
	if err != nil {
		return server.Config{}, err
	}
	cfg := server.Config{
		Issuer:                    issuer,
		Hosts:                     o.hosts,
		Scopes:                    o.scopes,
		DefaultScopes:             o.defaultScopes,
		ClientIDMetadataDocuments: true,
		InsecureFetchLoopback:     o.insecureFetchLoopback,
	}
	if cfg.Registration, err = o.registrationFor(issuer); err != nil {
		return server.Config{}, err
	}
	if cfg.Resources, err = o.resourceConfigs(issuer); err != nil {
		return server.Config{}, err
	}
	var ok bool
	if cfg.RefreshTokens, ok = map[string]server.RefreshTokenPolicy{"metadata": server.RefreshByClientMetadata, "offline_access": server.RefreshOnOfflineAccess, "always": server.RefreshAlways, "never": server.RefreshNever}[o.refreshTokens]; !ok {
		return server.Config{}, errors.New("--refresh-tokens must be metadata, offline_access, always or never")
	}
	if cfg.RequestObjects, ok = map[string]server.RequestObjects{"off": server.RequestObjectsOff, "value": server.RequestObjectsByValue, "reference": server.RequestObjectsByReference}[o.requestObjects]; !ok {
		return server.Config{}, errors.New("--request-objects must be off, value or reference")
	}
	for _, network := range o.trustedProxies {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return server.Config{}, fmt.Errorf("--trusted-proxy %q is no network, such as 10.0.0.0/8", network)
		}
		cfg.TrustedProxies = append(cfg.TrustedProxies, prefix)
	}
	if o.trustCA != "" {
		if cfg.FetchRootCAs, err = loadCAs(o.trustCA); err != nil {
			return server.Config{}, err
		}
	}
	return cfg, nil
}

// loadCAs returns the system's certificates and those of the file.
func loadCAs(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--trust-ca: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--trust-ca: %s holds no PEM certificate", path)
	}
	return pool, nil
}

// announce says what runs, and how to sign in.
func (o serveOptions) announce(out io.Writer, issuer, password string) {
	line := func(name, value string) { fmt.Fprintf(out, "%-14s %s\n", name, value) }
	line("issuer", issuer)
	line("metadata", issuer+"/.well-known/oauth-authorization-server")
	line("store", redactSource(o.location.source()))
	line("registration", o.describeRegistration(issuer))
	resources := o.resources
	if len(resources) == 0 {
		resources = []string{issuer}
	}
	line("resources", strings.Join(resources, ", "))
	line("scopes", strings.Join(o.scopes, ", "))
	if o.insecureFetchLoopback {
		line("insecure", "documents of clients may be fetched from loopback addresses")
	}
	if o.upstream.issuer != "" {
		line("sign in at", o.upstream.issuer+"   (redirect URI "+issuer+"/login/upstream)")
	}
	if password != "" {
		line("sign in as", firstAccountName+"   password "+password+"   (shown this once)")
	}
	line("ready", "press Ctrl-C to stop")
}

func (o serveOptions) describeRegistration(issuer string) string {
	switch {
	case o.registration != "":
		return o.registration
	case loopback(issuer):
		return "open, since the issuer is on loopback; --registration changes it"
	}
	return "closed; --registration changes it"
}

// redactSource hides the password of a database URL.
func redactSource(source string) string {
	u, err := url.Parse(source)
	if err != nil || u.User == nil {
		return source
	}
	return u.Redacted()
}
