package doctor_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/doctor"
	"github.com/charterauth/charter/impl/store"
)

// TestCharter: every known client gets to the login page of Charter, by its
// document and by registration, with and without paths.
func TestCharter(t *testing.T) {
	for _, where := range []struct{ name, issuer, mcp, url string }{
		{"MCP server", "", "/mcp", "/mcp"},
		{"MCP server, issuer with path", "/auth", "/mcp", "/mcp"},
		{"MCP server at the root", "/auth", "", ""},
		{"MCP server at the root, with its slash", "/auth", "", "/"},
		{"issuer", "", "/mcp", ""},
		{"issuer with path", "/auth/one", "/mcp", "/auth/one"},
	} {
		t.Run(where.name, func(t *testing.T) {
			p := newPlace(t, where.issuer, where.mcp, whole)
			report := p.run(t, p.origin+where.url, p.clients()...)
			if got := problems(report); got != "" {
				t.Error(got)
			}
			if report.MCPServer != (where.url == where.mcp || where.mcp+"/" == where.url) {
				t.Errorf("taken for an MCP server: %v", report.MCPServer)
			}
			if len(report.Left) > 0 {
				t.Errorf("left behind: %v", report.Left)
			}
			for _, c := range doctor.Clients() {
				if !has(report, c.Name, "login-page") || !has(report, c.Name, "token-error") {
					t.Errorf("%s did not come to the end", c.Name)
				}
			}
		})
	}
}

func has(r doctor.Report, client, check string) bool {
	for _, result := range r.Results {
		if result.Client == client && result.Check == check {
			return true
		}
	}
	return false
}

// TestWays: who has a document uses it, the others register, and nobody does
// both.
func TestWays(t *testing.T) {
	p := newPlace(t, "", "/mcp", whole)
	report := p.run(t, p.origin+"/mcp", p.clients()...)
	for _, c := range doctor.Clients() {
		if c.Document == "" == has(report, c.Name, "client-document") || c.Document == "" != has(report, c.Name, "registration") {
			t.Errorf("%s took the wrong way", c.Name)
		}
	}
}

// TestRegistrationOnly: all of them get to the login page of a server without
// metadata documents.
func TestRegistrationOnly(t *testing.T) {
	p := newPlace(t, "", "/mcp", with(at(serverMetadata, member("client_id_metadata_document_supported", nothing))))
	report := p.run(t, p.origin+"/mcp", p.clients()...)
	if got := problems(report); got != "" {
		t.Error(got)
	}
	for _, c := range doctor.Clients() {
		if !has(report, c.Name, "registration") || !has(report, c.Name, "token-error") {
			t.Errorf("%s did not come to the end", c.Name)
		}
	}
}

// TestDocumentOutOfReach: what cannot be judged from here is a warning, and the
// login is tried with a registered client.
func TestDocumentOutOfReach(t *testing.T) {
	p := newPlace(t, "", "/mcp", whole)
	for _, document := range []string{"http://127.0.0.1:1/client.json", p.documents.URL + "/none.json", p.origin + serverMetadata} {
		c := p.client(t, "claude")
		c.Document = document
		report := p.run(t, p.origin+"/mcp", c)
		if report.Count(doctor.Warn) != 1 || report.Count(doctor.Fail) != 0 || !has(report, "claude", "registration") || !has(report, "claude", "login-page") {
			t.Errorf("%s: %+v", document, report)
		}
	}
}

// TestDocumentRefusedByServer: a document that the server cannot use is told
// apart from one that is out of reach.
func TestDocumentRefusedByServer(t *testing.T) {
	p := newPlace(t, "", "/mcp", with(at("/authorize", refuses(".json", ""))))
	report := p.run(t, p.origin+"/mcp", p.client(t, "chatgpt"))
	for _, r := range report.Results {
		if r.Check == "login-page" {
			if r.Status != doctor.Fail || !strings.Contains(r.Cure, "/chatgpt.json") {
				t.Errorf("%+v", r)
			}
			return
		}
	}
	t.Error("no login was tried")
}

// TestThrowAwayIsRemoved: and what cannot be removed is told.
func TestThrowAwayIsRemoved(t *testing.T) {
	var id string
	note := func(r *http.Request, w *recorder) {
		var m struct {
			ID string `json:"client_id"`
		}
		if r.Method == http.MethodPost && json.Unmarshal(w.Body.Bytes(), &m) == nil {
			id = m.ID
		}
	}
	p := newPlace(t, "", "/mcp", with(at("/register", note)))
	report := p.run(t, p.origin+"/mcp", p.client(t, "cursor"))
	if _, err := p.store.Client(t.Context(), id); id == "" || !errors.Is(err, store.ErrNotFound) || len(report.Left) > 0 {
		t.Errorf("client %q is there still: %v, %v", id, err, report.Left)
	}

	p = newPlace(t, "", "/mcp", with(at("/register", both(note, member("registration_client_uri", nothing)))))
	report = p.run(t, p.origin+"/mcp", p.client(t, "cursor"))
	if _, err := p.store.Client(t.Context(), id); err != nil || len(report.Left) != 1 || report.Left[0] != id {
		t.Errorf("client %q: %v, left %v", id, err, report.Left)
	}
}

// TestTexts: a server does not write to the terminal of whoever asks.
func TestTexts(t *testing.T) {
	evil := "\x1b[2J\u202e" + strings.Repeat("x", 10_000)
	p := newPlace(t, "", "/mcp", with(at(serverMetadata, member("issuer", evil))))
	for _, r := range p.run(t, p.origin+"/mcp", p.client(t, "claude")).Results {
		for _, text := range []string{r.Requested, r.Returned, r.Problem} {
			if strings.ContainsAny(text, "\x1b\u202e") || len(text) > 1000 {
				t.Errorf("%s: %.80q", r.Check, text)
			}
		}
	}
}

func TestURLs(t *testing.T) {
	for _, url := range []string{"", "mcp.example.com", "ftp://mcp.example.com", "https://", "https://user@mcp.example.com/", "https://mcp.example.com/?a=b"} {
		if _, err := doctor.Run(t.Context(), doctor.Config{URL: url}); err == nil {
			t.Errorf("%q is taken", url)
		}
	}
	report, err := doctor.Run(t.Context(), doctor.Config{URL: "http://127.0.0.1:1/mcp", Clients: doctor.Clients()[:1]})
	if err != nil || report.Count(doctor.Fail) == 0 {
		t.Errorf("nobody there: %+v, %v", report, err)
	}
}

// TestClients: the table is whole.
func TestClients(t *testing.T) {
	for _, c := range doctor.Clients() {
		if len(c.Sources) == 0 || c.Title == "" {
			t.Errorf("%s has no source or no title", c.Name)
		}
		if !slices.Contains(c.Registration.RedirectURIs, c.RedirectURI) {
			t.Errorf("%s does not register %s", c.Name, c.RedirectURI)
		}
		if found, ok := doctor.Find(c.Name); !ok || found.Title != c.Title {
			t.Errorf("%s is not found", c.Name)
		}
	}
	if _, ok := doctor.Find("netscape"); ok {
		t.Error("an unknown client is found")
	}
}

// TestOtherMachines: a server elsewhere has nothing of this machine called, and
// nothing deleted but at its own origin.
func TestOtherMachines(t *testing.T) {
	called := false
	victim := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer victim.Close()

	// The transport of elsewhere: every name is the place.
	for _, row := range []struct {
		name, url string
		flaw      flaw
	}{
		{"endpoints on loopback", "http://as.example.com", both(renamed, at(serverMetadata, both(member("registration_endpoint", victim.URL), member("authorization_endpoint", victim.URL))))},
		{"deletes elsewhere", "", at("/register", member("registration_client_uri", victim.URL+"/register/x"))},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newPlace(t, "", "/mcp", with(row.flaw))
			url := row.url
			if url == "" {
				url = p.origin
			}
			report, err := doctor.Run(t.Context(), doctor.Config{URL: url + "/mcp", Clients: []doctor.Client{p.client(t, "cursor")}, HTTP: p.everywhere(victim.URL)})
			if err != nil {
				t.Fatal(err)
			}
			if called {
				t.Errorf("called: %s", problems(report))
			}
			if !has(report, "cursor", "registration") || report.Count(doctor.Fail) == 0 && len(report.Left) == 0 {
				t.Errorf("nothing is told: %+v", report)
			}
		})
	}
}

// TestOtherForms: metadata at the OpenID Connect names are found, by everybody
// where the first place has none, and after a server's failure by those who look
// on.
func TestOtherForms(t *testing.T) {
	for _, form := range []string{"/.well-known/openid-configuration/auth", "/auth/.well-known/openid-configuration"} {
		for status, reached := range map[int]map[string]bool{
			http.StatusNotFound:   {"claude": true, "claude-code": true, "vscode": true},
			http.StatusBadGateway: {"claude": true, "claude-code": false, "vscode": true},
		} {
			p := newPlace(t, "/auth", "/mcp", func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch r.URL.Path {
					case "/.well-known/oauth-authorization-server/auth":
						w.WriteHeader(status)
						return
					case form:
						r = r.Clone(r.Context())
						r.URL.Path = "/.well-known/oauth-authorization-server/auth"
					}
					next.ServeHTTP(w, r)
				})
			})
			for name, want := range reached {
				if report := p.run(t, p.origin+"/mcp", p.client(t, name)); has(report, name, "login-page") != want {
					t.Errorf("%s after %d, metadata at %s: %s", name, status, form, problems(report))
				}
			}
		}
	}
}
