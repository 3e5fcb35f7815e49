// Package mint makes token strings and the records by which a store finds them
// again: opaque tokens, JWT access tokens (RFC 9068) and ID Tokens (OpenID Connect
// Core §2). It also binds a grant's
// props to the tokens of the grant.
//
// It writes nothing. A caller decides what to issue, mints it in memory, stores
// the records in one step, and only then hands out the strings; so a signature
// that fails has cost nothing.
//
// It knows no HTTP, no client and no policy: an Issuance is a decision already
// taken.
package mint
