package mcp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/protect"
	"github.com/charterauth/charter/impl/protect/mcp"
)

const resource = "http://127.0.0.1:8081/mcp"

func guard(t testing.TB) *protect.Guard {
	t.Helper()
	g, err := protect.New(protect.Config{
		Resource: resource, AuthorizationServers: []string{"https://auth.example.com"}, Scopes: []string{"tools"},
		Verifier: protect.VerifierFunc(func(_ context.Context, token string) (protect.Identity, error) {
			i := protect.Identity{ClientID: "app", Scopes: []string{"tools"}, Audience: []string{resource}, ExpiresAt: time.Now().Add(time.Hour)}
			switch token {
			case "alice", "bob":
				i.Subject = token
			case "machine":
			case "endless":
				i.Subject, i.ExpiresAt = "alice", time.Time{}
			case "narrow":
				i.Subject, i.Scopes = "alice", nil
			case "foreign":
				i.Subject, i.Audience = "alice", []string{"https://other.example.com"}
			case "down":
				return i, errors.New("dial tcp 10.0.0.7: connection refused")
			default:
				return i, oauth.InvalidToken("unknown", "unknown")
			}
			return i, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// who is an MCP server with one tool, which says who calls it.
func who() http.Handler {
	s := sdk.NewServer(&sdk.Implementation{Name: "who", Version: "1"}, nil)
	sdk.AddTool(s, &sdk.Tool{Name: "whoami"}, func(_ context.Context, r *sdk.CallToolRequest, _ struct{}) (*sdk.CallToolResult, any, error) {
		i, _ := r.Extra.TokenInfo.Extra[mcp.ExtraIdentity].(protect.Identity)
		text := i.Subject + " by " + i.ClientID + " as " + r.Extra.TokenInfo.UserID + " with " + strings.Join(r.Extra.TokenInfo.Scopes, " ")
		if r.Extra.Header.Get("Authorization") != "" {
			text += " and the token"
		}
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: text}}}, nil, nil
	})
	return sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, nil)
}

// as is a transport that carries a token.
type as string

func (token as) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+string(token))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestHandler: an MCP client of the SDK calls a tool, which learns who it is.
func TestHandler(t *testing.T) {
	server := httptest.NewServer(mcp.Handler(guard(t), who()))
	defer server.Close()
	for _, c := range []struct{ token, want string }{
		{"alice", "alice by app as alice with tools"},
		{"endless", "alice by app as alice with tools"},
		{"machine", " by app as app with tools"},
		{"", ""}, {"unknown", ""}, {"foreign", ""}, {"narrow", ""}, {"down", ""},
	} {
		got, err := ask(t.Context(), server.URL+"/mcp", as(c.token))
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q: %q, %v", c.token, got, err)
		}
	}
}

func ask(ctx context.Context, endpoint string, transport http.RoundTripper) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(ctx, &sdk.StreamableClientTransport{
		Endpoint: endpoint, HTTPClient: &http.Client{Transport: transport}, MaxRetries: -1, DisableStandaloneSSE: true,
	}, nil)
	if err != nil {
		return "", err
	}
	defer session.Close()
	res, err := session.CallTool(ctx, &sdk.CallToolParams{Name: "whoami"})
	if err != nil {
		return "", err
	}
	return res.Content[0].(*sdk.TextContent).Text, nil
}

// TestAnswers: what the guard says reaches the client as it is.
func TestAnswers(t *testing.T) {
	h := mcp.Handler(guard(t), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if auth.TokenInfoFromContext(r.Context()) == nil {
			t.Error("no token info")
		}
	}))
	for token, status := range map[string]int{"alice": 200, "endless": 200, "": 401, "unknown": 401, "foreign": 401, "narrow": 403, "down": 503} {
		r := httptest.NewRequest(http.MethodPost, resource, nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%q: status %d, want %d", token, w.Code, status)
		}
		names := strings.Contains(w.Header().Get("WWW-Authenticate"), `resource_metadata="http://127.0.0.1:8081/.well-known/oauth-protected-resource/mcp"`)
		if names != (status == 401 || status == 403) {
			t.Errorf("%q: challenge %q", token, w.Header().Get("WWW-Authenticate"))
		}
	}
}

// TestSessionIsBound: a session that one person began is not another's.
func TestSessionIsBound(t *testing.T) {
	h := mcp.Handler(guard(t), who())
	send := func(token, session, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, resource, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		if session != "" {
			r.Header.Set("Mcp-Session-Id", session)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	begun := send("alice", "", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	session := begun.Header().Get("Mcp-Session-Id")
	if session == "" {
		t.Fatalf("no session: %d %s", begun.Code, begun.Body)
	}
	const ping = `{"jsonrpc":"2.0","id":2,"method":"ping"}`
	for _, c := range []struct {
		token  string
		status int
	}{{"alice", 200}, {"bob", 403}, {"unknown", 401}} {
		if w := send(c.token, session, ping); w.Code != c.status {
			t.Errorf("%s: status %d %s, want %d", c.token, w.Code, w.Body, c.status)
		}
	}
}

// TestTokenVerifier: the SDK's own middleware over the guard.
func TestTokenVerifier(t *testing.T) {
	h := auth.RequireBearerToken(mcp.TokenVerifier(guard(t)), nil)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if auth.TokenInfoFromContext(r.Context()).UserID != "alice" {
			t.Error("another user")
		}
	}))
	for token, status := range map[string]int{"alice": 200, "": 401, "unknown": 401, "foreign": 401, "narrow": 401, "down": 500} {
		r := httptest.NewRequest(http.MethodPost, resource, nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != status || strings.Contains(w.Body.String(), "10.0.0.7") {
			t.Errorf("%q: status %d %s, want %d", token, w.Code, w.Body, status)
		}
	}
}
