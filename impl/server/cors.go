package server

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/charterauth/charter/gen"
)

// Cross-origin access, per operation as the document says with x-cors:
//
//   - any: every origin may read. Metadata and keys are public; registration is
//     as open to a script as to anything else that can reach this server.
//   - client: only an origin at which the client that the request names has a
//     redirect URI may read (token, revocation).
//   - none: nobody. Above all the authorization endpoint and the pages.
//
// Credentials are never allowed: no operation that a script may call looks at
// cookies.

// preflight answers a CORS preflight (Fetch standard §4.8). Which client asks is
// not known yet, so for client operations any origin may send; the answer itself
// is shown to the client's own origin only.
func (s *Server) preflight(w http.ResponseWriter, ops []*gen.Operation) {
	var methods []string
	for _, op := range ops {
		if op.CORS != gen.CORSNone && !slices.Contains(methods, op.Method) {
			methods = append(methods, op.Method)
		}
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if len(methods) > 0 {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
		h.Set("Access-Control-Allow-Headers", corsHeaders)
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// corsHeaders are the request headers that clients in browsers send: client
// authentication, body type, sender constraint, and the version header that MCP
// clients put on every request.
const corsHeaders = "authorization, content-type, dpop, mcp-protocol-version"

// wrapCORS marks the answers of an operation.
func wrapCORS(op *gen.Operation, next http.Handler) http.Handler {
	switch op.CORS {
	case gen.CORSAny:
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h["Access-Control-Allow-Origin"] = corsAnyOrigin
			h["Cross-Origin-Resource-Policy"] = corsCrossOrigin
			next.ServeHTTP(w, r)
		})
	case gen.CORSClient:
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Vary", "Origin")
			next.ServeHTTP(w, r)
		})
	default:
		return next
	}
}

var (
	corsAnyOrigin   = []string{"*"}
	corsCrossOrigin = []string{"cross-origin"}
)

// A clientError is an error at an operation that c called. It is what lets a
// script of the client read its own errors.
type clientError struct {
	error
	client *registered
}

func (e *clientError) Unwrap() error { return e.error }

// asClient notes on a non-nil error which client it is for.
func asClient(c *registered, err error) error {
	if err == nil || c == nil {
		return err
	}
	return &clientError{err, c}
}

// errorOrigin returns the origin that may read the error, or "".
func (s *Server) errorOrigin(r *http.Request, op *gen.Operation, err error) string {
	if op == nil || op.CORS != gen.CORSClient {
		return ""
	}
	if e, ok := errors.AsType[*clientError](err); ok {
		return e.client.allowedOrigin(r)
	}
	return ""
}

// allowedOrigin returns the request's Origin when the client has a redirect URI
// there, and "" otherwise.
func (c *registered) allowedOrigin(r *http.Request) string {
	origins := r.Header["Origin"]
	if len(origins) != 1 || origins[0] == "null" || !c.metadata.HasOrigin(origins[0]) {
		return ""
	}
	return origins[0]
}
