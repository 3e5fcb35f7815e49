package client

import (
	"encoding/json"
	"slices"

	"github.com/charterauth/charter/impl/oauth"
)

// A Method is how a client authenticates at the token endpoint (RFC 7591 §2,
// token_endpoint_auth_method).
type Method string

// The methods.
const (
	None        Method = "none"                // a public client: it names itself and proves nothing
	SecretBasic Method = "client_secret_basic" // RFC 6749 §2.3.1, the Authorization header
	SecretPost  Method = "client_secret_post"  // RFC 6749 §2.3.1, the request body
)

// Methods returns all methods, none first: clients that carry metadata documents
// look for it.
func Methods() []Method { return []Method{None, SecretBasic, SecretPost} }

// Valid reports whether m is one of Methods.
func (m Method) Valid() bool { return slices.Contains(Methods(), m) }

// symmetric are the methods that rest on a shared secret.
var symmetric = []Method{SecretBasic, SecretPost, "client_secret_jwt"}

// offeredMethods returns the methods that metadata offers: the single one that
// it prefers first, then those of token_endpoint_auth_methods_supported (OpenID
// Connect RP Metadata Choices §2). The list is input alone: what is registered,
// and answered, is the one method that was chosen. None when neither is there.
func offeredMethods(single string, members map[string]json.RawMessage) ([]Method, error) {
	var list []Method
	if raw, ok := members["token_endpoint_auth_methods_supported"]; ok && json.Unmarshal(raw, &list) != nil {
		return nil, oauth.InvalidClientMetadata("auth_methods_malformed", "token_endpoint_auth_methods_supported is not a list of texts")
	}
	if single == "" {
		return list, nil
	}
	if len(list) > 0 && !slices.Contains(list, Method(single)) {
		return nil, oauth.InvalidClientMetadata("auth_methods_inconsistent", "token_endpoint_auth_method is not in token_endpoint_auth_methods_supported")
	}
	return append([]Method{Method(single)}, list...), nil
}

// chooseMethod registers one of the offered methods: the client's preferred one
// if it is accepted, else the first accepted one that the client lists (OpenID
// Connect RP Metadata Choices §4). Without an offer it is the first accepted.
func (m *Metadata) chooseMethod(offered []Method, accepted ...Method) error {
	choice := func() (Method, bool) {
		if len(offered) == 0 {
			return accepted[0], true
		}
		if slices.Contains(accepted, offered[0]) && m.TokenEndpointAuthMethod != "" {
			return offered[0], true
		}
		for _, method := range accepted {
			if slices.Contains(offered, method) {
				return method, true
			}
		}
		return "", false
	}
	method, ok := choice()
	if !ok {
		return oauth.InvalidClientMetadata("auth_method_unsupported", "token_endpoint_auth_method is none that this server offers to such clients")
	}
	m.TokenEndpointAuthMethod = string(method)
	return nil
}
