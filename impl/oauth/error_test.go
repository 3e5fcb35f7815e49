package oauth

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/charterauth/charter/impl/internal/proof"
)

func TestCodes(t *testing.T) {
	for _, c := range []struct {
		make   func(reason, description string) *Error
		code   string
		status int
	}{
		{InvalidRequest, "invalid_request", 400},
		{InvalidClient, "invalid_client", 401},
		{InvalidGrant, "invalid_grant", 400},
		{UnauthorizedClient, "unauthorized_client", 400},
		{UnsupportedGrantType, "unsupported_grant_type", 400},
		{UnsupportedResponseType, "unsupported_response_type", 400},
		{InvalidScope, "invalid_scope", 400},
		{AccessDenied, "access_denied", 400},
		{ServerError, "server_error", 500},
		{TemporarilyUnavailable, "temporarily_unavailable", 503},
		{InvalidToken, "invalid_token", 401},
		{InsufficientScope, "insufficient_scope", 403},
		{UnsupportedTokenType, "unsupported_token_type", 400},
		{InvalidRedirectURI, "invalid_redirect_uri", 400},
		{InvalidClientMetadata, "invalid_client_metadata", 400},
		{InvalidSoftwareStatement, "invalid_software_statement", 400},
		{UnapprovedSoftwareStatement, "unapproved_software_statement", 400},
		{InvalidTarget, "invalid_target", 400},
	} {
		e := c.make("a_reason", "text")
		if e.Code != c.code || e.Status() != c.status || e.Reason != "a_reason" || e.Description != "text" {
			t.Errorf("%s: got %+v with status %d", c.code, e, e.Status())
		}
	}
}

func TestCleanDescription(t *testing.T) {
	proof.Of(t, "ATK-132")
	for _, c := range []struct{ in, want string }{
		{"The code was used before.", "The code was used before."},
		{"", ""},
		{"say \"x\"", "say 'x'"},
		{"a\\b", "a?b"},
		{"a\r\nSet-Cookie: x", "a??Set-Cookie: x"}, // ATK-132
		{"nul\x00", "nul?"},
		{"line\u2028sep", "line?sep"},
		{"caf\u00e9", "caf?"},
		{"bad\xff", "bad?"},
		{"\x7f", "?"},
		{strings.Repeat("a", 600), strings.Repeat("a", 512)},
	} {
		if got := CleanDescription(c.in); got != c.want {
			t.Errorf("CleanDescription(%q) = %q, want %q", c.in, got, c.want)
		}
		if got := InvalidGrant("r", c.in).Description; got != c.want {
			t.Errorf("constructor kept %q", got)
		}
	}
}

func TestReason(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"code_replayed", "code_replayed"},
		{"pkce_s256", "pkce_s256"},
		{"", "unnamed"},
		{"Upper", "unnamed"},
		{"with space", "unnamed"},
		{"line\n", "unnamed"},
		{"a{b", "unnamed"},
		{"a`b", "unnamed"},
		{"a/b:", "unnamed"},
		{strings.Repeat("a", 65), "unnamed"},
	} {
		if got := InvalidGrant(c.in, "").Reason; got != c.want {
			t.Errorf("reason %q became %q, want %q", c.in, got, c.want)
		}
	}
}

func TestErrorCause(t *testing.T) {
	plain := InvalidGrant("code_unknown", "The code is not known.")
	err := fmt.Errorf("token: %w", plain.Because(io.ErrUnexpectedEOF))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	var e *Error
	if !errors.As(err, &e) || e.Code != "invalid_grant" {
		t.Errorf("errors.As found %v", e)
	}
	if strings.Contains(e.Description, "EOF") {
		t.Error("the cause reached the description")
	}
	if errors.Unwrap(plain) != nil {
		t.Error("Because changed the error that it was called on")
	}
	if want := "invalid_grant (code_unknown): The code is not known.: unexpected EOF"; e.Error() != want {
		t.Errorf("Error() = %q", e.Error())
	}
}
