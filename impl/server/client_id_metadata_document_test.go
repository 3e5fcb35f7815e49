package server_test

import (
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/server"
)

// A documentServer serves metadata documents over TLS and counts who asks.
type documentServer struct {
	*httptest.Server
	hits  atomic.Int64
	serve func(w http.ResponseWriter, r *http.Request)
}

func newDocumentServer(t *testing.T) *documentServer {
	t.Helper()
	d := &documentServer{}
	d.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.hits.Add(1)
		if len(r.Header["Cookie"])+len(r.Header["Authorization"])+len(r.Header["Referer"]) > 0 {
			t.Errorf("the fetch carries %v", r.Header)
		}
		w.Header().Set("Content-Type", "application/json")
		d.serve(w, r)
	}))
	d.Config.ErrorLog = nil
	t.Cleanup(d.Close)
	d.document("")
	return d
}

// document serves a good document with more members at every path.
func (d *documentServer) document(members string) {
	d.serve = func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"client_id":%q,"client_name":"Doc","redirect_uris":["https://app.example.com/cb"]%s}`, d.URL+r.URL.RequestURI(), members)
	}
}

func (d *documentServer) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(d.Certificate())
	return pool
}

// fetches turns documents on, and lets them come from this machine.
func (d *documentServer) fetches(c *server.Config) {
	c.ClientIDMetadataDocuments, c.InsecureFetchLoopback, c.FetchRootCAs = true, true, d.roots()
}

func documentClient(id string) servertest.Client {
	return servertest.Client{ID: id, RedirectURI: appCallback}
}

// The whole flow of a client that is named by its document: it is public, its
// registration is never stored, and its document is kept as its headers say.
func TestMetadataDocumentClient(t *testing.T) {
	d := newDocumentServer(t)
	f := newFixture(t, d.fetches)
	d.serve = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=600")
		fmt.Fprintf(w, `{"client_id":%q,"client_name":"Doc","redirect_uris":["https://app.example.com/cb","http://127.0.0.1/cb"],"grant_types":["authorization_code","refresh_token"]}`, d.URL+r.URL.RequestURI())
	}
	c := documentClient(d.URL + "/client.json")
	p := f.Pending(c.Request(nil))
	if p.ClientName() != "Doc" || p.Verified() || p.ClientID() != c.ID {
		t.Errorf("%q, verified %v, %q", p.ClientName(), p.Verified(), p.ClientID())
	}
	code := f.Allow(p, "").Get("code")
	tokens := f.Token(c, c.Exchange(code, nil))
	if tokens.Refresh == "" {
		t.Error("no refresh token")
	}
	f.Token(c, c.Refresh(tokens.Refresh, nil))
	asks(t, "loopback port", f.Get("/authorize", c.Request(url.Values{"redirect_uri": {"http://127.0.0.1:4711/cb"}})))
	page(t, "not in the document", f.Get("/authorize", c.Request(url.Values{"redirect_uri": {"https://evil.com/cb"}})), http.StatusBadRequest)
	if n := d.hits.Load(); n != 1 {
		t.Errorf("fetched %d times within its age", n)
	}
	f.Clock.Move(601 * time.Second)
	asks(t, "later", f.Get("/authorize", c.Request(nil)))
	if n := d.hits.Load(); n != 2 {
		t.Errorf("fetched %d times after its age", n)
	}
	if _, err := f.Store.Client(t.Context(), c.ID); err == nil {
		t.Error("the document became a registration")
	}
	m := servertest.Decode(t, f.Get("/.well-known/oauth-authorization-server", nil), http.StatusOK)
	if m["client_id_metadata_document_supported"] != true {
		t.Error("not advertised")
	}
}

// ATK-127, draft §3: which URLs may be identifiers. None that may not is
// fetched, not even when fetching is allowed everything.
func TestMetadataDocumentURLs(t *testing.T) {
	proof.Of(t, "ATK-127")
	d := newDocumentServer(t)
	f := newFixture(t, d.fetches)
	host := strings.TrimPrefix(d.URL, "https://")
	for name, id := range map[string]string{
		"no path":             d.URL,
		"root path":           d.URL + "/",
		"root path and query": d.URL + "/?x",
		"fragment":            d.URL + "/c#x",
		"empty fragment":      d.URL + "/c#",
		"userinfo":            "https://u@" + host + "/c",
		"dot segment":         d.URL + "/a/../c",
		"escaped dot segment": d.URL + "/%2e%2e/c",
		"backslash":           d.URL + `/\c`,
		"upper-case scheme":   "HTTPS://" + host + "/c",
		"http elsewhere":      "http://app.example.com/c",
		"file":                "file:///etc/passwd",
		"data":                "data:application/json,{}",
		"urn":                 "urn:x:y",
		"space":               d.URL + "/ c",
		"decimal address":     "https://2130706433/c",
	} {
		f.unchanged(t, name, func() {
			page(t, name, f.Get("/authorize", documentClient(id).Request(nil)), http.StatusBadRequest)
		})
	}
	if n := d.hits.Load(); n != 0 {
		t.Errorf("%d fetches of what is no identifier", n)
	}
	asks(t, "control", f.Get("/authorize", documentClient(d.URL+"/c").Request(nil)))
}

// ATK-120, ATK-129, draft §6.5: with the switch off nothing of this machine or a private network is reached,
// and every failure looks the same.
func TestMetadataDocumentFetchIsGuarded(t *testing.T) {
	proof.Of(t, "CIMD-6.5-1", "CIMD02-8.6-1", "CIMD02-8.6-2", "MCP-SEC-Client-ID-Metadata-Document-Security-1", "MCP-SEC-Authorization-Server-Abuse-Protection-1", "MCP-REG-Implementation-Requirements-7")
	proof.Of(t, "ATK-120", "ATK-129")
	d := newDocumentServer(t)
	f := newFixture(t, func(c *server.Config) { d.fetches(c); c.InsecureFetchLoopback = false })
	_, port, _ := strings.Cut(strings.TrimPrefix(d.URL, "https://"), ":")
	var first string
	for _, host := range []string{"127.0.0.1", "localhost", "a.localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "127.0.0.2", "169.254.169.254", "10.0.0.1", "192.168.0.1", "[fe80::1]", "[fd00::1]", "unknown.invalid"} {
		res := f.Get("/authorize", documentClient("https://"+host+":"+port+"/c").Request(nil))
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %v", host, res.StatusCode, err)
		}
		if first == "" {
			first = string(body)
		}
		if string(body) != first {
			t.Errorf("%s answers otherwise than another host: %s", host, body)
		}
	}
	if n := d.hits.Load(); n != 0 {
		t.Errorf("%d fetches of this machine", n)
	}
	servertest.Refused(t, f.Post("/token", documentClient(d.URL+"/c").Exchange("x", nil)), http.StatusUnauthorized, "invalid_client")
	if n := d.hits.Load(); n != 0 {
		t.Errorf("%d fetches for the token endpoint", n)
	}

	off := newFixture(t, func(c *server.Config) { d.fetches(c); c.ClientIDMetadataDocuments = false })
	page(t, "off", off.Get("/authorize", documentClient(d.URL+"/c").Request(nil)), http.StatusBadRequest)
	if n := d.hits.Load(); n != 0 {
		t.Errorf("%d fetches while documents are off", n)
	}
	on := newFixture(t, d.fetches)
	asks(t, "control", on.Get("/authorize", documentClient(d.URL+"/c").Request(nil)))
	if n := d.hits.Load(); n != 1 {
		t.Errorf("control: %d fetches", n)
	}
}

// What is served is judged; nothing is followed.
func TestMetadataDocumentContents(t *testing.T) {
	proof.Of(t, "CIMD-6.2-1", "CIMD-6.6-1", "CIMD02-8.2-1", "CIMD02-8.7-1")
	proof.Of(t, "ATK-123", "ATK-125", "ATK-127")
	for name, row := range map[string]struct {
		serve func(d *documentServer) func(http.ResponseWriter, *http.Request)
		ok    bool
	}{
		"good":                       {members(``), true},
		"public":                     {members(`,"token_endpoint_auth_method":"none"`), true},
		"unknown members":            {members(`,"x":{"y":[1]}`), true},
		"may also sign":              {members(`,"token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_methods_supported":["private_key_jwt","none"]`), true},
		"insists on signing":         {members(`,"token_endpoint_auth_method":"private_key_jwt"`), false},
		"insists on a secret":        {members(`,"token_endpoint_auth_method":"client_secret_basic"`), false},
		"has a secret":               {members(`,"client_secret":"x"`), false},
		"has a secret's expiry":      {members(`,"client_secret_expires_at":0`), false},
		"machine":                    {members(`,"grant_types":["client_credentials"],"response_types":[]`), false},
		"dangerous redirect URI too": {members(`,"client_uri":"javascript:alert(1)"`), false},
		"another client_id":          {body(`{"client_id":"https://app.example.com/other","client_name":"Doc","redirect_uris":["https://app.example.com/cb"]}`), false},
		"no client_id":               {body(`{"client_name":"Doc","redirect_uris":["https://app.example.com/cb"]}`), false},
		"member twice":               {members(`,"client_name":"x"`), false},
		"not JSON":                   {body(`<html>`), false},
		"empty":                      {body(``), false},
		"trailing data":              {withBody(`{"a":1}`), false},
		"64 KiB and more":            {members(`,"x":"` + strings.Repeat("a", 64<<10) + `"`), false},
		"404":                        {status(http.StatusNotFound), false},
		"500":                        {status(http.StatusInternalServerError), false},
		"201":                        {status(http.StatusCreated), false},
		"redirect":                   {status(http.StatusFound), false},
		"HTML by type": {func(d *documentServer) func(http.ResponseWriter, *http.Request) {
			good := d.serve
			return func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Type", "text/html"); good(w, r) }
		}, false},
		"compressed": {func(d *documentServer) func(http.ResponseWriter, *http.Request) {
			good := d.serve
			return func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Encoding", "gzip"); good(w, r) }
		}, false},
	} {
		d := newDocumentServer(t)
		d.serve = row.serve(d)
		f := newFixture(t, d.fetches)
		res := f.Get("/authorize", documentClient(d.URL+"/c").Request(nil))
		if row.ok {
			asks(t, name, res)
		} else {
			page(t, name, res, http.StatusBadRequest)
		}
		if n := d.hits.Load(); n != 1 {
			t.Errorf("%s: %d fetches", name, n)
		}
	}
}

type serving = func(d *documentServer) func(http.ResponseWriter, *http.Request)

func members(m string) serving {
	return func(d *documentServer) func(http.ResponseWriter, *http.Request) { d.document(m); return d.serve }
}

func body(text string) serving {
	return func(*documentServer) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
	}
}

// withBody serves a good document and then text.
func withBody(text string) serving {
	return func(d *documentServer) func(http.ResponseWriter, *http.Request) {
		good := d.serve
		return func(w http.ResponseWriter, r *http.Request) { good(w, r); io.WriteString(w, text) }
	}
}

// status serves a good document with a status, and a Location that has one too.
func status(code int) serving {
	return func(d *documentServer) func(http.ResponseWriter, *http.Request) {
		good := d.serve
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/other")
			w.WriteHeader(code)
			good(w, r)
		}
	}
}

// A document that changed after the request is read again before a
// person is asked: codes go nowhere that it does not list any more.
func TestMetadataDocumentThatChanges(t *testing.T) {
	proof.Of(t, "ATK-127")
	d := newDocumentServer(t)
	f := newFixture(t, d.fetches)
	c := documentClient(d.URL + "/c")
	handle, mine := f.start(t, c.Request(nil))
	d.serve = func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"client_id":%q,"client_name":"Doc","redirect_uris":["https://new.example.com/cb"]}`, d.URL+r.URL.RequestURI())
	}
	f.Clock.Move(6 * time.Minute)
	_, err := f.pending(handle, mine)
	if reason(err) != "redirect_uri_unregistered" {
		t.Errorf("%v after %d fetches", err, d.hits.Load())
	}
}
