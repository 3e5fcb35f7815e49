package doctor_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/doctor"
	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/internal/openapitest"
	"github.com/charterauth/charter/impl/internal/servertest"
	"github.com/charterauth/charter/impl/protect"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/memory"
)

// A place is a machine with Charter and an MCP server that it guards.
type place struct {
	origin    string // of both
	server    *server.Server
	store     store.Store
	documents *httptest.Server
	handler   http.Handler
}

// newPlace runs both on one origin, the issuer at the path issuerPath, the MCP
// server at mcpPath. spoil stands between them and the client.
func newPlace(t *testing.T, issuerPath, mcpPath string, spoil func(http.Handler) http.Handler) *place {
	t.Helper()
	p := &place{documents: newDocuments(t)}
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }))
	p.origin = "http://" + front.Listener.Addr().String()

	st := memory.New()
	p.store = st
	roots := x509.NewCertPool()
	roots.AddCert(p.documents.Certificate())
	var err error
	p.server, err = server.New(server.Config{
		Issuer: p.origin + issuerPath, Store: st, KeyEncryptionKey: servertest.KEK(t),
		Interaction:               interact.Pages(interact.Config{Accounts: interact.NewLocalAccounts(st), Store: st}),
		Resources:                 []server.Resource{{URI: p.origin + mcpPath, Scopes: []string{"tools"}}},
		Scopes:                    []string{"notes", "offline_access"},
		Registration:              server.RegistrationOpen,
		ClientIDMetadataDocuments: true, InsecureFetchLoopback: true, FetchRootCAs: roots,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.server.Close() })
	guard, err := protect.New(protect.Config{
		Resource: p.origin + mcpPath, AuthorizationServers: []string{p.origin + issuerPath},
		Verifier: protect.InProcess(p.server.VerifyAccessToken), Scopes: []string{"tools"},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.handler = spoil(p.route(openapitest.Handler(t, p.server), mcpPath, guard.Handler(http.NotFoundHandler())))
	front.Start()
	t.Cleanup(front.Close)
	return p
}

// route hands the MCP server what is its own. With an MCP server at the root,
// that is only the path itself.
func (p *place) route(issuer http.Handler, mcpPath string, mcp http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/.well-known/oauth-protected-resource"+mcpPath || r.URL.Path == mcpPath || mcpPath == "" && r.URL.Path == "/" {
			mcp.ServeHTTP(w, r)
			return
		}
		issuer.ServeHTTP(w, r)
	})
}

func whole(h http.Handler) http.Handler { return h }

// newDocuments serves documents of the shape that the clients' have (the Sources
// of each), under their own URLs here.
func newDocuments(t *testing.T) *httptest.Server {
	t.Helper()
	var d *httptest.Server
	d = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, err := os.ReadFile("testdata/documents" + r.URL.Path)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(bytes.ReplaceAll(document, []byte("{url}"), []byte(d.URL+r.URL.Path)))
	}))
	t.Cleanup(d.Close)
	return d
}

// clients are the known ones, with their documents in reach.
func (p *place) clients() []doctor.Client {
	clients := doctor.Clients()
	for i := range clients {
		if clients[i].Document != "" {
			clients[i].Document = p.documents.URL + "/" + clients[i].Name + ".json"
		}
	}
	return clients
}

func (p *place) run(t *testing.T, url string, clients ...doctor.Client) doctor.Report {
	t.Helper()
	report, err := doctor.Run(t.Context(), doctor.Config{URL: url, Clients: clients, HTTP: p.documents.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// problems are the results that did not pass, in a line each.
func problems(r doctor.Report) string {
	var lines []string
	for _, result := range r.Results {
		if result.Status != doctor.Pass {
			lines = append(lines, string(result.Status)+" "+result.Client+" "+result.Check+": "+result.Problem+"\n\t"+result.Requested+"\n\t"+result.Returned)
		}
	}
	return strings.Join(lines, "\n")
}

// everywhere is a client for which every host is the place, but for those at
// except.
func (p *place) everywhere(except string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if "http://"+address != except {
			address = strings.TrimPrefix(p.origin, "http://")
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}}
}
