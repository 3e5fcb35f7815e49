package doctor

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

func mayRegister(s *session) bool { return s.metadata.text("registration_endpoint") != "" }

// checkIdentification selects as the client does (MCP client registration,
// priority order).
func checkIdentification(_ context.Context, s *session) verdict {
	methods := s.metadata.texts("token_endpoint_auth_methods_supported")
	offered := s.metadata.flag("client_id_metadata_document_supported")
	none := slices.Contains(methods, "none")
	found := "metadata documents are not offered"
	if offered {
		found = "metadata documents are offered"
	}
	found += "; authentication methods: " + strings.Join(methods, " ")
	if mayRegister(s) {
		found += "; registration is offered"
	}
	s.looked("metadata of "+s.metadataAt, found)
	s.byDocument = offered && s.client.Document != "" && (none || !s.client.DocumentNeedsNone)
	switch {
	case s.byDocument, mayRegister(s) && (!offered || s.client.Document == ""):
		return passed
	case offered && s.client.Document != "" && mayRegister(s):
		return warned("metadata documents are offered, but the client registers: none is not among the authentication methods")
	case offered && s.client.Document != "":
		return failed("metadata documents are offered, but the client does not use them without none among the authentication methods, and it cannot register")
	case offered:
		return failed("the client has no metadata document, and it cannot register: people must enter a client_id")
	}
	return failed("neither metadata documents nor registration are offered: people must enter a client_id")
}

// checkDocument makes sure that the document can be had at all, before its login
// is laid on the server.
func checkDocument(ctx context.Context, s *session) verdict {
	a, err := s.send(ctx, call{method: http.MethodGet, url: s.client.Document, header: map[string]string{"Accept": "application/json"}})
	switch {
	case err != nil:
		s.byDocument = false
		return warned("the client's document cannot be reached from here")
	case a.status != http.StatusOK || a.members().text("client_id") != s.client.Document:
		s.byDocument = false
		return warned("what is at the client's document's URL is not the document")
	}
	s.clientID, s.document = s.client.Document, a.members()
	return passed
}

func checkRegistration(ctx context.Context, s *session) verdict {
	body := document(s.client.throwAway(s.scope(), s.metadata.texts("grant_types_supported")))
	a, err := s.send(ctx, call{method: http.MethodPost, url: s.metadata.text("registration_endpoint"), header: s.jsonHeader(), body: body})
	if err != nil {
		return failed("the registration endpoint cannot be reached: " + err.Error())
	}
	s.registration = a
	s.requested += " " + printable(body)
	if a.status != http.StatusCreated && a.status != http.StatusOK {
		return failed("the registration is refused")
	}
	m := a.members()
	if m.text("client_id") == "" {
		return failed("the answer has no client_id")
	}
	s.registered, s.clientID = m, m.text("client_id")
	method := m.text("token_endpoint_auth_method")
	if method != "" && !slices.Contains([]string{"none", "client_secret_post", "client_secret_basic"}, method) {
		return failed("the server chose " + method + ", which the client cannot do")
	}
	if strings.HasPrefix(method, "client_secret_") && m.text("client_secret") == "" {
		return failed("the server chose " + method + " and gave no client_secret")
	}
	if nulls := m.nulls(); len(nulls) > 0 {
		v := failed("null: " + strings.Join(nulls, ", "))
		v.cure = "leave out what is not there instead of sending null"
		if !s.client.RefusesNull {
			v.status = Warn
		}
		return v
	}
	return passed
}

// jsonHeader is that of a registration.
func (s *session) jsonHeader() map[string]string {
	header := map[string]string{"Content-Type": "application/json", "Accept": "application/json"}
	if s.client.Origin != "" {
		header["Origin"] = s.client.Origin
	}
	return header
}

func checkRegisteredURIs(_ context.Context, s *session) verdict {
	kept := s.registered.texts("redirect_uris")
	s.looked("redirect_uris of the registration", strings.Join(kept, " "))
	if len(kept) == 0 {
		return failed("the answer has no redirect_uris")
	}
	if !slices.Contains(kept, s.redirectURI()) {
		return failed(s.redirectURI() + " is not among them")
	}
	return passed
}
