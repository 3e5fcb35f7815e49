// Package protect guards a resource: it lets requests through to a handler that
// carry an access token for it, and tells clients of the others how to get one
// (RFC 6750, RFC 9728, MCP authorization).
//
// A Verifier says what a token is: InProcess asks the server in the same program,
// Introspection one elsewhere (RFC 7662), JWT verifies signatures (RFC 9068), a
// VerifierFunc is yours, and External puts yours beside one of ours. Verifiers
// return facts. The Guard judges them: audience by path, expiry, scope. So no
// cache holds a verdict, and two resources may share a verifier.
//
// When a verifier cannot tell, the answer is 503, never yes.
//
// It does not know the authorization server: it runs in programs that have none.
package protect
