package doctor_test

import (
	"net/http"
	"testing"

	"github.com/charterauth/charter/impl/doctor"
)

const (
	fail = doctor.Fail
	warn = doctor.Warn
)

// broken are servers with one fault each, and the check that must name it. What
// stands in TestCharter is the same place without the fault.
var broken = []struct {
	name   string
	client string
	flaw   flaw
	check  string
	status doctor.Status
}{
	{"asks for no login", "claude", at("/mcp", status(200)), "mcp-challenge", warn},
	{"403 for 401", "claude", at("/mcp", status(403)), "mcp-challenge", fail},
	{"401 without challenge", "claude", at("/mcp", header("WWW-Authenticate", "")), "mcp-challenge", fail},
	{"Basic challenge", "claude", at("/mcp", header("WWW-Authenticate", `Basic realm="x"`)), "mcp-challenge", fail},
	{"challenge without hint", "vscode", at("/mcp", header("WWW-Authenticate", `Bearer realm="x"`)), "challenge-resource-metadata", warn},
	{"relative hint", "vscode", at("/mcp", header("WWW-Authenticate", `Bearer resource_metadata="/.well-known/x"`)), "challenge-resource-metadata", fail},
	{"no resource metadata", "inspector", at(resourceMetadata, status(404)), "resource-metadata", fail},
	{"resource metadata is a page", "inspector", at(resourceMetadata, status(200)), "resource-metadata", fail},
	{"resource metadata needs a login", "inspector", at(resourceMetadata, status(401)), "resource-metadata", fail},
	{"resource is the origin", "vscode", at(resourceMetadata, cutResource), "resource-identifier", fail},
	{"resource of another host", "claude-code", at(resourceMetadata, member("resource", "https://internal:8080/mcp")), "resource-identifier", fail},
	{"resource beside the path", "claude-code", at(resourceMetadata, beside), "resource-identifier", fail},
	{"no authorization server", "claude", at(resourceMetadata, member("authorization_servers", []string{})), "authorization-servers", fail},
	{"authorization server without scheme", "claude", at(resourceMetadata, member("authorization_servers", []string{"auth.example.com"})), "authorization-servers", fail},
	{"offline_access at the resource", "claude", at(resourceMetadata, member("scopes_supported", []string{"tools", "offline_access"})), "resource-scopes", warn},
	{"scopes as text", "vscode", at(resourceMetadata, member("scopes_supported", "tools")), "resource-scopes", fail},
	{"proxy drops the well-known path", "claude", at(serverMetadata, status(404)), "server-metadata", fail},
	{"server metadata fails", "claude-code", at(serverMetadata, status(502)), "server-metadata", fail},
	{"server metadata is a page", "claude", at(serverMetadata, status(200)), "server-metadata", fail},
	{"issuer behind a proxy", "claude", at(serverMetadata, member("issuer", "http://internal:8080")), "metadata-issuer", fail},
	{"issuer with a slash", "claude", at(serverMetadata, slashed), "metadata-issuer", fail},
	{"registration endpoint is null", "cursor", at(serverMetadata, member("registration_endpoint", nil)), "metadata-members", fail},
	{"null that the client bears", "vscode", at(serverMetadata, member("service_documentation", nil)), "metadata-members", warn},
	{"no token endpoint", "claude", at(serverMetadata, member("token_endpoint", nothing)), "metadata-members", fail},
	{"endpoint without host", "vscode", at(serverMetadata, member("token_endpoint", "/token")), "metadata-members", fail},
	{"http endpoint", "claude", at(serverMetadata, member("revocation_endpoint", "http://auth.example.com/revoke")), "endpoints-https", fail},
	{"no code", "inspector", at(serverMetadata, member("response_types_supported", []string{"token"})), "response-type-code", fail},
	{"plain only", "cursor", at(serverMetadata, member("code_challenge_methods_supported", []string{"plain"})), "pkce-s256", fail},
	{"PKCE not told", "chatgpt", at(serverMetadata, member("code_challenge_methods_supported", nothing)), "pkce-s256", fail},
	{"PKCE not told, borne", "vscode", at(serverMetadata, member("code_challenge_methods_supported", nothing)), "pkce-s256", warn},
	{"iss not announced", "chatgpt", at(serverMetadata, member("authorization_response_iss_parameter_supported", false)), "iss-announced", warn},
	{"metadata without CORS", "inspector", at(serverMetadata, header("Access-Control-Allow-Origin", "")), "metadata-cors", fail},
	{"resource metadata for another origin", "inspector", at(resourceMetadata, header("Access-Control-Allow-Origin", "https://claude.ai")), "metadata-cors", fail},
	{"preflight refused", "inspector", requests("OPTIONS", at(serverMetadata, status(405))), "metadata-cors", warn},
	{"documents without none", "claude", at(serverMetadata, member("token_endpoint_auth_methods_supported", []string{"client_secret_post"})), "client-identification", warn},
	{"documents without none, no registration", "claude", at(serverMetadata, both(
		member("token_endpoint_auth_methods_supported", []string{"client_secret_post"}), member("registration_endpoint", nothing))), "client-identification", fail},
	{"no registration for who needs it", "cursor", at(serverMetadata, member("registration_endpoint", nothing)), "client-identification", fail},
	{"neither", "vscode", at(serverMetadata, both(
		member("client_id_metadata_document_supported", nothing), member("registration_endpoint", nothing))), "client-identification", fail},
	{"registration refused", "cursor", at("/register", status(400)), "registration", fail},
	{"registration without client_id", "cursor", at("/register", member("client_id", nothing)), "registration", fail},
	{"registration answers null", "cursor", at("/register", member("client_uri", nil)), "registration", fail},
	{"registration chooses private_key_jwt", "cursor", at("/register", member("token_endpoint_auth_method", "private_key_jwt")), "registration", fail},
	{"registration forgets redirect_uris", "cursor", at("/register", member("redirect_uris", nothing)), "registration-redirect-uris", fail},
	{"registration drops the loopback URI", "cursor", at("/register", member("redirect_uris", []string{"https://www.cursor.com/agents/mcp/oauth/callback"})), "registration-redirect-uris", fail},
	{"registration without preflight", "inspector", requests("OPTIONS", at("/register", status(404))), "registration-cors", fail},
	{"registration without CORS", "inspector", requests("POST", at("/register", header("Access-Control-Allow-Origin", ""))), "registration-cors", fail},
	{"login refused", "claude", at("/authorize", refuses("claude", "")), "login-page", fail},
	{"resource refused", "claude-code", at("/authorize", refuses("resource=", "invalid_target")), "login-page", fail},
	{"offline_access refused", "claude", at("/authorize", refuses("offline_access", "invalid_scope")), "login-page", fail},
	{"login as JSON", "claude", at("/authorize", both(page, header("Content-Type", "application/json"))), "login-page", fail},
	{"other port refused", "claude-code", at("/authorize", refuses("localhost:54545", "")), "loopback-port", fail},
	{"other port refused", "vscode", at("/authorize", refuses("127.0.0.1:50123", "")), "loopback-port", fail},
	{"no PKCE needed", "claude", at("/authorize", lacks("code_challenge", page)), "error-response", warn},
	{"state lost", "claude", at("/authorize", lacks("code_challenge", strips("state"))), "error-response", fail},
	{"iss lost", "claude", at("/authorize", lacks("code_challenge", strips("iss"))), "error-response", fail},
	{"token errors as pages", "claude", at("/token", status(400)), "token-error", fail},
	{"client forgotten", "claude", at("/token", both(member("error", "invalid_client"), code(401))), "token-error", fail},
	{"invalid_grant with 401", "claude", at("/token", code(401)), "token-error", fail},
	{"token without CORS", "inspector", at("/token", header("Access-Control-Allow-Origin", "")), "token-cors", fail},
}

func TestBroken(t *testing.T) {
	named := map[string]bool{}
	for _, row := range broken {
		named[row.check] = true
		t.Run(row.client+" "+row.name, func(t *testing.T) {
			p := newPlace(t, "", "/mcp", with(row.flaw))
			report := p.run(t, p.origin+"/mcp", p.client(t, row.client))
			first := ""
			for _, r := range report.Results {
				if r.Status != doctor.Pass && first == "" {
					first = r.Check
				}
				if r.Check != row.check {
					continue
				}
				if r.Status != row.status {
					t.Errorf("%s says %s", r.Check, r.Status)
				}
				if r.Problem == "" || r.Cure == "" || r.Requested == "" {
					t.Errorf("%+v says too little", r)
				}
			}
			if first != row.check {
				t.Errorf("%q is named, want %q:\n%s", first, row.check, problems(report))
			}
		})
	}
	// client-document is TestDocumentOutOfReach's.
	p := newPlace(t, "", "/mcp", whole)
	for _, r := range p.run(t, p.origin+"/mcp", p.clients()...).Results {
		named[r.Check] = named[r.Check] || r.Check == "registration" || r.Check == "client-document"
		if !named[r.Check] {
			t.Errorf("no broken server for %s", r.Check)
		}
	}
}

// code changes the status alone.
func code(status int) flaw {
	return func(_ *http.Request, w *recorder) { w.Code = status }
}

// client is one of clients.
func (p *place) client(t *testing.T, name string) doctor.Client {
	t.Helper()
	for _, c := range p.clients() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no client %q", name)
	return doctor.Client{}
}
