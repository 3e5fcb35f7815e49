// Package pkce has Proof Key for Code Exchange (RFC 7636) with the S256 method
// alone: the syntax of challenge and verifier, and the check of one against the
// other.
//
// It does not know codes, clients or who is exempt: whether a challenge must be
// there is the server's decision. What it offers cannot be downgraded: a code
// that was issued without challenge or method matches no verifier.
package pkce
