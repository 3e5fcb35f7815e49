package server

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/charterauth/charter/impl/client"
)

// The OP user agent state is a random value in a cookie of its own: with every
// sign-in, sign-out and change of account at a browser it becomes another, so that a
// client finds out, by a frame, that something is different (OpenID Connect Session
// Management §3.2). It says nothing else, and nothing is looked up by it.
//
// It is the one cookie that scripts can read and that goes along in frames of other
// sites: the script of check_session.go reads it there, and could not otherwise. So
// it is neither HttpOnly nor SameSite=Lax, and holds nothing that identifies anybody.

// stateCookie is the cookie's name.
func (s *Server) stateCookie() string {
	if s.issuer.secure {
		return "__Host-charter-state"
	}
	return "charter-state"
}

// A userAgentState is the value that a response is computed with, and the cookie
// that gives it to the browser; "" where it has it.
type userAgentState struct{ value, cookie string }

// userAgentState returns the state of the browser of r, or makes one.
func (s *Server) userAgentState(r *http.Request) userAgentState {
	if cookies := r.CookiesNamed(s.stateCookie()); len(cookies) == 1 && wellFormedState(cookies[0].Value) {
		return userAgentState{value: cookies[0].Value}
	}
	return s.newUserAgentState()
}

// newUserAgentState returns a state that is another than any before. Without https,
// that is on loopback, no browser takes SameSite=None; every port is the same site
// there.
func (s *Server) newUserAgentState() userAgentState {
	value := randomID()
	cookie := http.Cookie{Name: s.stateCookie(), Value: value, Path: "/", Secure: s.issuer.secure, SameSite: http.SameSiteLaxMode}
	if s.issuer.secure {
		cookie.SameSite = http.SameSiteNoneMode
	}
	return userAgentState{value, cookie.String()}
}

// wellFormedState reports whether a value can be one of randomID.
func wellFormedState(value string) bool {
	b, err := base64.RawURLEncoding.DecodeString(value)
	return err == nil && len(b) == 16
}

// ChangeUserAgentState returns the cookie that tells the clients of a browser, by the
// frame of Session Management, that who is signed in there has changed: for an
// Interaction, with every sign-in and every choice of another account. A sign-out and
// a sign-in that Complete is told of have it already. nil where this is no OpenID
// provider.
func (s *Server) ChangeUserAgentState() (setCookie []string) {
	if !s.cfg.openIDProvider() {
		return nil
	}
	return []string{s.newUserAgentState().cookie}
}

// withSessionState makes the answer to an authentication request carry session_state:
// the client asked for openid, and has an origin to ask again from (§2).
func (t redirectTarget) withSessionState(clientID string, scopes []string, state userAgentState) redirectTarget {
	if slices.Contains(scopes, openID) && client.RedirectOrigin(t.uri) != "" {
		t.clientID, t.userAgent = clientID, state
	}
	return t
}

// sessionState returns what the client sends to the frame, which computes it again
// (§3.2): a hash of the client, its origin, the user agent state and a salt, and the
// salt. With the salt it is another in every answer, so that nobody is known again by
// it.
func sessionState(clientID, redirectURI, state string) string {
	salt := randomID()
	sum := sha256.Sum256([]byte(clientID + " " + client.RedirectOrigin(redirectURI) + " " + state + " " + salt))
	return base64.RawURLEncoding.EncodeToString(sum[:]) + "." + salt
}
