package server

import (
	"encoding/json"
	"net/url"

	"github.com/charterauth/charter/gen"
	"github.com/charterauth/charter/impl/jose"
)

// requestOf reads the parameters of a request object as if they had been sent as a
// form, by the same decoder: what the document says of a parameter holds in both
// places (RFC 9101 §6.3).
func requestOf(claims *jose.Claims) (gen.AuthorizationRequest, *gen.Problem) {
	form := make(url.Values)
	for name, value := range claims.All() {
		form[name] = parameterOf(value)
	}
	return gen.DecodeAuthorizationRequest(form.Encode())
}

// parameterOf writes a claim as a parameter (RFC 9101 §4): a text as it is, a list
// of texts as a parameter that comes more than once, and anything else, such as
// the claims parameter, as its JSON.
func parameterOf(value json.RawMessage) []string {
	var text string
	if json.Unmarshal(value, &text) == nil && string(value) != "null" {
		return []string{text}
	}
	var list []string
	if json.Unmarshal(value, &list) == nil && list != nil {
		return list
	}
	return []string{string(value)}
}
