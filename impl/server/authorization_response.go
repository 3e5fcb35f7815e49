package server

import (
	"net/url"
	"strings"
)

// A redirectTarget is a redirect URI that was found to be the client's, with
// what every answer sent there carries. Only checkRedirectURI and the reading of
// a request that passed it make one.
type redirectTarget struct {
	uri    string // emitted byte for byte, never through a URL parser
	state  string
	issuer string
}

// success returns the Location of the authorization response (RFC 6749 §4.1.2,
// RFC 9207 §2).
func (t redirectTarget) success(code string) string {
	return t.with("code", code)
}

// failure returns the Location of an error response (RFC 6749 §4.1.2.1, RFC 9207
// §2).
func (t redirectTarget) failure(code, description string) string {
	if description == "" {
		return t.with("error", code)
	}
	return t.with("error", code, "error_description", description)
}

// with appends parameters, state when there is one, and iss to the query. The
// registration refuses URIs whose query has parameters of these names.
func (t redirectTarget) with(pairs ...string) string {
	var b strings.Builder
	b.WriteString(t.uri)
	separator := byte('?')
	if strings.IndexByte(t.uri, '?') >= 0 {
		separator = '&'
		if last := t.uri[len(t.uri)-1]; last == '?' || last == '&' {
			separator = 0
		}
	}
	add := func(name, value string) {
		if separator != 0 {
			b.WriteByte(separator)
		}
		separator = '&'
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(value))
	}
	for i := 0; i < len(pairs); i += 2 {
		add(pairs[i], pairs[i+1])
	}
	if t.state != "" {
		add("state", t.state)
	}
	add("iss", t.issuer)
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
