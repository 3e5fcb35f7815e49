// Command mcp is an MCP server with the official Go SDK on
// http://127.0.0.1:8081/mcp, or at MCP_URL, for people who log in at the Charter
// server at ISSUER. It is a client of that server, so that it may ask about
// tokens:
//
//	charter serve --resource http://127.0.0.1:8081/mcp --scope notes:read,notes:write
//	charter clients create --name 'Notes' --grant client_credentials
//	ISSUER=http://127.0.0.1:8080 CLIENT_ID=… CLIENT_SECRET=… go run ./impl/examples/mcp
package main

import (
	"cmp"
	"context"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/charterauth/charter/impl/protect"
	"github.com/charterauth/charter/impl/protect/mcp"
)

func main() {
	at, err := url.Parse(cmp.Or(os.Getenv("MCP_URL"), "http://127.0.0.1:8081/mcp"))
	if err != nil {
		log.Fatal(err)
	}
	h, err := newHandler(at.String(), os.Getenv("ISSUER"), os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(at.Host, h))
}

// newHandler returns the server behind its guard. Every request needs notes:read;
// who calls add_note without notes:write is told to ask the person for it.
func newHandler(resource, issuer, clientID, clientSecret string) (http.Handler, error) {
	verifier, err := protect.Introspection(protect.IntrospectionConfig{
		Endpoint: issuer + "/introspect", Issuer: issuer, ClientID: clientID, ClientSecret: clientSecret,
	})
	if err != nil {
		return nil, err
	}
	guard, err := protect.New(protect.Config{
		Resource:             resource,
		Name:                 "Notes",
		AuthorizationServers: []string{issuer},
		Verifier:             verifier,
		Scopes:               []string{"notes:read"},
	})
	if err != nil {
		return nil, err
	}
	server := sdk.NewServer(&sdk.Implementation{Name: "notes", Version: "1"}, nil)
	n := &notes{of: map[string][]string{}}
	sdk.AddTool(server, &sdk.Tool{Name: "list_notes", Description: "Lists your notes."}, n.list)
	sdk.AddTool(server, &sdk.Tool{Name: "add_note", Description: "Adds a note."}, n.add)
	return mcp.Serve(guard, server, mcp.Tools{"add_note": {"notes:write"}}, nil), nil
}

type notes struct {
	mu sync.Mutex
	of map[string][]string // by subject
}

func (n *notes) list(_ context.Context, r *sdk.CallToolRequest, _ struct{}) (*sdk.CallToolResult, any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := strings.Join(n.of[r.Extra.TokenInfo.UserID], "\n")
	return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: cmp.Or(text, "no notes")}}}, nil, nil
}

func (n *notes) add(_ context.Context, r *sdk.CallToolRequest, note struct {
	Text string `json:"text"`
}) (*sdk.CallToolResult, any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.of[r.Extra.TokenInfo.UserID] = append(n.of[r.Extra.TokenInfo.UserID], note.Text)
	return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: "added"}}}, nil, nil
}
