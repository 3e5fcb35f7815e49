package upstream

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/charterauth/charter/impl/interact"
)

// Config names the provider and this server's registration there. The redirect
// URI to register is the issuer of this server and /login/upstream.
type Config struct {
	// Issuer is the provider's issuer identifier (OpenID Connect Discovery §3). It
	// is looked up when somebody first signs in, not before.
	Issuer string
	// Name is what people know the provider by. Empty: the issuer's host.
	Name string
	// ClientID and ClientSecret are this server's at the provider. Without a secret
	// it is a public client, which PKCE protects (RFC 7636).
	ClientID, ClientSecret string
	// Scopes are asked for beside openid. Empty: profile and email.
	Scopes []string
	// Link returns the local account of a subject at Issuer, of whom claims tell
	// more: normally interact.LinkedAccounts.Link. interact.ErrNoAccount: this
	// person may not sign in.
	Link func(ctx context.Context, issuer, subject string, claims json.RawMessage) (interact.Identity, error)
	// HTTPClient reaches the provider. nil: one with a timeout of 10 s.
	HTTPClient *http.Client
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// OpenID returns the sign-in at the provider of cfg, for interact.Config.Upstream.
// It is safe for concurrent use.
func OpenID(cfg Config) (*interact.Upstream, error) {
	u, err := url.Parse(cfg.Issuer)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, errors.New("upstream: Issuer must be an https URL, or http on loopback")
	case cfg.ClientID == "" || cfg.Link == nil:
		return nil, errors.New("upstream: ClientID and Link are required")
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{Timeout: 10 * time.Second}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if len(cfg.Scopes) == 0 {
		cfg.Scopes = []string{"profile", "email"}
	}
	p := &provider{cfg: cfg}
	return &interact.Upstream{Name: cmp.Or(cfg.Name, u.Host), Begin: p.begin, SignIn: p.signIn}, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// A provider is the relying party of one provider.
type provider struct {
	cfg Config

	mu         sync.Mutex
	discovered *discovered // nil until its metadata were read once; guarded by mu
	failure    error       // of the last try, told until again; guarded by mu
	again      time.Time   // guarded by mu
}

// discovered is what the provider's metadata say.
type discovered struct {
	*oidc.Provider
	tellsIssuer bool // RFC 9207 §3
}

// retryAfter is how long a provider that did not answer is left alone, so that
// people do not queue for its time-out.
const retryAfter = 5 * time.Second

// metadata reads the provider's configuration, once it answers. go-oidc compares
// the issuer in it (OpenID Connect Discovery §4.3) and reads keys again when it
// meets an unknown one.
func (p *provider) metadata() (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.discovered != nil {
		return p.discovered, nil
	}
	if p.cfg.Now().Before(p.again) {
		return nil, p.failure
	}
	// The context stays with the provider: it may not end with a request.
	found, err := oidc.NewProvider(oidc.ClientContext(context.Background(), p.cfg.HTTPClient), p.cfg.Issuer)
	if err != nil {
		p.failure, p.again = fmt.Errorf("%w: %w", interact.ErrUpstreamUnavailable, err), p.cfg.Now().Add(retryAfter)
		return nil, p.failure
	}
	var more struct {
		TellsIssuer bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, fmt.Errorf("%w: %w", interact.ErrUpstreamUnavailable, err)
	}
	p.discovered = &discovered{found, more.TellsIssuer}
	return p.discovered, nil
}

// client is this server as the provider knows it.
func (p *provider) client(d *discovered, a interact.UpstreamAttempt) *oauth2.Config {
	endpoint := d.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // RFC 6749 §2.3.1
	if p.cfg.ClientSecret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, Endpoint: endpoint, RedirectURL: a.RedirectURI,
		Scopes: append([]string{oidc.ScopeOpenID}, p.cfg.Scopes...),
	}
}

// begin is the authentication request (OpenID Connect Core §3.1.2.1).
func (p *provider) begin(_ context.Context, a interact.UpstreamAttempt) (string, error) {
	d, err := p.metadata()
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.CodeVerifier)}
	if a.LoginHint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", a.LoginHint))
	}
	if a.Prompt != "" {
		options = append(options, oauth2.SetAuthURLParam("prompt", a.Prompt))
	}
	return p.client(d, a).AuthCodeURL(a.State, options...), nil
}

// signIn redeems the code, checks who the ID Token says came, and links them.
func (p *provider) signIn(ctx context.Context, a interact.UpstreamAttempt, answer interact.UpstreamAnswer) (interact.Identity, error) {
	d, err := p.metadata()
	if err != nil {
		return interact.Identity{}, err
	}
	// RFC 9207 §2.4: an answer of another server is never sent to this one.
	if answer.Issuer != p.cfg.Issuer && (answer.Issuer != "" || d.tellsIssuer) {
		return interact.Identity{}, fmt.Errorf("%w: it is of issuer %q", interact.ErrUpstreamRefused, answer.Issuer)
	}
	ctx = oidc.ClientContext(ctx, p.cfg.HTTPClient)
	tokens, err := p.client(d, a).Exchange(ctx, answer.Code, oauth2.VerifierOption(a.CodeVerifier))
	if err != nil {
		return interact.Identity{}, exchangeFailed(err)
	}
	token, err := p.idToken(ctx, d, a, tokens)
	if err != nil {
		return interact.Identity{}, fmt.Errorf("%w: %w", interact.ErrUpstreamRefused, err)
	}
	claims, err := told(ctx, d, token, tokens)
	if err != nil {
		return interact.Identity{}, err
	}
	return p.cfg.Link(ctx, p.cfg.Issuer, token.Subject, claims)
}

// exchangeFailed tells a code that is not good from a provider that is not there.
func exchangeFailed(err error) error {
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok && e.Response != nil && e.Response.StatusCode < 500 {
		return fmt.Errorf("%w: %s", interact.ErrUpstreamRefused, e.ErrorCode)
	}
	return fmt.Errorf("%w: %w", interact.ErrUpstreamUnavailable, err)
}

// idToken checks the ID Token (OpenID Connect Core §3.1.3.7). The library checks
// signature, algorithm, iss, aud and exp.
func (p *provider) idToken(ctx context.Context, d *discovered, a interact.UpstreamAttempt, tokens *oauth2.Token) (*oidc.IDToken, error) {
	raw, _ := tokens.Extra("id_token").(string)
	if raw == "" {
		return nil, errors.New("there is no ID Token")
	}
	token, err := d.Verifier(&oidc.Config{ClientID: p.cfg.ClientID, Now: p.cfg.Now}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	var more struct {
		AuthorizedParty string `json:"azp"`
	}
	if err := token.Claims(&more); err != nil {
		return nil, err
	}
	switch {
	case token.Subject == "":
		return nil, errors.New("the ID Token has no sub")
	case token.Nonce != a.Nonce:
		return nil, errors.New("the ID Token is of another sign-in")
	case len(token.Audience) > 1 && more.AuthorizedParty == "", more.AuthorizedParty != "" && more.AuthorizedParty != p.cfg.ClientID:
		return nil, errors.New("the ID Token was made for another client")
	}
	if token.AccessTokenHash != "" {
		return token, token.VerifyAccessToken(tokens.AccessToken)
	}
	return token, nil
}

// told returns the claims of the ID Token and, where there is the endpoint, of
// UserInfo, which must be about the same person (OpenID Connect Core §5.3.2).
func told(ctx context.Context, d *discovered, token *oidc.IDToken, tokens *oauth2.Token) (json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	if err := token.Claims(&all); err != nil {
		return nil, fmt.Errorf("%w: %w", interact.ErrUpstreamRefused, err)
	}
	if d.UserInfoEndpoint() != "" && slices.Contains([]string{"", "bearer", "Bearer"}, tokens.TokenType) {
		info, err := d.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", interact.ErrUpstreamUnavailable, err)
		}
		if info.Subject != token.Subject {
			return nil, fmt.Errorf("%w: UserInfo is about somebody else", interact.ErrUpstreamRefused)
		}
		if err := info.Claims(&all); err != nil {
			return nil, fmt.Errorf("%w: %w", interact.ErrUpstreamRefused, err)
		}
	}
	return json.Marshal(all)
}
