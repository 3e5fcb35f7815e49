package mcp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/charterauth/charter/impl/protect"
	"github.com/charterauth/charter/impl/protect/mcp"
)

// serve is a server with a tool for everybody and one that needs scope write. A
// token's text is its scopes.
func serve(t *testing.T, stateless bool) http.Handler {
	t.Helper()
	g, err := protect.New(protect.Config{
		Resource: resource, AuthorizationServers: []string{"https://auth.example.com"}, Scopes: []string{"read"},
		Verifier: protect.VerifierFunc(func(_ context.Context, token string) (protect.Identity, error) {
			return protect.Identity{Subject: "alice", Scopes: strings.Split(token, "-"), Audience: []string{resource}, ExpiresAt: time.Now().Add(time.Hour)}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := sdk.NewServer(&sdk.Implementation{Name: "s", Version: "1"}, nil)
	for _, name := range []string{"look", "change"} {
		sdk.AddTool(s, &sdk.Tool{Name: name}, func(context.Context, *sdk.CallToolRequest, struct{}) (*sdk.CallToolResult, any, error) {
			return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: "ran " + name}}}, nil, nil
		})
	}
	return mcp.Serve(g, s, mcp.Tools{"change": {"write"}}, &sdk.StreamableHTTPOptions{Stateless: stateless, JSONResponse: true})
}

func send(h http.Handler, token, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, resource, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestServe: who may call which tool, however the message is written. What HTTP
// does not refuse with 403 is refused inside; each way in runs with enough scope.
func TestServe(t *testing.T) {
	const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"%s","arguments":{}}}`
	change := fmt.Sprintf(call, "change")
	large := strings.Replace(change, `"arguments":{}`, `"arguments":{},"_meta":{"x":"`+strings.Repeat("x", 1<<20)+`"}`, 1)
	h := serve(t, true)
	for _, c := range []struct {
		name, body string
		status     int // with scope read alone
		headers    []string
	}{
		{"plain", change, http.StatusForbidden, nil},
		{"large", large, http.StatusForbidden, nil},
		{"batch", "[" + strings.Replace(fmt.Sprintf(call, "look"), `"id":1`, `"id":2`, 1) + "," + change + "]", http.StatusForbidden, []string{"Mcp-Protocol-Version", "2025-03-26"}},
		{"escaped", strings.Replace(change, "change", `\u0063hange`, 1), http.StatusForbidden, nil},
		{"another name in another case", strings.Replace(change, `"arguments"`, `"Name":"look","arguments"`, 1), http.StatusOK, nil},
		{"other parameters in another case", change[:len(change)-1] + `,"Params":{"name":"look"}}`, http.StatusOK, nil},
	} {
		narrow := send(h, "read", c.body, c.headers...)
		if narrow.Code != c.status || strings.Contains(narrow.Body.String(), "ran change") {
			t.Errorf("%s: %d %.200s, want %d", c.name, narrow.Code, narrow.Body, c.status)
		}
		if challenge := narrow.Header().Get("WWW-Authenticate"); c.status == http.StatusForbidden &&
			(!strings.Contains(challenge, `error="insufficient_scope"`) || !strings.Contains(challenge, `scope="read write"`)) {
			t.Errorf("%s: challenge %q", c.name, challenge)
		}
		if wide := send(h, "read-write", c.body, c.headers...); wide.Code != http.StatusOK || !strings.Contains(wide.Body.String(), "ran change") {
			t.Errorf("%s, with enough scope: %d %.200s", c.name, wide.Code, wide.Body)
		}
	}
	if w := send(h, "read", fmt.Sprintf(call, "look")); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "ran look") {
		t.Errorf("look: %d %s", w.Code, w.Body)
	}
	if w := send(h, "read", "not JSON"); w.Code != http.StatusBadRequest {
		t.Errorf("not JSON: %d %s, want what the SDK says", w.Code, w.Body)
	}
}

// TestServeElsewhere: a server with a rule keeps it where no Guard stands before
// it.
func TestServeElsewhere(t *testing.T) {
	s := sdk.NewServer(&sdk.Implementation{Name: "s", Version: "1"}, nil)
	for _, name := range []string{"look", "change"} {
		sdk.AddTool(s, &sdk.Tool{Name: name}, func(context.Context, *sdk.CallToolRequest, struct{}) (*sdk.CallToolResult, any, error) {
			return &sdk.CallToolResult{}, nil, nil
		})
	}
	mcp.Serve(guard(t), s, mcp.Tools{"change": {"write"}}, nil)
	near, far := sdk.NewInMemoryTransports()
	if _, err := s.Connect(t.Context(), far, nil); err != nil {
		t.Fatal(err)
	}
	session, err := sdk.NewClient(&sdk.Implementation{Name: "c", Version: "1"}, nil).Connect(t.Context(), near, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "change"}); err == nil {
		t.Error("change ran without a token")
	}
	if _, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "look"}); err != nil {
		t.Errorf("look: %v", err)
	}
}
