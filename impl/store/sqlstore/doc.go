// Package sqlstore is the store over SQL: SQLite and PostgreSQL, from the one
// schema.sql, through sqlx.
//
// Each verb is one transaction. What is spent once is spent by a conditional
// UPDATE whose affected rows are counted: the only gate that holds at every
// isolation level. Serialization failures and deadlocks are retried inside.
//
// The package names no driver, so that a program links only the one it uses:
// subpackages sqlite and postgres open a store each.
package sqlstore
