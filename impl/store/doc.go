// Package store says what Charter needs of a place to keep its state: the
// records, and the verbs on them.
//
// It knows no HTTP and no OAuth error. Every verb is one atomic step, so that
// any number of Charter processes over one store behave as one; the verbs are
// cut so that a store cannot be both correct and racy (consume, never get and
// then delete). Secrets never reach a store: whoever bears a token is looked up
// by the Digest of the token.
//
// Implementations: memory (tests, development), sqlstore (SQLite, PostgreSQL,
// MySQL and MariaDB).
// A third party proves its own with storetest.
package store
