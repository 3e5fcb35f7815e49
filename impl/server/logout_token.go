package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/charterauth/charter/impl/fetch"
	"github.com/charterauth/charter/impl/mint"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// logoutTokenLifetime is the most that Back-Channel Logout §4 recommends.
const logoutTokenLifetime = 2 * time.Minute

// sendLogout tells a client that a session is over (Back-Channel Logout §2.5). The
// error is a *refusedDelivery where trying again would not help.
func (s *Server) sendLogout(ctx context.Context, d store.Delivery, notice logoutNotice) error {
	c, err := s.logoutClient(ctx, d.ClientID)
	if err != nil {
		return err
	}
	if c.metadata.BackchannelLogoutURI == "" {
		return errNotWanted
	}
	if c.metadata.BackchannelLogoutSessionRequired && notice.SessionID == "" {
		return &refusedDelivery{reason: "no_session"} // §2.2: what has no sid is not for this URI
	}
	token, err := s.logoutToken(ctx, c, notice)
	if err != nil {
		return err
	}
	answer, err := s.poster.Post(ctx, c.metadata.BackchannelLogoutURI, url.Values{"logout_token": {token}})
	if err != nil {
		return err
	}
	return logoutAnswer(answer)
}

// logoutClient returns the client as it is registered now. One that is gone or was
// disabled is told nothing; a metadata document may be unreachable for a while.
func (s *Server) logoutClient(ctx context.Context, id string) (*registered, error) {
	c, err := s.lookupClient(ctx, id)
	if refused, ok := errors.AsType[*oauth.Error](err); ok && !errors.Is(err, fetch.ErrUnavailable) {
		return nil, &refusedDelivery{reason: refused.Reason}
	}
	return c, err
}

// logoutToken makes the token that is sent now: its iat, exp, key and jti are those
// of this attempt. A jti names a token, not a logout. Where a client did its part
// and its answer got lost, a second token with the jti of the first would be a
// replay to it (§2.6 step 8) and its 400 look like a failure; with another it finds
// the person signed out already, which is success (§2.7).
func (s *Server) logoutToken(ctx context.Context, c *registered, notice logoutNotice) (string, error) {
	subject, err := s.subjectFor(ctx, c, notice.Subject)
	if err != nil {
		return "", err
	}
	alg := idTokenAlgorithm(c)
	if err := s.keys.ensure(ctx, alg); err != nil {
		return "", err
	}
	now := s.now()
	return mint.LogoutToken{
		Issuer: s.issuer.identifier, ClientID: c.id, Subject: subject, SessionID: notice.SessionID,
		IssuedAt: now, ExpiresAt: now.Add(logoutTokenLifetime),
		Sign: s.signerFor(c, string(alg), encryption{c.metadata.IDTokenEncryptedResponseAlg, c.metadata.IDTokenEncryptedResponseEnc, s.issuer.identifier}),
	}.Mint(ctx)
}

// logoutAnswer reads what a client answered (§2.8): 200 or 204 is done, and so is
// what else RFC 9110 §15.3 calls success. 400 is its word that the logout failed.
// Of the rest only what an outage looks like is tried again (§2.5), 404 among it: so
// answers what stands before a client that is being started.
func logoutAnswer(a fetch.Answer) error {
	switch {
	case a.Status >= 200 && a.Status <= 299:
		return nil
	case a.Status >= 500, a.Status == http.StatusNotFound, a.Status == http.StatusRequestTimeout, a.Status == http.StatusTooEarly, a.Status == http.StatusTooManyRequests:
		return fmt.Errorf("status %d", a.Status)
	}
	return &refusedDelivery{reason: "status", status: a.Status, said: saidCode(a.Body)}
}

// saidCode returns the error code of an answer, "" where there is none of the form
// of RFC 6749 §5.2: it is for the audit trail, where a stranger's text has no place.
func saidCode(body []byte) string {
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &said) != nil || len(said.Error) > 64 {
		return ""
	}
	for _, r := range said.Error {
		if r != '_' && (r < 'a' || r > 'z') {
			return ""
		}
	}
	return said.Error
}
