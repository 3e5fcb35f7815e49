package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
	"github.com/charterauth/charter/impl/store"
)

// A refusal is an error of the protocol with a status other than the one that
// its code has, or with a time to come back.
type refusal struct {
	as         *oauth.Error
	status     int
	retryAfter time.Duration // zero: none is told
}

func (r *refusal) Error() string { return r.as.Error() }

func (r *refusal) Unwrap() error { return r.as }

// tooManyRequests refuses without judging the request.
func tooManyRequests(reason string) error {
	return &refusal{oauth.TemporarilyUnavailable(reason, "too many requests, come back later"), http.StatusTooManyRequests, time.Minute}
}

// forbidden refuses with 403 what no other credential would change.
func forbidden(e *oauth.Error) error { return &refusal{as: e, status: http.StatusForbidden} }

// malformed is the reason of what the generated layer refuses.
const malformed = "request_malformed"

// A told error is what the wire gets to see of an error.
type told struct {
	status      int
	code        string
	description string
	reason      string // for the log
	reference   string // set when the cause is for the log only
	retryAfter  time.Duration
}

// renderError turns an error into a redirect, a page, a challenge or JSON.
// Nothing else writes an error. op is nil when no operation was found.
func (s *Server) renderError(w http.ResponseWriter, r *http.Request, op *gen.Operation, err error) {
	t := tell(err)
	if t.reference != "" {
		s.logger().LogAttrs(r.Context(), slog.LevelError, "internal error",
			slog.String("reference", t.reference), slog.String("operation", operationID(op)), slog.Any("error", err))
	} else {
		s.logRefusal(r.Context(), op, t)
	}
	if to, ok := errors.AsType[*redirectError](err); ok {
		to.target.failure(t.code, t.description).Send(w)
		return
	}
	if t.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(t.retryAfter.Seconds())))
	}
	if forPeople(op) && s.interaction != nil {
		if t.status == http.StatusUnauthorized {
			t.status = http.StatusBadRequest // nobody at a browser can answer a challenge (RFC 9110 §15.5.2)
		}
		s.interaction.ShowError(w, r, ErrorPage{t.status, t.code, t.description, t.reference})
		return
	}
	if t.status == http.StatusUnauthorized || t.code == "insufficient_scope" {
		challenge(w.Header(), r, op, s.issuer, t)
	}
	writeErrorJSON(w, s.errorOrigin(r, op, err), t)
}

// tell decides what the wire sees. The text of an error that is no protocol
// error never gets there: a reference id does.
func tell(err error) told {
	var t told
	if p, ok := errors.AsType[*gen.Problem](err); ok {
		return told{status: p.Status, code: problemCode(p), description: oauth.CleanDescription(p.Error()), reason: malformed}
	}
	if e, ok := errors.AsType[*oauth.Error](err); ok {
		t = told{status: e.Status(), code: e.Code, description: e.Description, reason: e.Reason}
		if ref, ok := errors.AsType[*refusal](err); ok {
			t.status, t.retryAfter = ref.status, ref.retryAfter
		}
		if t.status < 500 {
			return t
		}
	}
	if t.code == "" {
		t = told{status: http.StatusInternalServerError, code: "server_error", reason: "internal"}
		if errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
			t = told{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", reason: "store_unavailable", retryAfter: time.Second}
		}
	}
	t.reference = randomID()
	if t.description == "" {
		t.description = "the server could not answer; reference " + t.reference
	}
	return t
}

// problemCode is the code of a Problem. Where the standards give none there must
// be one all the same: the body is an error response of RFC 6749 §5.2. A request
// without credentials still gets a challenge without a code (RFC 6750 §3.1).
func problemCode(p *gen.Problem) string {
	switch {
	case p.Code != "":
		return p.Code
	case p.Status == http.StatusUnauthorized:
		return "invalid_token"
	}
	return "invalid_request"
}

// ShowError answers a browser with the page for err. For Interactions; err may
// be anything, its text is shown only where it is a protocol error's.
func (s *Server) ShowError(w http.ResponseWriter, r *http.Request, err error) {
	s.renderError(w, r, &gen.Operation{ID: "page", Tags: pagesTag}, err)
}

var pagesTag = []string{"pages"}

// forPeople reports whether the answers of op are read by a person.
func forPeople(op *gen.Operation) bool {
	return op != nil && (slices.Contains(op.Tags, "pages") || slices.Contains(op.Tags, "authorization"))
}

// challenge adds the WWW-Authenticate that a 401 needs, for each scheme that the
// document offers at op. A request without any credential gets a bare Bearer
// challenge (RFC 6750 §3.1).
func challenge(h http.Header, r *http.Request, op *gen.Operation, iss issuer, t told) {
	if op == nil {
		return
	}
	bearer, basic := false, false
	for _, alternative := range op.Security {
		for _, scheme := range alternative {
			switch scheme {
			case "client_secret_basic":
				basic = true
			case "bearer", "bearer_form", "registration_access_token", "initial_access_token":
				bearer = true
			}
		}
	}
	if basic {
		h.Add("WWW-Authenticate", `Basic realm="`+iss.identifier+`", charset="UTF-8"`)
	}
	if bearer {
		value := `Bearer realm="` + iss.identifier + `"`
		if r.Header.Get("Authorization") != "" || t.reason != malformed {
			value += `, error="` + t.code + `", error_description="` + t.description + `"`
		}
		h.Add("WWW-Authenticate", value)
	}
}

// writeErrorJSON writes the error response of RFC 6749 §5.2. origin, when not
// empty, may read it across origins.
func writeErrorJSON(w http.ResponseWriter, origin string, t told) {
	body, err := json.Marshal(struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{t.code, t.description})
	if err != nil {
		panic(err) // two strings always marshal
	}
	h := w.Header()
	if origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(t.status)
	w.Write(body) // the client is gone if this fails; nobody is left to tell
}

func (s *Server) logRefusal(ctx context.Context, op *gen.Operation, t told) {
	s.logger().LogAttrs(ctx, slog.LevelInfo, "refused",
		slog.String("operation", operationID(op)), slog.Int("status", t.status), slog.String("error", t.code), slog.String("reason", t.reason))
}

func operationID(op *gen.Operation) string {
	if op == nil {
		return ""
	}
	return op.ID
}
