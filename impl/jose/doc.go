// Package jose signs and verifies JSON Web Tokens (RFC 7515, RFC 7519) in one
// strict way: one Key.Sign, one Verifier. The signature methods underneath are
// those of golang-jwt; its parser and registry of algorithms are not used.
//
// Four algorithms: ES256, EdDSA with Ed25519, RS256, PS256. A key carries its
// algorithm, so a token's header chooses nothing. There is no "none", no
// encryption, and no key from a header. HMAC verifies what clients sign with
// their secret (client_secret_jwt) and nothing else; a Verifier of secrets takes
// no keys, and one of keys no secrets.
//
// It knows no issuer's policy, no store and no network: keys are handed in, and
// what a class of token means beyond the registered claims is the caller's.
package jose
