package server

import (
	"context"
	"errors"

	"github.com/charterauth/charter/impl/store"
)

// A LogoutInteraction is an Interaction that signs people out for clients. Of an
// OpenID provider whose Interaction is none there is no Logout Endpoint.
type LogoutInteraction interface {
	Interaction
	// StartLogout returns the URL, absolute or rooted, of the page that asks the
	// person about p. There the Interaction finds it again with Server.PendingLogout,
	// asks whether to sign out, and ends it with Server.CompleteLogout. An error is
	// shown as the server's fault.
	StartLogout(ctx context.Context, p *PendingLogout) (location string, err error)
}

// A LoggedOut is what is left for the browser to do after a logout.
type LoggedOut struct {
	location string
	frames   []FrontchannelLogout
	cookies  []string
}

// Location returns where the browser goes when all is done: the client's
// post_logout_redirect_uri, with state; "" where it stays. It goes there after the
// frames of Frontchannel were loaded.
func (l LoggedOut) Location() string { return l.location }

// SetCookie returns the cookies that go to the browser with the answer; nil without.
func (l LoggedOut) SetCookie() []string { return l.cookies }

// Frontchannel returns the clients that are to be told of the logout in the browser,
// each in a hidden frame of the page that it gets then; nil where there are none.
func (l LoggedOut) Frontchannel() []FrontchannelLogout { return l.frames }

// CompleteLogout signs people out: it ends each of the sessions as EndSession does,
// and returns what the browser has to do then. p is the request that the person
// answered, nil where they asked by themselves. That there was no session left to
// end is no error. Each of ends names its session.
//
// The Interaction has seen that the sessions are of the browser that asks, and that
// the person wants it; afterwards it takes away the browser's cookies. On an error
// call it again: whatever was done already does no harm twice.
func (s *Server) CompleteLogout(ctx context.Context, p *PendingLogout, ends ...SessionEnd) (LoggedOut, error) {
	if p != nil && p.server != s {
		return LoggedOut{}, errors.New("the PendingLogout was not made by this Server")
	}
	out := LoggedOut{location: p.wayBack()}
	for _, end := range ends {
		if end.SessionID == "" {
			return LoggedOut{}, errors.New("CompleteLogout: a session without an ID")
		}
		clients, err := s.EndSession(ctx, end)
		if err != nil {
			return LoggedOut{}, err
		}
		out.frames = append(out.frames, s.frontchannelLogouts(clients)...)
		s.emit(ctx, store.Event{Reason: "logout", Subject: end.Subject, ClientID: p.askedBy()})
	}
	if len(ends) > 0 {
		out.cookies = s.ChangeUserAgentState()
	}
	out.frames = s.framed(ctx, out.frames)
	return out, nil
}

// askedBy returns the client that asked for the logout, "" where the person did.
func (p *PendingLogout) askedBy() string {
	if p == nil {
		return ""
	}
	return p.ClientID()
}

// wayBack returns the post_logout_redirect_uri with state, once (RP-Initiated
// Logout §2).
func (p *PendingLogout) wayBack() string {
	if p == nil || p.parameters.RedirectURI == "" {
		return ""
	}
	if p.parameters.State == "" {
		return p.parameters.RedirectURI
	}
	return withQuery(p.parameters.RedirectURI, []parameter{{"state", p.parameters.State}})
}
