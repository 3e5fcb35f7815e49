package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/servertest"
)

// An Outcome is what a client knows of its request.
type Outcome int

// The outcomes.
const (
	OK      Outcome = iota // answered with what was asked for
	Refused                // answered 400 or 401: the client's request is not good
	Unknown                // 503, or no answer: it may have happened
	Wrong                  // anything else, which no fault excuses
)

func (o Outcome) String() string { return [...]string{"ok", "refused", "unknown", "wrong"}[o] }

// An Answer is one answer of an endpoint.
type Answer struct {
	Outcome Outcome
	Status  int    // 0 without an answer
	Code    string // the error code of RFC 6749 §5.2
	Body    []byte
	Err     error // why there is no answer

	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	IDToken string `json:"id_token"`
	Active  bool   `json:"active"`
}

func (a Answer) String() string {
	return fmt.Sprintf("%v: status %d %s %v %s", a.Outcome, a.Status, a.Code, a.Err, a.Body)
}

// A Client is a registered client that speaks to a fleet.
type Client struct {
	ID, Secret, RedirectURI string
	Scope                   string // what AuthorizationURL asks for; "": read and write

	issuer string
}

// Client registers a public client.
func (f *Fleet) Client() *Client {
	f.t.Helper()
	c := &Client{issuer: f.Issuer, RedirectURI: "http://127.0.0.1/cb"}
	a := send(context.Background(), f.Via(nil), f.Issuer, http.MethodPost, "/register", "application/json",
		`{"client_name":"Fleet","application_type":"native","redirect_uris":["`+c.RedirectURI+`"],"grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"none"}`, nil)
	var registered struct {
		ID string `json:"client_id"`
	}
	if err := json.Unmarshal(a.Body, &registered); err != nil || a.Status != http.StatusCreated {
		f.t.Fatalf("registration: %v", a)
	}
	c.ID = registered.ID
	return c
}

// ResourceServer registers a client that may introspect, and take tokens for
// itself.
func (f *Fleet) ResourceServer() *Client {
	f.t.Helper()
	return f.create("--grant", "client_credentials")
}

// Confidential registers a client that has all grants and may introspect its own
// tokens of every kind.
func (f *Fleet) Confidential() *Client {
	f.t.Helper()
	c := f.create("--application-type", "native", "--redirect-uri", "http://127.0.0.1/cb", "--grant", "authorization_code,refresh_token,client_credentials")
	c.RedirectURI = "http://127.0.0.1/cb"
	return c
}

// RelyingParty registers a client that signs people in and is told at uri when they
// sign out.
func (f *Fleet) RelyingParty(uri string) *Client {
	f.t.Helper()
	c := f.create("--application-type", "native", "--redirect-uri", "http://127.0.0.1/cb", "--grant", "authorization_code,refresh_token", "--backchannel-logout-uri", uri)
	c.RedirectURI, c.Scope = "http://127.0.0.1/cb", "openid"
	return c
}

func (f *Fleet) create(flags ...string) *Client {
	f.t.Helper()
	var created struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	out := f.Run(append([]string{"clients", "create", "--json", "--name", "Fleet", "--store", f.store}, flags...)...)
	if err := json.Unmarshal(out, &created); err != nil || created.Secret == "" {
		f.t.Fatalf("clients create printed %q: %v", out, err)
	}
	return &Client{ID: created.ID, Secret: created.Secret, issuer: f.Issuer}
}

// Via returns a transport to one process, or through the balancer when p is nil.
func (f *Fleet) Via(p *Process) *http.Transport {
	transport := &http.Transport{MaxIdleConnsPerHost: 64, ResponseHeaderTimeout: 30 * time.Second}
	if p != nil {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", p.Addr)
		}
	}
	return transport
}

// AuthorizationURL is where a browser asks for a code.
func (c *Client) AuthorizationURL() string {
	return c.issuer + "/authorize?" + url.Values{
		"client_id": {c.ID}, "response_type": {"code"}, "redirect_uri": {c.RedirectURI}, "scope": {cmp.Or(c.Scope, "read write")},
		"code_challenge": {servertest.Challenge}, "code_challenge_method": {"S256"}, "state": {"xyz"},
	}.Encode()
}

// Redeem redeems a code.
func (c *Client) Redeem(ctx context.Context, via http.RoundTripper, code string) Answer {
	return c.post(ctx, via, "/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.RedirectURI}, "code_verifier": {servertest.Verifier}})
}

// Renew spends a refresh token.
func (c *Client) Renew(ctx context.Context, via http.RoundTripper, token string) Answer {
	return c.post(ctx, via, "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

// Own takes a token for the client itself.
func (c *Client) Own(ctx context.Context, via http.RoundTripper) Answer {
	return c.post(ctx, via, "/token", url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}})
}

// Introspect asks whether a token is good.
func (c *Client) Introspect(ctx context.Context, via http.RoundTripper, token string) Answer {
	return c.post(ctx, via, "/introspect", url.Values{"token": {token}})
}

// Revoke revokes a token's grant.
func (c *Client) Revoke(ctx context.Context, via http.RoundTripper, token string) Answer {
	return c.post(ctx, via, "/revoke", url.Values{"token": {token}})
}

func (c *Client) post(ctx context.Context, via http.RoundTripper, path string, form url.Values) Answer {
	if c.Secret == "" {
		form.Set("client_id", c.ID)
	}
	return send(ctx, via, c.issuer, http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode(), func(r *http.Request) {
		if c.Secret != "" {
			servertest.Basic(c.ID, c.Secret)(r)
		}
	})
}

// send makes one request, once.
func send(ctx context.Context, via http.RoundTripper, issuer, method, path, contentType, body string, change func(*http.Request)) Answer {
	r, err := http.NewRequestWithContext(ctx, method, issuer+path, strings.NewReader(body))
	if err != nil {
		return Answer{Outcome: Wrong, Err: err}
	}
	r.Header.Set("Content-Type", contentType)
	if change != nil {
		change(r)
	}
	res, err := via.RoundTrip(r)
	if err != nil {
		return Answer{Outcome: Unknown, Err: err}
	}
	defer res.Body.Close()
	a := Answer{Status: res.StatusCode}
	if a.Body, a.Err = io.ReadAll(res.Body); a.Err != nil {
		a.Outcome = Unknown
		return a
	}
	a.judge(res.Header)
	return a
}

func (a *Answer) judge(h http.Header) {
	var failure struct {
		Error string `json:"error"`
	}
	if len(a.Body) > 0 && (json.Unmarshal(a.Body, a) != nil || json.Unmarshal(a.Body, &failure) != nil) {
		a.Outcome = Wrong
		return
	}
	a.Code = failure.Error
	switch {
	case a.Status == http.StatusOK || a.Status == http.StatusCreated || a.Status == http.StatusNoContent:
		a.Outcome = OK
	case a.Status == http.StatusBadRequest || a.Status == http.StatusUnauthorized:
		a.Outcome = Refused
	case a.Status == http.StatusServiceUnavailable && h.Get("Retry-After") != "" && a.Code == "temporarily_unavailable":
		a.Outcome = Unknown
	default:
		a.Outcome = Wrong
	}
}

// Must fails the test unless the answer is OK.
func (a Answer) Must(t testing.TB, what string) Answer {
	t.Helper()
	if a.Outcome != OK {
		t.Fatalf("%s: %v", what, a)
	}
	return a
}
