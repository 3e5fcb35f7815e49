package oauth

import "strings"

// An Error is an error of the protocol. Build it with the constructor of its
// code. An *Error is not changed after it was made, so it may be shared.
type Error struct {
	// Code is the error code on the wire, for example "invalid_grant".
	Code string
	// Description is for the client's developer and goes on the wire. It holds
	// only characters of RFC 6749 §5.2 when a constructor made it.
	Description string
	// Reason is a stable slug ([a-z0-9_]) that tells operators which check
	// failed, for example "code_replayed". It never goes on the wire.
	Reason string

	cause error
}

// Error returns all that is known, for logs: never send it to a client.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	b.WriteString(" (")
	b.WriteString(e.Reason)
	b.WriteByte(')')
	if e.Description != "" {
		b.WriteString(": ")
		b.WriteString(e.Description)
	}
	if e.cause != nil {
		b.WriteString(": ")
		b.WriteString(e.cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Because returns a copy of e with a cause, which is for logs alone.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Status returns the HTTP status that the standards give to the code when it is
// answered directly; unknown codes are 400.
func (e *Error) Status() int {
	switch e.Code {
	case "invalid_client", "invalid_token": // RFC 6749 §5.2, RFC 6750 §3.1
		return 401
	case "insufficient_scope": // RFC 6750 §3.1
		return 403
	case "server_error": // RFC 6749 §4.1.2.1 names the code because a redirect cannot carry the status
		return 500
	case "temporarily_unavailable":
		return 503
	}
	return 400
}

// NewError returns an error with a code that has no constructor here, such as
// one of an extension. Characters of code and description that RFC 6749 §5.2
// forbids are replaced.
func NewError(code, reason, description string) *Error {
	return &Error{Code: CleanDescription(code), Description: CleanDescription(description), Reason: slug(reason)}
}

// maxDescription bounds what a hook of the embedding program can put into a
// Location or a challenge header; it is counted in bytes.
const maxDescription = 512

// CleanDescription returns s in the characters of RFC 6749 §5.2,
// %x20-21 / %x23-5B / %x5D-7E, so that it is safe in JSON, in a query and in a
// quoted-string: a double quote becomes ', anything else becomes ?. At most 512
// bytes are kept.
func CleanDescription(s string) string {
	if len(s) > maxDescription {
		s = s[:maxDescription]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < 0x20 || r > 0x7e || r == '\\':
			return '?'
		}
		return r
	}, s)
}

// slug keeps reasons usable as metric labels: bounded and of one alphabet.
func slug(s string) string {
	if s == "" || len(s) > 64 {
		return "unnamed"
	}
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return "unnamed"
		}
	}
	return s
}
