package client

import "slices"

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
