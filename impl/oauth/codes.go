package oauth

// One constructor for each code. The first argument is the reason, a slug for
// operators; the second is the description, for the client's developer.

// InvalidRequest reports a malformed request (RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1).
func InvalidRequest(reason, description string) *Error {
	return NewError("invalid_request", reason, description)
}

// InvalidClient reports a failed client authentication (RFC 6749 §5.2).
func InvalidClient(reason, description string) *Error {
	return NewError("invalid_client", reason, description)
}

// InvalidGrant reports a code, refresh token or assertion that is not good (RFC 6749 §5.2).
func InvalidGrant(reason, description string) *Error {
	return NewError("invalid_grant", reason, description)
}

// UnauthorizedClient reports a client that may not use this grant or response type (RFC 6749 §4.1.2.1 and §5.2).
func UnauthorizedClient(reason, description string) *Error {
	return NewError("unauthorized_client", reason, description)
}

// UnsupportedGrantType reports a grant type that the server does not offer (RFC 6749 §5.2).
func UnsupportedGrantType(reason, description string) *Error {
	return NewError("unsupported_grant_type", reason, description)
}

// UnsupportedResponseType reports a response type that the server does not offer (RFC 6749 §4.1.2.1).
func UnsupportedResponseType(reason, description string) *Error {
	return NewError("unsupported_response_type", reason, description)
}

// InvalidScope reports a scope that is malformed, unknown or exceeds the grant (RFC 6749 §4.1.2.1 and §5.2).
func InvalidScope(reason, description string) *Error {
	return NewError("invalid_scope", reason, description)
}

// AccessDenied reports a refusal by the person or by policy (RFC 6749 §4.1.2.1).
func AccessDenied(reason, description string) *Error {
	return NewError("access_denied", reason, description)
}

// ServerError reports a fault of the server (RFC 6749 §4.1.2.1).
func ServerError(reason, description string) *Error {
	return NewError("server_error", reason, description)
}

// TemporarilyUnavailable reports overload or maintenance (RFC 6749 §4.1.2.1).
func TemporarilyUnavailable(reason, description string) *Error {
	return NewError("temporarily_unavailable", reason, description)
}

// InvalidToken reports an access token that is not good (RFC 6750 §3.1).
func InvalidToken(reason, description string) *Error {
	return NewError("invalid_token", reason, description)
}

// InsufficientScope reports an access token whose scope does not reach (RFC 6750 §3.1).
func InsufficientScope(reason, description string) *Error {
	return NewError("insufficient_scope", reason, description)
}

// UnsupportedTokenType reports a token of a type that cannot be revoked (RFC 7009 §2.2.1).
func UnsupportedTokenType(reason, description string) *Error {
	return NewError("unsupported_token_type", reason, description)
}

// InvalidRedirectURI reports a redirect URI that may not be registered (RFC 7591 §3.2.2).
func InvalidRedirectURI(reason, description string) *Error {
	return NewError("invalid_redirect_uri", reason, description)
}

// InvalidClientMetadata reports client metadata that may not be registered (RFC 7591 §3.2.2).
func InvalidClientMetadata(reason, description string) *Error {
	return NewError("invalid_client_metadata", reason, description)
}

// InvalidSoftwareStatement reports a software statement that does not verify (RFC 7591 §3.2.2).
func InvalidSoftwareStatement(reason, description string) *Error {
	return NewError("invalid_software_statement", reason, description)
}

// UnapprovedSoftwareStatement reports a software statement that is not approved here (RFC 7591 §3.2.2).
func UnapprovedSoftwareStatement(reason, description string) *Error {
	return NewError("unapproved_software_statement", reason, description)
}

// InvalidTarget reports a resource that is malformed, unknown or outside the grant (RFC 8707 §2).
func InvalidTarget(reason, description string) *Error {
	return NewError("invalid_target", reason, description)
}
