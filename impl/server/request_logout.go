package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// RequestLogout is the Logout Endpoint (OpenID Connect RP-Initiated Logout §2).
func (s protocol) RequestLogout(ctx context.Context, in *gen.RequestLogoutInput) (gen.RequestLogoutOutput, error) {
	location, err := s.requestLogout(ctx, in.HTTP, in.Query)
	if err != nil {
		return nil, err
	}
	return gen.RequestLogout303{Location: location}, nil
}

// RequestLogoutPost is the Logout Endpoint for requests that are sent as a form.
// SameSite keeps the cookies of this server away from another site's form; the
// GET of the page that follows has them.
func (s protocol) RequestLogoutPost(ctx context.Context, in *gen.RequestLogoutPostInput) (gen.RequestLogoutPostOutput, error) {
	location, err := s.requestLogout(ctx, in.HTTP, in.Form)
	if err != nil {
		return nil, err
	}
	return gen.RequestLogoutPost303{Location: location}, nil
}

// requestLogout checks a logout request and puts it before the person. It ends
// nothing and looks at no cookie: who is signed in is the Interaction's to know.
// Every error is a page: RP-Initiated Logout §4 lets none be told by redirect.
func (s *Server) requestLogout(ctx context.Context, r *http.Request, q gen.RPLogoutRequest) (location string, err error) {
	if s.logout == nil {
		return "", errNoLogout
	}
	if err := s.checkVisit(r); err != nil {
		return "", err
	}
	c, hint, err := s.checkLogoutClient(ctx, q)
	if err != nil {
		return "", err
	}
	if err := checkPostLogoutRedirectURI(c, q); err != nil {
		return "", err
	}
	parameters := logoutParameters{SessionID: hint.sessionID, Subject: hint.subject, LogoutHint: q.LogoutHint, UILocales: strings.Fields(q.UILocales)}
	if hint.subject != "" && q.PostLogoutRedirectURI != "" {
		// §3: without a hint nobody has confirmed who asks. client_id is a word that
		// anybody can write.
		parameters.RedirectURI, parameters.State = q.PostLogoutRedirectURI, q.State
	}
	return s.askLogout(ctx, c, parameters)
}

var errNoLogout = &refusal{as: oauth.InvalidRequest("no_logout_endpoint", "this server has no logout endpoint"), status: http.StatusNotFound}

// logoutParameters is what the record of a logout request keeps of it, once it is
// checked.
type logoutParameters struct {
	SessionID   string   `json:"session_id,omitempty"`   // sid of the hint
	Subject     string   `json:"subject,omitempty"`      // sub of the hint, as the client knows the person
	RedirectURI string   `json:"redirect_uri,omitempty"` // where the browser goes afterwards, byte for byte
	State       string   `json:"state,omitempty"`
	LogoutHint  string   `json:"logout_hint,omitempty"`
	UILocales   []string `json:"ui_locales,omitempty"`
}

// askLogout stores the request and starts the page. It is bound to no browser:
// whoever is sent to that page could as well be sent to the endpoint, with the same
// parameters.
func (s *Server) askLogout(ctx context.Context, c *registered, parameters logoutParameters) (location string, err error) {
	document, err := json.Marshal(parameters)
	if err != nil {
		return "", err
	}
	handle := seal.NewToken(seal.PrefixLogout)
	now := s.now()
	record := store.Token{
		Digest:     s.logoutDigest(handle),
		Kind:       store.LogoutRequest,
		Parameters: document,
		CreatedAt:  now,
		ExpiresAt:  now.Add(s.cfg.Lifetimes.AuthorizationRequest),
	}
	if c != nil {
		record.ClientID = c.id
	}
	if err := s.store.Issue(ctx, nil, record); err != nil {
		return "", err
	}
	return s.logout.StartLogout(ctx, &PendingLogout{s, handle, c, parameters})
}

// logoutDigest finds a logout request, of this issuer alone: two of them may share a
// store.
func (s *Server) logoutDigest(handle string) store.Digest {
	return store.NewDigest(store.LogoutRequest, handle+" "+s.issuer.identifier)
}
