package main

import (
	"context"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"github.com/charterauth/charter/impl/interact"
	"github.com/charterauth/charter/impl/internal/person"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/server"
	"github.com/charterauth/charter/impl/store/memory"
)

// TestMainJob: an MCP client finds the authorization server, registers, and has a
// person log in: for notes:read first, and for notes:write when a tool needs it.
func TestMainJob(t *testing.T) {
	as, api := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	issuer, resource := "http://"+as.Listener.Addr().String(), "http://"+api.Listener.Addr().String()+"/mcp"
	kek, err := seal.ParseKEK([]byte(seal.GenerateKEK()))
	if err != nil {
		t.Fatal(err)
	}
	st := memory.New()
	accounts := interact.NewLocalAccounts(st)
	srv, err := server.New(server.Config{
		Issuer: issuer, Store: st, KeyEncryptionKey: kek, Registration: server.RegistrationOpen,
		Resources:   []server.Resource{{URI: resource, Scopes: []string{"notes:read", "notes:write"}}},
		Interaction: interact.Pages(interact.Config{Accounts: accounts, Store: st}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	if err := accounts.Add(t.Context(), "alice", "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	client, secret, err := server.CreateClient(t.Context(), st, time.Now(), server.OperatorClient{
		Metadata: []byte(`{"client_name":"Notes","grant_types":["client_credentials"]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	as.Config.Handler = srv
	if api.Config.Handler, err = newHandler(resource, issuer, client.ID, secret); err != nil {
		t.Fatal(err)
	}
	as.Start()
	t.Cleanup(as.Close)
	api.Start()
	t.Cleanup(api.Close)

	asked := &asked{person: person.Person{Name: "alice", Password: "correct horse battery"}}
	session := connect(t, resource, asked)
	for _, c := range []struct {
		tool string
		with map[string]any
		want string
		asks int // how often the person was asked by then
	}{
		{"list_notes", nil, "no notes", 1},
		{"add_note", map[string]any{"text": "milk"}, "added", 2},
		{"add_note", map[string]any{"text": "bread"}, "added", 2},
		{"list_notes", nil, "milk\nbread", 2},
	} {
		res, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: c.tool, Arguments: c.with})
		if err != nil {
			t.Fatalf("%s: %v", c.tool, err)
		}
		if text := res.Content[0].(*sdk.TextContent).Text; text != c.want || len(asked.scopes) != c.asks {
			t.Errorf("%s: %q after asking %d times, want %q after %d", c.tool, text, len(asked.scopes), c.want, c.asks)
		}
	}
	for i, scope := range asked.scopes { // the SDK puts them in any order
		values := strings.Fields(scope)
		slices.Sort(values)
		asked.scopes[i] = strings.Join(values, " ")
	}
	if got := strings.Join(asked.scopes, ", "); got != "notes:read, notes:read notes:write" {
		t.Errorf("the person was asked for %s", got)
	}
}

// asked is a person who allows what an MCP client asks for, and remembers it.
type asked struct {
	person person.Person
	scopes []string
}

func (a *asked) fetch(_ context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	request, err := url.Parse(args.URL)
	if err != nil {
		return nil, err
	}
	a.scopes = append(a.scopes, request.Query().Get("scope"))
	to, err := a.person.Decide(args.URL, "allow")
	if err != nil {
		return nil, err
	}
	answer := to.Query()
	return &auth.AuthorizationResult{Code: answer.Get("code"), State: answer.Get("state"), Iss: answer.Get("iss")}, nil
}

func connect(t *testing.T, resource string, a *asked) *sdk.ClientSession {
	t.Helper()
	handler, err := auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
		DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{Metadata: &oauthex.ClientRegistrationMetadata{
			ClientName: "Test", RedirectURIs: []string{"http://127.0.0.1:9/callback"},
			GrantTypes: []string{"authorization_code", "refresh_token"}, TokenEndpointAuthMethod: "none",
		}},
		AuthorizationCodeFetcher: a.fetch,
	})
	if err != nil {
		t.Fatal(err)
	}
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &sdk.StreamableClientTransport{
		Endpoint: resource, OAuthHandler: handler, MaxRetries: -1,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}
