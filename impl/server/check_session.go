package server

import (
	"context"
	"net/http"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/gen"
)

// checkSessionPage is the OP iframe (OpenID Connect Session Management §3.2), and
// the policy that admits its one script.
//
// It is the one page that may be framed, and by anybody, since that is what it is
// for: it shows nothing, takes no input and does nothing but compare. Its script
// answers the site that frames it, whether a session_state of that site is that of
// this browser; of another site's it says "changed" whatever it is.
var checkSessionPage, checkSessionPolicy = readCheckSession()

func readCheckSession() (page []byte, policy string) {
	page, err := charter.Pages.ReadFile("templates/pages/check_session.html")
	if err != nil {
		panic(err) // it is embedded
	}
	return page, "default-src 'none'; script-src " + hashOf(string(page), "script") +
		"; form-action 'none'; base-uri 'none'; frame-ancestors https: http://127.0.0.1:* http://localhost:*"
}

// CheckSession is the check_session_iframe.
func (s protocol) CheckSession(context.Context, *gen.CheckSessionInput) (gen.CheckSessionOutput, error) {
	if !s.cfg.openIDProvider() {
		return nil, errNoOpenIDProvider
	}
	return &gen.CheckSession200{ContentSecurityPolicy: checkSessionPolicy, Body: checkSessionPage}, nil
}

// wrapOperation marks the answers of an operation with what the headers of all
// others forbid.
func wrapOperation(op *gen.Operation, next http.Handler) http.Handler {
	if op.ID != "checkSession" {
		return wrapCORS(op, next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		delete(h, "X-Frame-Options") // it knows only "nobody" and "ourselves"
		h["Cross-Origin-Resource-Policy"] = corsCrossOrigin
		next.ServeHTTP(w, r)
	})
}
