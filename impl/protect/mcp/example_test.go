package mcp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

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
