package server_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// A writes store counts the writes that requests can cause: what a refused
// request must leave at zero.
type writes struct {
	store.Store
	n atomic.Int64
}

func (w *writes) Issue(ctx context.Context, g *store.Grant, t ...store.Token) error {
	w.n.Add(1)
	return w.Store.Issue(ctx, g, t...)
}

func (w *writes) ConsumeToken(ctx context.Context, c store.Consumption) error {
	w.n.Add(1)
	return w.Store.ConsumeToken(ctx, c)
}

func (w *writes) RegisterClient(ctx context.Context, c store.Client, since time.Time, t ...store.Token) (store.Client, error) {
	w.n.Add(1)
	return w.Store.RegisterClient(ctx, c, since, t...)
}

func (w *writes) ReplaceClient(ctx context.Context, c store.Client) error {
	w.n.Add(1)
	return w.Store.ReplaceClient(ctx, c)
}

func (w *writes) DeleteClient(ctx context.Context, id string, at time.Time) error {
	w.n.Add(1)
	return w.Store.DeleteClient(ctx, id, at)
}

// A fixture is a server whose writes are counted.
type fixture struct {
	*servertest.Server
	writes *writes
}

func newFixture(t *testing.T, change ...func(*server.Config)) fixture {
	t.Helper()
	w := &writes{Store: memory.New()}
	return fixture{servertest.New(t, w, change...), w}
}

// operator registers a client as an operator does.
func (f fixture) operator(t *testing.T, o server.OperatorClient) servertest.Client {
	t.Helper()
	stored, secret, err := server.CreateClient(context.Background(), f.Store, f.Clock.Now(), o)
	if err != nil {
		t.Fatal(err)
	}
	var metadata struct {
		RedirectURIs []string `json:"redirect_uris"`
	}
	if err := json.Unmarshal(stored.Metadata, &metadata); err != nil {
		t.Fatal(err)
	}
	c := servertest.Client{ID: stored.ID, Secret: secret}
	if len(metadata.RedirectURIs) > 0 {
		c.RedirectURI = metadata.RedirectURIs[0]
	}
	return c
}

// unchanged runs send, which must be refused, and fails the test if it wrote.
func (f fixture) unchanged(t *testing.T, what string, send func()) {
	t.Helper()
	before := f.writes.n.Load()
	send()
	if n := f.writes.n.Load() - before; n != 0 {
		t.Errorf("%s: %d writes by a refused request", what, n)
	}
}

// page fails the test unless res is an error page that goes nowhere: the answer
// to every request whose redirect URI is not known to be good.
func page(t *testing.T, what string, res *http.Response, status int) {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Errorf("%s: status %d, want %d: %s", what, res.StatusCode, status, body)
	}
	h := res.Header
	switch {
	case h.Get("Location") != "":
		t.Errorf("%s: Location %q", what, h.Get("Location"))
	case !strings.HasPrefix(h.Get("Content-Type"), "text/html"):
		t.Errorf("%s: Content-Type %q, want a page", what, h.Get("Content-Type"))
	case h.Get("Cache-Control") != "no-store":
		t.Errorf("%s: Cache-Control %q", what, h.Get("Cache-Control"))
	case len(res.Cookies()) != 0:
		t.Errorf("%s: sets a cookie", what)
	case h.Get("Access-Control-Allow-Origin") != "":
		t.Errorf("%s: readable across origins", what)
	}
}

// redirected returns the parameters that an error carries to the client, and
// fails the test unless it goes to uri, once each, with iss.
func redirected(t *testing.T, what string, res *http.Response, uri string) url.Values {
	t.Helper()
	location := res.Header.Get("Location")
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(location, uri+"?") && !strings.HasPrefix(location, uri+"&") {
		body, _ := io.ReadAll(res.Body)
		t.Errorf("%s: status %d, Location %q, want 303 to %q: %s", what, res.StatusCode, location, uri, body)
		return nil
	}
	q, err := url.ParseQuery(location[len(uri)+1:])
	if err != nil {
		t.Errorf("%s: Location %q: %v", what, location, err)
	}
	for name, values := range q {
		if len(values) != 1 {
			t.Errorf("%s: %s comes %d times in %q", what, name, len(values), location)
		}
	}
	if q.Get("iss") != servertest.Issuer {
		t.Errorf("%s: iss %q", what, q.Get("iss"))
	}
	if res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: Cache-Control %q", what, res.Header.Get("Cache-Control"))
	}
	return q
}

// asks fails the test unless res starts the Interaction.
func asks(t *testing.T, what string, res *http.Response) {
	t.Helper()
	if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(got, "/ask?request=") {
		body, _ := io.ReadAll(res.Body)
		t.Errorf("%s: status %d, Location %q, want the Interaction: %s", what, res.StatusCode, got, body)
	}
}

// raw is a GET whose query is sent byte for byte.
func raw(path, query string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, servertest.Issuer+path, nil)
	r.URL.RawQuery = query
	return r
}

// send sends q as GET or as POST.
func (f fixture) send(method string, q url.Values) *http.Response {
	if method == http.MethodPost {
		return f.Post("/authorize", q)
	}
	return f.Get("/authorize", q)
}
