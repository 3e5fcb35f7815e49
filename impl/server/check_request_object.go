package server

import (
	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/oauth"
)

// checkRequestObject refuses request objects by value and by reference (RFC 9101
// §5): they are not offered, and ignoring one would ignore what its signer asked
// for. Nothing is fetched.
func checkRequestObject(q gen.AuthorizationRequest) error {
	switch {
	case q.Request != "":
		return oauth.NewError("request_not_supported", "request_object", "request objects are not supported")
	case q.RequestURI != "":
		return oauth.NewError("request_uri_not_supported", "request_object", "request_uri is not supported")
	}
	return nil
}
