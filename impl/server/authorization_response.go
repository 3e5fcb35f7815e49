package server

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A Response is an authorization response on its way to the client, in the
// person's browser. The zero Response is none.
type Response struct {
	location string
	page     []byte
	policy   string
	cookies  []string
}

// Location returns where the browser is to be redirected with 303; "" where the
// client asked for form_post, and Page has what the browser is to show.
func (r Response) Location() string { return r.location }

// Page returns the page that sends the response as a form (OAuth 2.0 Form Post
// Response Mode §2) and its Content-Security-Policy; nil where Location says where
// to go.
func (r Response) Page() (body []byte, policy string) { return r.page, r.policy }

// SetCookie returns the cookies that go to the browser with it; nil without.
func (r Response) SetCookie() []string { return r.cookies }

// Send answers the browser with the redirect or the page.
func (r Response) Send(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	for _, cookie := range r.cookies {
		h.Add("Set-Cookie", cookie)
	}
	if r.page == nil {
		h.Set("Location", r.location)
		w.WriteHeader(http.StatusSeeOther) // never 307, which would send a form again: RFC 9700 §4.12
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", r.policy)
	h.Set("Content-Length", strconv.Itoa(len(r.page)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(r.page) // it fails when the browser has gone
}

// A redirectTarget is a redirect URI that was found to be the client's, with
// what every answer sent there carries. Only checkRedirectURI and the reading of
// a request that passed it make one.
type redirectTarget struct {
	uri      string // emitted byte for byte, never through a URL parser
	state    string
	issuer   string
	formPost bool // the answer is a form, not a query

	clientID  string         // of an answer that carries session_state; else ""
	userAgent userAgentState // what that is computed with
}

// success returns the authorization response (RFC 6749 §4.1.2, RFC 9207 §2).
func (t redirectTarget) success(code string) Response {
	return t.response(parameter{"code", code})
}

// failure returns the error response (RFC 6749 §4.1.2.1, RFC 9207 §2).
func (t redirectTarget) failure(code, description string) Response {
	if description == "" {
		return t.response(parameter{"error", code})
	}
	return t.response(parameter{"error", code}, parameter{"error_description", description})
}

// A parameter is one of an authorization response.
type parameter struct{ Name, Value string }

// response sends parameters, state when there is one, iss, and session_state where
// the client gets one (OpenID Connect Session Management §2).
func (t redirectTarget) response(parameters ...parameter) Response {
	if t.state != "" {
		parameters = append(parameters, parameter{"state", t.state})
	}
	parameters = append(parameters, parameter{"iss", t.issuer})
	var cookies []string
	if t.clientID != "" {
		parameters = append(parameters, parameter{"session_state", sessionState(t.clientID, t.uri, t.userAgent.value)})
		if t.userAgent.cookie != "" {
			cookies = []string{t.userAgent.cookie}
		}
	}
	r := Response{location: withQuery(t.uri, parameters)}
	if t.formPost {
		r = formPostResponse(t.uri, parameters)
	}
	r.cookies = cookies
	return r
}

// withQuery appends parameters to the query. The registration refuses URIs whose
// query has parameters of these names.
func withQuery(uri string, parameters []parameter) string {
	var b strings.Builder
	b.WriteString(uri)
	separator := byte('?')
	if strings.IndexByte(uri, '?') >= 0 {
		separator = '&'
		if last := uri[len(uri)-1]; last == '?' || last == '&' {
			separator = 0
		}
	}
	for _, p := range parameters {
		if separator != 0 {
			b.WriteByte(separator)
		}
		separator = '&'
		b.WriteString(p.Name)
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.Value))
	}
	return b.String()
}

// fail makes an error go to the client. It is the only maker of a redirectError.
func (t redirectTarget) fail(cause error) error { return &redirectError{t, cause} }

// A redirectError is an error that the client is told by redirect. It exists
// only for a redirect URI that was checked.
type redirectError struct {
	target redirectTarget
	cause  error
}

func (e *redirectError) Error() string { return e.cause.Error() }

func (e *redirectError) Unwrap() error { return e.cause }
