package protect

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/charterauth/charter/impl/oauth"
)

// An IntrospectionConfig says where to ask about tokens (RFC 7662). Endpoint,
// Issuer, ClientID and ClientSecret have no default.
type IntrospectionConfig struct {
	Endpoint string // the introspection endpoint: https, or http of a loopback host
	Issuer   string // of the tokens; an answer that names another is refused
	// ClientID and ClientSecret authenticate the resource (client_secret_basic).
	ClientID, ClientSecret string

	// CacheFor is how long an answer is used again, counted from when it was
	// asked for: a revoked token is refused after this time and that of one
	// request at the latest. Default 10 s, at most 30 s; negative asks anew for
	// every request. "Not good" is kept for 5 s at most.
	CacheFor time.Duration
	// InsecureNoTokenType takes answers without token_type. Only for servers that
	// leave it out and answer for nothing but access tokens: otherwise a refresh
	// token would do (RFC 7662 §2.2).
	InsecureNoTokenType bool

	// HTTPClient's transport is used; nil is the default one.
	HTTPClient *http.Client
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

const (
	defaultCacheFor = 10 * time.Second
	maxCacheFor     = 30 * time.Second
	maxNegativeFor  = 5 * time.Second
	maxAtOnce       = 64 // requests; who comes on top waits, and gives up with the others' timeout
)

// Introspection is a Verifier that asks the authorization server about each token
// (RFC 7662), and reports every problem of its Config at once. Concurrent
// requests with one token share one question. An answer that is not exactly what
// the RFC describes, or that does not come, is no answer: the Guard then says 503.
func Introspection(c IntrospectionConfig) (Verifier, error) {
	faults := []error{}
	if err := checkEndpoint(c.Endpoint); err != nil {
		faults = append(faults, fmt.Errorf("Endpoint: %w", err))
	}
	if c.Issuer == "" || c.ClientID == "" || c.ClientSecret == "" {
		faults = append(faults, errors.New("Issuer, ClientID or ClientSecret is empty"))
	}
	if c.CacheFor > maxCacheFor {
		faults = append(faults, fmt.Errorf("CacheFor is above %v", maxCacheFor))
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("protect: introspection: %w", errors.Join(faults...))
	}
	if c.CacheFor == 0 {
		c.CacheFor = defaultCacheFor
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &introspection{config: c, server: newUpstream(c.HTTPClient), cache: newAnswers(), slots: make(chan struct{}, maxAtOnce)}, nil
}

type introspection struct {
	config  IntrospectionConfig
	server  upstream
	cache   *answers
	flights singleflight.Group
	slots   chan struct{}
}

// Verify returns what the authorization server says, or said a moment ago.
func (v *introspection) Verify(ctx context.Context, token string) (Identity, error) {
	key := sha256.Sum256([]byte(token)) // the cache holds no token
	if kept, ok := v.cache.get(key, v.config.Now()); ok {
		return kept.identity.clone(), kept.err
	}
	flight := v.flights.DoChan(string(key[:]), func() (any, error) {
		// A flight that ended between look-up and start has left its answer.
		if kept, ok := v.cache.get(key, v.config.Now()); ok {
			return kept, nil
		}
		return v.ask(context.WithoutCancel(ctx), key, token)
	})
	select {
	case r := <-flight:
		if r.Err != nil {
			return Identity{}, r.Err
		}
		a := r.Val.(answered)
		return a.identity.clone(), a.err
	case <-ctx.Done():
		return Identity{}, ctx.Err()
	}
}

// ask asks once and keeps the answer. A failure to get one is not kept.
func (v *introspection) ask(ctx context.Context, key digest, token string) (answered, error) {
	ctx, cancel := context.WithTimeout(ctx, upstreamTimeout)
	defer cancel()
	select {
	case v.slots <- struct{}{}:
		defer func() { <-v.slots }()
	case <-ctx.Done():
		return answered{}, ctx.Err()
	}
	asked := v.config.Now() // before the question: later the token may be revoked already
	body, err := v.server.json(ctx, v.request(token))
	if err != nil {
		return answered{}, err
	}
	a := answered{}
	if a.identity, a.err = v.read(body, asked); a.err != nil {
		if _, refused := errors.AsType[*oauth.Error](a.err); !refused {
			return answered{}, a.err
		}
	}
	a.until = asked.Add(v.config.CacheFor)
	if a.err != nil {
		a.until = asked.Add(min(v.config.CacheFor, maxNegativeFor))
	} else if exp := a.identity.ExpiresAt; !exp.IsZero() && exp.Before(a.until) {
		a.until = exp // RFC 7662 §4
	}
	v.cache.put(key, a, asked)
	return a, nil
}

// request is RFC 7662 §2.1, the client authenticated as RFC 6749 §2.3.1 asks.
func (v *introspection) request(token string) *http.Request {
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}.Encode()
	r, err := http.NewRequest(http.MethodPost, v.config.Endpoint, strings.NewReader(form))
	if err != nil {
		panic("protect: introspection endpoint: " + err.Error()) // Introspection checked it
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(v.config.ClientID), url.QueryEscape(v.config.ClientSecret))
	return r
}
