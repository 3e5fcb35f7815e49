package interact

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/server"
)

// pages is the built-in Interaction.
type pages struct {
	cfg      Config // defaults applied
	server   *server.Server
	at       location
	painter  *painter
	sessions *sessions
	attempts *attempts
	handler  *gen.Handler
}

var _ server.LogoutInteraction = (*pages)(nil)

// operations is pages as the generated layer calls it: its methods are the
// operations of openapi.yaml with the tag pages.
type operations struct{ *pages }

var _ gen.Pages = operations{}

// A location is where the pages are.
type location struct {
	issuer string // exact
	path   string // "" or "/tenant"
	host   string
	secure bool
}

func locate(issuer string) (location, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return location{}, fmt.Errorf("issuer: %w", err)
	}
	return location{issuer: issuer, path: u.EscapedPath(), host: u.Host, secure: u.Scheme == "https"}, nil
}

// page returns the URL of a page for a request.
func (l location) page(path, handle string) string {
	return l.issuer + path + "?request=" + url.QueryEscape(handle)
}

// Start implements server.Interaction. Everybody starts at the login page, which
// sends on who is signed in.
func (p *pages) Start(_ context.Context, pending *server.Pending) (string, error) {
	return p.at.page(gen.PathLoginPage, pending.Handle()), nil
}

// Offers implements server.Offering. Where nobody can sign up, create is not offered
// (Initiating User Registration §4.2).
func (p *pages) Offers() server.Offers {
	prompts := []string{server.PromptNone, server.PromptLogin, server.PromptConsent, server.PromptSelectAccount}
	if p.cfg.SignUp != nil {
		prompts = append(prompts, server.PromptCreate)
	}
	return server.Offers{Prompts: prompts, ACRValues: p.cfg.ACRValues, UILocales: p.painter.languages()}
}

// ServeHTTP implements http.Handler.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// now is in the precision that every store keeps.
func (p *pages) now() time.Time { return p.cfg.Now().UTC().Truncate(time.Microsecond) }

// loginAs returns the URL of the login page for one of the accounts at the browser, or
// for another than those.
func (l location) loginAs(handle, account string) string {
	return l.page(gen.PathLoginPage, handle) + "&account=" + url.QueryEscape(account)
}

// formToken ties the consent form to the person it was shown to, on top of the
// browser and the request: when somebody else signs in at the browser, in
// another tab, what is still open there cannot be sent in their name.
func formToken(pending *server.Pending, v visitor) string {
	return sign(pending.CSRFToken(), v.Subject)
}

// sign returns what only who knows key can compute of text.
func sign(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// errForm refuses a form that was not made for this browser, request and person.
var errForm = &gen.Problem{Status: http.StatusForbidden, Code: "access_denied",
	Reason: "this form is not valid any more; go back to the application and start again"}

// A refusedForm is a form that is shown again with what is wrong, and a status
// that says so.
type refusedForm struct {
	status     int
	body       []byte
	policy     string
	retryAfter time.Duration // zero: none is told
}

func (f *refusedForm) Error() string { return "form refused with status " + strconv.Itoa(f.status) }

// fail writes every answer that is no typed output.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, _ *gen.Operation, err error) {
	if errors.Is(err, ErrBusy) {
		w.Header().Set("Retry-After", strconv.Itoa(int(maxBenchWait.Seconds())))
		err = &gen.Problem{Status: http.StatusServiceUnavailable, Code: "temporarily_unavailable", Reason: "too many people are signing in at once; try again in a moment"}
	}
	if err == errUpstreamDown {
		w.Header().Set("Retry-After", "5") // a provider that failed is left alone as long
	}
	form, ok := errors.AsType[*refusedForm](err)
	if !ok {
		p.server.ShowError(w, r, err)
		return
	}
	if form.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(form.retryAfter.Seconds())))
	}
	writePage(w, form.status, form.policy, form.body)
}

// ShowError implements server.Interaction.
func (p *pages) ShowError(w http.ResponseWriter, r *http.Request, e server.ErrorPage) {
	view := describeError(e)
	view.frame = p.painter.frame
	body, err := p.paintedFor(r, nil).paint(errorFile, view)
	if err != nil {
		// The pages were painted once before they were taken, so this is the
		// operator's template with a condition in it. People still get an answer.
		p.cfg.Logger.LogAttrs(r.Context(), slog.LevelError, "error page failed", slog.Any("error", err))
		body = []byte("<!DOCTYPE html><title>Error</title><p>The server could not answer.")
	}
	writePage(w, e.Status, p.painter.policy(), body)
}

// describeError says what happened in words for people. Descriptions of the
// protocol's errors are shown: whoever gets this page may have to send it to the
// application's developer.
func describeError(e server.ErrorPage) errorView {
	v := errorView{Title: "This request cannot go on", Message: sentence(e.Description), Reference: e.Reference}
	switch {
	case e.Status == http.StatusNotFound:
		v.Title = "There is no such page"
	case e.Status == http.StatusTooManyRequests:
		v.Title = "Too many requests"
	case e.Status >= 500 && e.Reference != "":
		v.Title, v.Message = "Something went wrong", "The server could not answer. Try again in a moment."
	case e.Status >= 500:
		v.Title = "The server is busy"
	}
	return v
}

func writePage(w http.ResponseWriter, status int, policy string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // it fails when the browser has gone
}
