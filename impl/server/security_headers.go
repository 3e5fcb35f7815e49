package server

import "net/http"

// setSecurityHeaders puts the headers that every answer carries, errors and 404
// included, before anything else is written. Operations replace Cache-Control
// and Content-Security-Policy where the document or a page says otherwise.
func (s *Server) setSecurityHeaders(h http.Header) {
	h["Cache-Control"] = headerNoStore
	h["Content-Security-Policy"] = headerNothing
	h["Cross-Origin-Opener-Policy"] = headerSameOrigin
	h["Cross-Origin-Resource-Policy"] = headerSameOrigin
	h["Referrer-Policy"] = headerNoReferrer
	h["X-Content-Type-Options"] = headerNoSniff
	h["X-Frame-Options"] = headerDeny
	if s.issuer.secure {
		h["Strict-Transport-Security"] = headerTransport
	}
}

// The values are shared by all answers: nothing appends to these headers.
var (
	headerNoStore    = []string{"no-store"}
	headerNothing    = []string{"default-src 'none'; frame-ancestors 'none'"}
	headerSameOrigin = []string{"same-origin"}
	headerNoReferrer = []string{"no-referrer"}
	headerNoSniff    = []string{"nosniff"}
	headerDeny       = []string{"DENY"}
	headerTransport  = []string{"max-age=63072000"}
)
