package mcp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/auth"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/protect"
	"github.com/charterauth/charter/impl/protect/mcp"
)

func ExampleHandler() {
	g, err := protect.New(protect.Config{
		Resource:             "https://mcp.example.com/mcp",
		AuthorizationServers: []string{"https://auth.example.com"},
		Verifier: protect.VerifierFunc(func(context.Context, string) (protect.Identity, error) {
			return protect.Identity{}, protect.ErrUnavailable // usually protect.InProcess, Introspection or JWT
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := sdk.NewServer(&sdk.Implementation{Name: "notes", Version: "1"}, nil)
	h := mcp.Handler(g, sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return server }, nil))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "https://mcp.example.com/mcp", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
}

func ExampleServe() {
	g, err := protect.New(protect.Config{
		Resource:             "https://mcp.example.com/mcp",
		AuthorizationServers: []string{"https://auth.example.com"},
		Scopes:               []string{"notes:read"},
		Verifier: protect.VerifierFunc(func(context.Context, string) (protect.Identity, error) {
			return protect.Identity{Subject: "alice", Scopes: []string{"notes:read"}, Audience: []string{"https://mcp.example.com/mcp"}}, nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := sdk.NewServer(&sdk.Implementation{Name: "notes", Version: "1"}, nil)
	h := mcp.Serve(g, server, mcp.Tools{"add_note": {"notes:write"}}, nil)
	r := httptest.NewRequest(http.MethodPost, "https://mcp.example.com/mcp",
		strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_note"}}`))
	r.Header.Set("Authorization", "Bearer of-alice")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code)
	fmt.Println(strings.ReplaceAll(w.Header().Get("WWW-Authenticate"), ", ", "\n"))
	// Output:
	// 403
	// Bearer error="insufficient_scope"
	// error_description="the request needs a token with more scope"
	// scope="notes:read notes:write"
	// resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
}

// A program that keeps to the SDK's own middleware.
func ExampleTokenVerifier() {
	g, err := protect.New(protect.Config{
		Resource:             "https://mcp.example.com/mcp",
		AuthorizationServers: []string{"https://auth.example.com"},
		Verifier: protect.VerifierFunc(func(context.Context, string) (protect.Identity, error) {
			return protect.Identity{}, oauth.InvalidToken("unknown", "there is no such token")
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := auth.RequireBearerToken(mcp.TokenVerifier(g), nil)(http.NotFoundHandler())
	r := httptest.NewRequest(http.MethodPost, "https://mcp.example.com/mcp", nil)
	r.Header.Set("Authorization", "Bearer unknown")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output: 401
}
