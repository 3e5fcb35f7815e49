package protect_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

func send(h http.Handler, method, target string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// TestMetadata: RFC 9728 §3.1 says where, §2 and §3.2 what.
func TestMetadata(t *testing.T) {
	proof.Of(t, "RFC9728-3.1-2")
	for _, c := range []struct{ resource, at, self string }{
		{"https://mcp.example.com/mcp", "https://mcp.example.com/.well-known/oauth-protected-resource/mcp", "https://mcp.example.com/mcp"},
		{"https://mcp.example.com/mcp/", "https://mcp.example.com/.well-known/oauth-protected-resource/mcp/", "https://mcp.example.com/mcp/"},
		{"https://mcp.example.com", "https://mcp.example.com/.well-known/oauth-protected-resource", "https://mcp.example.com"},
		{"https://mcp.example.com/", "https://mcp.example.com/.well-known/oauth-protected-resource", "https://mcp.example.com"},
		{"https://mcp.example.com/a/b%20c", "https://mcp.example.com/.well-known/oauth-protected-resource/a/b%20c", "https://mcp.example.com/a/b%20c"},
		{"http://127.0.0.1:8081/mcp", "http://127.0.0.1:8081/.well-known/oauth-protected-resource/mcp", "http://127.0.0.1:8081/mcp"},
	} {
		conf := config(tokens())
		conf.Resource, conf.Name = c.resource, "Notes"
		g := guard(t, conf)
		if g.MetadataURL() != c.at {
			t.Errorf("%s: metadata at %s", c.resource, g.MetadataURL())
		}
		res := send(g.Handler(hello), http.MethodGet, c.at)
		body, _ := io.ReadAll(res.Body)
		want := `{"resource":"` + c.self + `","authorization_servers":["https://auth.example.com"],"bearer_methods_supported":["header"],"resource_name":"Notes","scopes_supported":["read"]}`
		if res.StatusCode != 200 || string(body) != want || res.Header.Get("Content-Type") != "application/json" || res.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %s %v", c.resource, res.StatusCode, body, res.Header)
		}
	}
}

// TestMetadataOmitsWhatIsEmpty is RFC 9728 §3.2.
func TestMetadataOmitsWhatIsEmpty(t *testing.T) {
	c := config(tokens())
	c.Scopes = nil
	body, _ := io.ReadAll(send(guard(t, c).Metadata(), http.MethodGet, metadata).Body)
	if string(body) != `{"resource":"https://mcp.example.com/mcp","authorization_servers":["https://auth.example.com"],"bearer_methods_supported":["header"]}` {
		t.Errorf("%s", body)
	}
}

// TestOnlyMetadataIsOpen: everything but the one document needs a token.
func TestOnlyMetadataIsOpen(t *testing.T) {
	h := guard(t, config(tokens())).Handler(hello)
	for _, c := range []struct {
		id, method, url string
		status          int
	}{
		{"metadata", "GET", metadata, 200},
		{"metadata, head", "HEAD", metadata, 200},
		{"metadata, slash at the end", "GET", metadata + "/", 200},
		{"metadata, another method", "POST", metadata, 405},
		{"another resource's metadata", "GET", metadata + "x", 401},
		{"below the metadata", "GET", metadata + "/../../../mcp", 401},
		{"the resource", "GET", resource, 401},
		{"encoded letters", "GET", "https://mcp.example.com/.well-known/oauth-protected-resource/%6dcp", 401},
		{"options", "OPTIONS", resource, 401},
	} {
		if res := send(h, c.method, c.url); res.StatusCode != c.status {
			t.Errorf("%s: status %d", c.id, res.StatusCode)
		}
	}
}

func TestCORS(t *testing.T) {
	const ours, theirs = "https://app.example.com", "https://evil.example.com"
	ask := func(origin string) []string {
		return []string{"Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization, mcp-protocol-version"}
	}
	for _, c := range []struct {
		id      string
		origins []string
		method  string
		headers []string
		status  int
		allowed string
	}{
		{"preflight of a known origin", []string{ours}, "OPTIONS", ask(ours), 204, ours},
		{"preflight of another", []string{ours}, "OPTIONS", ask(theirs), 401, ""},
		{"preflight, any origin", []string{"*"}, "OPTIONS", ask(theirs), 204, "*"},
		{"preflight without CORS", nil, "OPTIONS", ask(ours), 401, ""},
		{"a refusal can be read", []string{ours}, "GET", []string{"Origin", ours}, 401, ours},
		{"a refusal cannot be read elsewhere", []string{ours}, "GET", []string{"Origin", theirs}, 401, ""},
		{"an answer can be read", []string{ours}, "GET", []string{"Origin", ours, "Authorization", "Bearer good"}, 200, ours},
		{"no preflight, however it asks", []string{ours}, "GET", ask(ours), 401, ours},
		{"options that is no preflight", []string{"*"}, "OPTIONS", []string{"Origin", ours}, 401, "*"},
	} {
		conf := config(tokens())
		conf.Origins = c.origins
		res := send(guard(t, conf).Handler(hello), c.method, resource, c.headers...)
		if res.StatusCode != c.status || res.Header.Get("Access-Control-Allow-Origin") != c.allowed {
			t.Errorf("%s: status %d, allowed %q", c.id, res.StatusCode, res.Header.Get("Access-Control-Allow-Origin"))
		}
		if vary := res.Header.Values("Vary"); (len(vary) > 0) != slices.Equal(c.origins, []string{ours}) {
			t.Errorf("%s: Vary %q", c.id, vary)
		}
		if res.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: credentials are allowed", c.id)
		}
		if c.status == 204 && (res.Header.Get("Access-Control-Allow-Headers") != "authorization, mcp-protocol-version" || res.Header.Get("Access-Control-Allow-Methods") != "POST") {
			t.Errorf("%s: %v", c.id, res.Header)
		}
	}
	// The metadata is public, with or without configured origins.
	res := send(guard(t, config(tokens())).Handler(hello), "OPTIONS", metadata, ask(theirs)...)
	if res.StatusCode != 204 || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("metadata: %d %v", res.StatusCode, res.Header)
	}
	// What a preflight asks for comes back only if a header can hold it.
	bad := guard(t, config(tokens())).Handler(hello)
	res = send(bad, "OPTIONS", metadata, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "a\r\nb: c")
	if got := res.Header.Get("Access-Control-Allow-Headers"); got != "" {
		t.Errorf("told back %q", got)
	}
}
