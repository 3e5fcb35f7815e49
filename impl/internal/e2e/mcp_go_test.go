package e2e

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"golang.org/x/oauth2"
)

// TestMCPWithGoSDK: a client of the official Go SDK logs in through the pages,
// calls the example, is stepped up, refreshes, and is cut off by the person.
func TestMCPWithGoSDK(t *testing.T) {
	onEveryRegistration(t, func(t *testing.T, n *notesServer, document string) {
		c := newGoClient(t, n, document)
		c.connect(n.url)
		if got := c.mustCall("list_notes", nil); got != "no notes" {
			t.Errorf("list_notes: %q", got)
		}
		if got := c.mustCall("add_note", map[string]any{"text": "milk"}); got != "added" {
			t.Errorf("add_note: %q", got)
		}
		if c.tokens[0].AccessToken == c.tokens[1].AccessToken || c.refreshes == 0 {
			t.Errorf("%d refreshes after %d logins", c.refreshes, len(c.tokens))
		}
		before := c.refreshes
		c.expire()
		if got := c.mustCall("list_notes", nil); got != "milk" || c.refreshes != before+1 {
			t.Errorf("after %d refreshes list_notes: %q", c.refreshes-before, got)
		}
		c.person.revoke()
		if err := c.callUntilRefused(); !errors.Is(err, errNobody) {
			t.Errorf("after the revocation: %v", err)
		}
		checkAsked(t, c.asked)
	})
}

var errNobody = errors.New("nobody is there to log in")

// A goClient is an MCP client with a person before its browser.
type goClient struct {
	person    *holder
	config    auth.AuthorizationCodeHandlerConfig
	session   *sdk.ClientSession
	answers   chan url.Values
	asked     []string        // the scopes of each authorization request
	tokens    []*oauth2.Token // of each login
	source    *expiring
	refreshes int

	t *testing.T
}

func newGoClient(t *testing.T, n *notesServer, document string) *goClient {
	t.Helper()
	c := &goClient{person: &holder{browser: newBrowser(t), charter: n.charter}, answers: make(chan url.Values, 1), t: t}
	callback := httptest.NewServer(http.HandlerFunc(c.callback))
	t.Cleanup(callback.Close)
	c.config = auth.AuthorizationCodeHandlerConfig{
		RedirectURL:              callback.URL + "/callback",
		AuthorizationCodeFetcher: c.fetch,
		NewTokenSource:           c.newSource,
	}
	if document != "" {
		c.config.ClientIDMetadataDocumentConfig = &auth.ClientIDMetadataDocumentConfig{URL: document}
		return c
	}
	c.config.DynamicClientRegistrationConfig = &auth.DynamicClientRegistrationConfig{Metadata: &oauthex.ClientRegistrationMetadata{
		ClientName:              "MCP Go SDK",
		RedirectURIs:            []string{c.config.RedirectURL},
		GrantTypes:              []string{"authorization_code", "refresh_token"},
		TokenEndpointAuthMethod: "none",
	}}
	return c
}

func (c *goClient) callback(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/callback" {
		http.NotFound(w, r)
		return
	}
	c.answers <- r.URL.Query()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, `<title>Done</title><p id="done">You can close this window.`)
}

// fetch has the person allow the first two requests; then nobody is there.
func (c *goClient) fetch(_ context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	request, err := url.Parse(args.URL)
	if err != nil {
		return nil, err
	}
	c.asked = append(c.asked, request.Query().Get("scope"))
	if len(c.asked) > 2 {
		return nil, errNobody
	}
	c.person.allow(args.URL)
	answer := <-c.answers
	return &auth.AuthorizationResult{Code: answer.Get("code"), State: answer.Get("state"), Iss: answer.Get("iss")}, nil
}

// An expiring source refreshes with golang.org/x/oauth2 when its token has run
// out, or when it was told that it has.
type expiring struct {
	client  *goClient
	ctx     context.Context
	config  *oauth2.Config
	current *oauth2.Token
}

func (c *goClient) newSource(ctx context.Context, config *oauth2.Config, token *oauth2.Token) (oauth2.TokenSource, error) {
	c.tokens = append(c.tokens, token)
	c.source = &expiring{client: c, ctx: ctx, config: config, current: token}
	c.expire()
	return c.source, nil
}

func (c *goClient) expire() {
	ran := *c.source.current
	ran.Expiry = time.Now().Add(-time.Minute)
	c.source.current = &ran
}

func (s *expiring) Token() (*oauth2.Token, error) {
	token, err := s.config.TokenSource(s.ctx, s.current).Token()
	if err != nil {
		return nil, err
	}
	if token.AccessToken != s.current.AccessToken {
		s.client.refreshes++
	}
	s.current = token
	return token, nil
}

func (c *goClient) connect(endpoint string) {
	c.t.Helper()
	handler, err := auth.NewAuthorizationCodeHandler(&c.config)
	if err != nil {
		c.t.Fatal(err)
	}
	c.session, err = sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(c.t.Context(), &sdk.StreamableClientTransport{
		Endpoint: endpoint, OAuthHandler: handler, MaxRetries: -1,
		DisableStandaloneSSE: true, // so that one request at a time needs a token
	}, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { c.session.Close() })
}

func (c *goClient) call(tool string, arguments map[string]any) (string, error) {
	res, err := c.session.CallTool(c.t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		return "", err
	}
	return res.Content[0].(*sdk.TextContent).Text, nil
}

func (c *goClient) mustCall(tool string, arguments map[string]any) string {
	c.t.Helper()
	text, err := c.call(tool, arguments)
	if err != nil {
		c.t.Fatalf("%s: %v", tool, err)
	}
	return text
}

// callUntilRefused calls until the example hears of a revocation: it keeps
// answers of the authorization server for seconds.
func (c *goClient) callUntilRefused() error {
	var err error
	for range 60 {
		if _, err = c.call("list_notes", nil); err != nil {
			return err
		}
		time.Sleep(500 * time.Millisecond)
	}
	return nil
}
