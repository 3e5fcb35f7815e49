package server

import (
	"encoding/json"

	"github.com/charterauth/charter/impl/store"
)

// tokenEvent is an event about a token that a token request presented.
func (s *Server) tokenEvent(r tokenRequest, t store.Token, reason string) store.Event {
	return store.Event{Reason: reason, ClientID: r.client.id, GrantID: t.GrantID, Address: s.address(r.HTTP)}
}

// foreignToken is the event of a client that presents another client's token; it
// names both.
func (s *Server) foreignToken(r tokenRequest, t store.Token, reason string) store.Event {
	e := s.tokenEvent(r, t, reason)
	e.Detail, _ = json.Marshal(map[string]string{"token_client_id": t.ClientID}) // strings always marshal
	return e
}
