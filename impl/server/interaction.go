package server

import (
	"context"
	"net/http"
)

// An Interaction puts authorization requests before people. The built-in pages
// (package interact) are one; a program with pages of its own writes another.
//
// The flow: the authorization endpoint validates and stores the request and
// sends the browser to the URL that Start returns. Whatever the Interaction
// does there, it finds the request again with Server.Pending, and ends it with
// Server.Complete, Server.Deny or Server.Fail, which return what to send the
// browser.
//
// What a client wants of the sign-in is in the Pending: where it is Silent, no page
// may ask anything, and a sign-in that Lacks something needs another. An
// Interaction that can do more or less than most is also an Offering.
type Interaction interface {
	// Start returns the URL, absolute or rooted, of the first page for p. An
	// error is shown as the server's fault and leaves the request waiting.
	Start(ctx context.Context, p *Pending) (location string, err error)
	// ShowError answers the browser with a page for an error that cannot or must
	// not be sent to a client, and with e.Status. Nothing else writes error
	// pages; an Interaction reports its own errors with Server.ShowError.
	ShowError(w http.ResponseWriter, r *http.Request, e ErrorPage)
	// ServeHTTP serves every path below the issuer that is no protocol
	// endpoint.
	http.Handler
}

// An ErrorPage is what a person is told about an error. No field holds input of
// the request or internal text.
type ErrorPage struct {
	Status      int    // HTTP status, 4xx or 5xx
	Code        string // the OAuth error code
	Description string // for the client's developer
	Reference   string // finds the log line of an internal error; empty otherwise
}
