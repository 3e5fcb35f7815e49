package protect

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/oauth"
)

// retryAfter is told when a token cannot be verified now, in seconds.
const retryAfter = "5"

const needsMore = "the request needs a token with more scope"

// refuse answers a request that does not get through.
func (g *Guard) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e, known := errors.AsType[*oauth.Error](err)
	switch {
	case errors.Is(err, ErrUnavailable):
		g.log(r.Context(), slog.LevelWarn, "token not verified", err)
		w.Header().Set("Retry-After", retryAfter)
		answer(w, http.StatusServiceUnavailable, nil, "temporarily_unavailable", "the token cannot be verified now")
	case !known: // errNoToken
		challenge(w, http.StatusUnauthorized, g.parameters("", "", g.config.Scopes))
	default:
		g.log(r.Context(), slog.LevelDebug, "request refused", err)
		description := e.Description
		if e.Code == "invalid_token" {
			description = notGood // the reasons of a verifier stay here
		}
		answer(w, e.Status(), g.parameters(e.Code, description, g.config.Scopes), e.Code, description)
	}
}

// InsufficientScope refuses a request that a Guard let through but that needs more
// scope than every request: 403 with a challenge that names all scopes of the
// operation, so that the client can ask for them in one step (RFC 6750 §3.1, MCP
// authorization, Runtime Insufficient Scope Errors). Call it before anything else
// is written. Malformed scopes are left out.
func InsufficientScope(w http.ResponseWriter, r *http.Request, required ...string) {
	g := guardOf(r.Context())
	scopes := oauth.Scope(nil)
	if g != nil {
		scopes = scopes.Union(g.config.Scopes)
	}
	for _, s := range required {
		if one, err := oauth.NewScope(s); err == nil {
			scopes = scopes.Union(one)
		}
	}
	answer(w, http.StatusForbidden, g.parameters("insufficient_scope", needsMore, scopes), "insufficient_scope", needsMore)
}

// RequireScopes hands next only requests whose token, which a Guard around it let
// through, is good for all of these, and answers the others with
// InsufficientScope.
func RequireScopes(next http.Handler, required ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if identity, ok := FromContext(r.Context()); !ok || !identity.HasScopes(required...) {
			InsufficientScope(w, r, required...)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// InsufficientAuthentication refuses a request whose person must authenticate
// anew or better first: 401 with the challenge of RFC 9470 §3. maxAge is in whole
// seconds, negative for any; acr lists the acceptable context classes, the best
// first.
func InsufficientAuthentication(w http.ResponseWriter, r *http.Request, maxAge time.Duration, acr ...string) {
	const code, description = "insufficient_user_authentication", "the person must authenticate anew"
	g := guardOf(r.Context())
	var scopes []string
	if g != nil {
		scopes = g.config.Scopes
	}
	p := g.parameters(code, description, scopes)
	if len(acr) > 0 {
		p = append(p, parameter{"acr_values", strings.Join(acr, " ")})
	}
	if maxAge >= 0 {
		p = append(p, parameter{"max_age", strconv.FormatInt(int64(maxAge/time.Second), 10)})
	}
	answer(w, http.StatusUnauthorized, p, code, description)
}

// A parameter is an auth-param (RFC 9110 §11.2); each name occurs once.
type parameter struct{ name, value string }

// parameters of a challenge, those with a value. A nil Guard has no metadata.
func (g *Guard) parameters(code, description string, scopes []string) []parameter {
	p := []parameter{{"error", code}, {"error_description", description}, {"scope", strings.Join(scopes, " ")}}
	if g != nil {
		p = append(p, parameter{"resource_metadata", g.metadataURL}) // RFC 9728 §5.1
	}
	kept := p[:0]
	for _, one := range p {
		if one.value != "" {
			kept = append(kept, one)
		}
	}
	return kept
}

// challenge writes the status with a challenge and without a body.
func challenge(w http.ResponseWriter, status int, p []parameter) {
	var b strings.Builder
	b.WriteString("Bearer ")
	for i, one := range p {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(one.name + "=" + quoted(one.value))
	}
	h := w.Header()
	h.Set("WWW-Authenticate", b.String())
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
}

// answer writes an error with its body; nil parameters make no challenge.
func answer(w http.ResponseWriter, status int, p []parameter, code, description string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if p != nil {
		challenge(w, status, p)
	} else {
		w.WriteHeader(status)
	}
	// A client that is gone reads no body; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{code, description})
}

// quoted writes a quoted-string (RFC 9110 §5.6.4). What a header cannot hold
// becomes "?".
func quoted(s string) string {
	b := []byte{'"'}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20 || c > 0x7e:
			b = append(b, '?')
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
