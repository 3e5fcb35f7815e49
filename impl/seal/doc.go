// Package seal makes bearer strings and seals what must not be readable at rest.
//
// Three things are sealed, each under keys of its own label: the props of a
// grant, under a fresh key that only the grant's tokens unwrap; the answer of a
// refresh, for the client's retry, under a key that only the used token derives;
// signing keys, under a key-encryption key from configuration. Someone who holds
// the database and no token reads none of it, and a row copied onto another
// opens nothing, because every seal is bound to the identity of its row.
//
// It knows no store, no grant and no JSON: bytes in, bytes out. All functions
// are safe for concurrent use. Go cannot promise that key bytes leave memory;
// they are kept no longer than the call needs them.
package seal
