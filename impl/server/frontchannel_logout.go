package server

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/charterauth/charter/impl/client"
)

// A FrontchannelLogout is a client that is told of a logout in the browser (OpenID
// Connect Front-Channel Logout §2).
type FrontchannelLogout struct {
	ClientID   string
	ClientName string // the name that it gave itself; "" without one
	// URI is its frontchannel_logout_uri with iss and sid, to be loaded in a hidden
	// frame.
	URI string
	// Origin is the one source that frame-src needs for it.
	Origin string
}

// frontchannelLogouts returns those of the clients that registered a
// frontchannel_logout_uri. iss and sid are always there, whatever the client
// registered, so that never one is without the other (§2): a client that needs none
// ignores them, and with them nobody else can sign a person out there.
//
// A metadata document is not among them: its client would have to be fetched while
// the person waits. Nor is one at an IPv6 address, which no policy can name (CSP
// Level 3 §2.3.1): a wider one would let other frames in.
func (s *Server) frontchannelLogouts(clients []SessionClient) []FrontchannelLogout {
	var told []FrontchannelLogout
	for _, c := range clients {
		origin := client.Origin(c.Metadata.FrontchannelLogoutURI)
		if origin == "" || strings.ContainsAny(origin, "[;, ") || c.SessionID == "" {
			continue
		}
		told = append(told, FrontchannelLogout{
			ClientID: c.ClientID, ClientName: c.Metadata.ClientName, Origin: origin,
			URI: withQuery(c.Metadata.FrontchannelLogoutURI, []parameter{{"iss", s.issuer.identifier}, {"sid", c.SessionID}}),
		})
	}
	return told
}

const (
	// maxFrames bounds the page.
	maxFrames = 50
	// maxFrameSources bounds its policy, in bytes: with the rest of it, 4 KiB, which
	// every proxy takes for a header.
	maxFrameSources = 3500
)

// framed returns as many of told as fit one page, and says in the log whom it
// leaves out.
func (s *Server) framed(ctx context.Context, told []FrontchannelLogout) []FrontchannelLogout {
	var sources []string
	size := 0
	for i, f := range told {
		if !slices.Contains(sources, f.Origin) {
			sources, size = append(sources, f.Origin), size+len(f.Origin)+1
		}
		if i == maxFrames || size > maxFrameSources {
			s.logger().LogAttrs(ctx, slog.LevelWarn, "too many clients to be told of a logout by the browser", slog.Int("clients", len(told)), slog.Int("told", i))
			return told[:i]
		}
	}
	return told
}
