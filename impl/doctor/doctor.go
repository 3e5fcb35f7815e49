package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// A Config says what to look at. URL has no default.
type Config struct {
	// URL is an MCP server's or an issuer's.
	URL string
	// Clients are replayed one after the other. nil: all known.
	Clients []Client
	// HTTP sends the requests; its redirect policy and cookies are not used. nil:
	// http.DefaultTransport.
	HTTP *http.Client
}

// Run replays the clients. The error says that URL is none, or wraps the
// context's; everything that is wrong with a server is in the report.
func Run(ctx context.Context, c Config) (Report, error) {
	target, err := parse(c.URL)
	if err != nil {
		return Report{}, fmt.Errorf("doctor: %w", err)
	}
	if target.User != nil || target.Fragment != "" || target.RawQuery != "" {
		return Report{}, fmt.Errorf("doctor: %.100q has user information, a query or a fragment", c.URL)
	}
	if c.Clients == nil {
		c.Clients = Clients()
	}
	client := http.Client{Timeout: timeout}
	if c.HTTP != nil {
		client.Transport = c.HTTP.Transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	report := Report{URL: c.URL, MCPServer: isMCPServer(ctx, &client, c.URL)}
	for _, known := range c.Clients {
		s := &session{client: known, http: &client, target: c.URL, mcpServer: report.MCPServer}
		if !s.mcpServer {
			s.issuer = c.URL
		}
		report.Results = append(report.Results, s.replay(ctx)...)
		if id := s.remove(ctx); id != "" {
			report.Left = append(report.Left, id)
		}
		if err := ctx.Err(); err != nil {
			return report, fmt.Errorf("doctor: %w", err)
		}
	}
	return report, nil
}

// isMCPServer: an issuer is what has metadata that name it, and asks for no token
// itself. Everything else is taken for an MCP server, as clients do.
func isMCPServer(ctx context.Context, client *http.Client, target string) bool {
	if a, err := exchange(ctx, client, initialize(Client{}, target)); err == nil && a.status == http.StatusUnauthorized {
		return true
	}
	for _, u := range serverMetadataURLs(target) {
		a, err := exchange(ctx, client, call{method: http.MethodGet, url: u})
		if err == nil && a.status == http.StatusOK && sameIssuer(a.members().text("issuer"), target) {
			return false
		}
	}
	return true
}

// sameIssuer lets the person who typed the URL leave out a slash.
func sameIssuer(a, b string) bool {
	return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/")
}

// initialize is the first message of every MCP client, without a token.
func initialize(c Client, target string) call {
	header := map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
	}
	if c.Origin != "" {
		header["Origin"] = c.Origin
	}
	return call{
		method: http.MethodPost, url: target, header: header,
		body: `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"` + protocolVersion +
			`","capabilities":{},"clientInfo":{"name":"charter-doctor","version":"1"}}}`,
	}
}

// resourceMetadataURLs are where clients look without a hint (MCP authorization
// server discovery, Protected Resource Metadata Discovery Requirements).
func resourceMetadataURLs(server string) []string {
	return wellKnown(server, "oauth-protected-resource", true)
}

// serverMetadataURLs are where clients look, in their order (the same,
// Authorization Server Metadata Discovery).
func serverMetadataURLs(issuer string) []string {
	urls := wellKnown(issuer, "oauth-authorization-server", false)
	urls = append(urls, wellKnown(issuer, "openid-configuration", false)...)
	u, err := url.Parse(issuer)
	if path := pathOf(u); err == nil && path != "" {
		urls = append(urls, origin(u)+path+"/.well-known/openid-configuration")
	}
	return urls
}

// wellKnown inserts the name between host and path (RFC 8414 §3.1, RFC 9728
// §3.1), and adds the root where it differs and is wanted.
func wellKnown(raw, name string, root bool) []string {
	u, err := url.Parse(raw)
	if err != nil {
		return nil
	}
	at := origin(u) + "/.well-known/" + name
	path := pathOf(u)
	if path == "" {
		return []string{at}
	}
	if root {
		return []string{at + path, at}
	}
	return []string{at + path}
}

func pathOf(u *url.URL) string { return strings.TrimSuffix(u.EscapedPath(), "/") }

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }
