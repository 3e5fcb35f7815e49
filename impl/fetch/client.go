package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/sync/singleflight"
)

// The limits of one fetch. They are not configuration: a document that needs
// more is not one that we know.
const (
	timeout   = 5 * time.Second // for everything from resolution to the last byte
	maxBody   = 64 << 10        // bytes
	maxHeader = 16 << 10        // bytes
)

// Config says how far a Client reaches. The zero value reaches public https
// hosts and trusts the system's authorities.
type Config struct {
	// InsecureLoopback lets the client reach loopback addresses, also by http,
	// and nothing else that is private. For development and tests: a document's
	// author then reaches every service of this machine.
	InsecureLoopback bool
	// RootCAs replaces the system's authorities; nil keeps them.
	RootCAs *x509.CertPool
	// Resolve looks a name up; nil is the system's resolver. Names come with a
	// final dot. Every address it returns is still checked.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// KeepAtLeast is how long a document is kept whatever its headers say, so that
	// nobody can make this server ask for it more often; zero keeps to them. For
	// documents that a stranger's request makes this server look at.
	KeepAtLeast time.Duration
	// MediaTypes are taken instead of JSON, such as "application/jwt"; nil is JSON.
	MediaTypes []string
}

// ErrUnavailable is wrapped by every error of Get.
var ErrUnavailable = errors.New("fetch: document unavailable")

// An Error says for logs why a document could not be had. Its text is the same
// for every reason, so that it tells nothing about a network when it is shown.
type Error struct {
	// Reason is a stable slug: url, budget, backoff, connect, canceled, redirect,
	// status, type, encoding, body, too_large.
	Reason string

	cause error
}

// Error returns the text of ErrUnavailable alone.
func (e *Error) Error() string { return ErrUnavailable.Error() }

// Is reports whether target is ErrUnavailable.
func (e *Error) Is(target error) bool { return target == ErrUnavailable }

// Unwrap returns the cause, for logs; it may name addresses. It may be nil.
func (e *Error) Unwrap() error { return e.cause }

// A Document is what a URL held. It is shared: do not change Body.
type Document struct {
	Body      []byte
	FetchedAt time.Time
	ExpiresAt time.Time // when it is fetched again; not after FetchedAt if it was not kept
}

// A Client fetches documents through the guard and keeps them as their
// headers say. It is safe for concurrent use.
type Client struct {
	loopback bool
	atLeast  time.Duration
	types    []string // empty: JSON
	timeout  time.Duration
	now      func() time.Time
	http     *http.Client
	flights  singleflight.Group
	kept     *cache
	budget   *budget
}

// New returns a Client. It starts nothing and needs no closing.
func New(c Config) *Client {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Client{
		loopback: c.InsecureLoopback,
		atLeast:  c.KeepAtLeast,
		types:    c.MediaTypes,
		timeout:  timeout,
		now:      c.Now,
		http:     newHTTPClient(c),
		kept:     newCache(),
		budget:   newBudget(forDocuments),
	}
}

// newHTTPClient returns what every request leaves through.
func newHTTPClient(c Config) *http.Client {
	return &http.Client{CheckRedirect: notFollowed, Transport: &http.Transport{
		DialContext: newGuard(c).dial,
		// No environment proxy: it would resolve and connect in our place.
		Proxy:                  nil,
		TLSClientConfig:        &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    timeout,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
		DisableKeepAlives:      true,
	}}
}

// Get returns the document at an absolute https URL, from the cache while it is
// fresh. Concurrent calls for one URL share one request, which a caller that
// gives up does not cancel. Every error is an *Error.
func (c *Client) Get(ctx context.Context, rawURL string) (Document, error) {
	return c.get(ctx, rawURL, maxFresh)
}

// Renew is Get for a reader who misses something in the document: what was
// fetched longer than age ago is fetched again.
func (c *Client) Renew(ctx context.Context, rawURL string, age time.Duration) (Document, error) {
	return c.get(ctx, rawURL, age)
}

func (c *Client) get(ctx context.Context, rawURL string, age time.Duration) (Document, error) {
	t, ok := checkURL(rawURL, c.loopback)
	if !ok {
		return Document{}, &Error{Reason: "url"}
	}
	if doc, ok := c.young(t, age); ok {
		return doc, nil
	}
	flight := c.flights.DoChan(t.url+" "+age.String(), func() (any, error) {
		// A flight that ended between look-up and start has left its result here.
		if doc, ok := c.young(t, age); ok {
			return doc, nil
		}
		doc, err := c.fetch(context.WithoutCancel(ctx), t)
		return doc, err
	})
	select {
	case r := <-flight:
		if r.Err != nil {
			return Document{}, r.Err
		}
		return r.Val.(Document), nil
	case <-ctx.Done():
		return Document{}, &Error{Reason: "canceled", cause: ctx.Err()}
	}
}

// young returns a kept document that is fresh and at most age old.
func (c *Client) young(t target, age time.Duration) (Document, bool) {
	now := c.now()
	doc, ok := c.kept.get(t.url, now)
	return doc, ok && now.Sub(doc.FetchedAt) <= age
}

// Reject drops the document at a URL that its reader found invalid, and holds
// the next request for it back for a moment.
func (c *Client) Reject(rawURL string) {
	c.kept.drop(rawURL)
	c.budget.backOff(rawURL, c.now())
}

// fetch makes one request within the budget and keeps what may be kept.
func (c *Client) fetch(ctx context.Context, t target) (Document, error) {
	release, err := c.budget.take(t, c.now())
	if err != nil {
		return Document{}, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	doc, err := c.request(ctx, t)
	if err != nil {
		c.budget.backOff(t.url, c.now())
		return Document{}, err
	}
	if least := doc.FetchedAt.Add(c.atLeast); doc.ExpiresAt.Before(least) {
		doc.ExpiresAt = least
	}
	if doc.ExpiresAt.After(doc.FetchedAt) {
		c.kept.put(t.url, doc)
	}
	return doc, nil
}

func (c *Client) request(ctx context.Context, t target) (Document, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, nil)
	if err != nil {
		return Document{}, &Error{Reason: "url", cause: err}
	}
	req.Header.Set("Accept", c.accept())
	req.Header.Set("User-Agent", "Charter")
	resp, err := c.http.Do(req)
	if err != nil {
		return Document{}, &Error{Reason: "connect", cause: err}
	}
	defer resp.Body.Close()
	doc, err := c.readDocument(resp)
	// A server that sees the connection end may still end its answer in good
	// form, short: what is complete too late is not taken.
	if ctx.Err() != nil {
		return Document{}, &Error{Reason: "body", cause: ctx.Err()}
	}
	return doc, err
}
