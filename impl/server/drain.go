package server

import (
	"errors"
	"net/http"
)

var errDraining = errors.New("the server is about to stop")

// Drain makes the server say that it is not ready, and close each connection
// after its next answer, while it goes on answering: load balancers and clients
// move away before its listener closes. There is no way back.
func (s *Server) Drain() { s.draining.Store(true) }

// sendAway tells a client to come back on another connection, in HTTP/2 too.
func (s *Server) sendAway(h http.Header) {
	if s.draining.Load() {
		h.Set("Connection", "close")
	}
}
