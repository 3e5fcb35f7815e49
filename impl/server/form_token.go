package server

import (
	"crypto/hmac"
	"net/http"
)

// FormToken returns what a form carries that belongs to no authorization request
// and is open to whoever is not signed in: only who knows the browser cookie of
// r can compute it. purpose keeps forms apart. setCookie is the cookie that
// names the browser, nil when it had a name.
func (s *Server) FormToken(r *http.Request, purpose string) (token string, setCookie []string) {
	browser, setCookie := s.browser(r)
	return csrfToken(browser, formPurpose(purpose)), setCookie
}

// CheckFormToken reports, in constant time, whether token is what FormToken gave
// the browser of r for purpose.
func (s *Server) CheckFormToken(r *http.Request, purpose, token string) bool {
	browser, ok := s.knownBrowser(r)
	return ok && hmac.Equal([]byte(token), []byte(csrfToken(browser, formPurpose(purpose))))
}

// formPurpose is never a handle: those have no space.
func formPurpose(purpose string) string { return "form " + purpose }
