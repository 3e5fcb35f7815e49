// Package oauth has the protocol's words: errors with their codes, scope sets
// and resource indicators, each in one canonical form.
//
// It does no I/O and knows no HTTP request, no store and no client: it turns
// strings into values that have been checked, and says which error of the
// standards a bad string deserves. Whether an error becomes JSON, a redirect, a
// page or a challenge is decided by the server's one renderer.
package oauth
