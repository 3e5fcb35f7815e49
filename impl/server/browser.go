package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

// The browser cookie names a browser to this server: a random value that binds
// every waiting request to the browser that made it, so that a handle that leaks
// or is sent to somebody is of no use elsewhere (RFC 9700 §4.7).

// browserCookie is the cookie's name. The __Host- prefix keeps other hosts of
// the domain from setting it, and needs https.
func (s *Server) browserCookie() string {
	if s.issuer.secure {
		return "__Host-charter-browser"
	}
	return "charter-browser"
}

// browser returns the value that names the browser of r and, if it had none, the
// cookie that gives it one.
func (s *Server) browser(r *http.Request) (value string, setCookie []string) {
	if value, ok := s.knownBrowser(r); ok {
		return value, nil
	}
	value = seal.NewToken(seal.PrefixBrowser)
	cookie := http.Cookie{
		Name: s.browserCookie(), Value: value, Path: "/",
		HttpOnly: true, Secure: s.issuer.secure, SameSite: http.SameSiteLaxMode,
	}
	return value, []string{cookie.String()}
}

// browserDigest binds what a browser began to this issuer: two of them on one host
// share cookies, and may share a store.
func (s *Server) browserDigest(browser string) string {
	return store.NewDigest(store.Browser, browser+" "+s.issuer.identifier).String()
}

// knownBrowser returns the value of the browser cookie. Two cookies of the name
// are none: one of them was put there by somebody else.
func (s *Server) knownBrowser(r *http.Request) (string, bool) {
	cookies := r.CookiesNamed(s.browserCookie())
	if len(cookies) != 1 || !seal.WellFormed(seal.PrefixBrowser, cookies[0].Value) {
		return "", false
	}
	return cookies[0].Value, true
}

// csrfToken ties a form to a browser and a request: only who knows the browser
// cookie can compute it, so another site cannot.
func csrfToken(browser, handle string) string {
	mac := hmac.New(sha256.New, []byte(browser))
	mac.Write([]byte("charter form\x00"))
	mac.Write([]byte(handle))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
