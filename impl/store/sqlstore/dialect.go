package sqlstore

import (
	"database/sql"
	"errors"
	"regexp"

	"github.com/jmoiron/sqlx"
)

// A Dialect is all in which engines differ.
type Dialect struct {
	bind      int    // placeholder style of sqlx
	collate   string // makes the order of a VARCHAR column that of its bytes
	locking   string // ends a SELECT whose rows are about to be changed
	skipping  string // the same, without the rows that others are changing
	findTable string // counts tables named charter_schema that unqualified names reach
	// The weakest level is enough, since a conditional UPDATE that waited sees
	// what the winner left; above it such an UPDATE fails and is tried again.
	isolation sql.IsolationLevel
	oneWrite  bool // writes are collected into one transaction at a time
	atOnce    bool // one statement can change several tables
}

// The engines.
var (
	// SQLite has one writer at a time: concurrent writes share a transaction.
	SQLite = Dialect{bind: sqlx.QUESTION, oneWrite: true,
		findTable: `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'charter_schema'`}
	// PostgreSQL orders text by the database's locale unless told otherwise; its
	// columns are told once, so that their indexes have the order of the listings.
	PostgreSQL = Dialect{bind: sqlx.DOLLAR, atOnce: true, collate: ` COLLATE "C"`, locking: " FOR UPDATE", skipping: " FOR UPDATE SKIP LOCKED", isolation: sql.LevelReadCommitted,
		findTable: `SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'charter_schema' AND table_schema = ANY (current_schemas(false))`}
)

var varchar = regexp.MustCompile(`VARCHAR\(\d+\)`)

// typed is the schema with the types that make this engine keep the contract.
func (d Dialect) typed(schema string) string {
	return varchar.ReplaceAllString(schema, "${0}"+d.collate)
}

// A failure is what an error of an engine means.
type failure int

const (
	failed     failure = iota // anything else
	conflicts                 // a key is taken
	transient                 // nothing happened, and trying again may work
	unholdable                // the engine cannot keep the value
)

// classify reads an engine's error by the methods that drivers give it:
// SQLSTATE for PostgreSQL, the extended result code for SQLite.
func classify(err error) failure {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		switch e.SQLState() {
		case "23505": // unique_violation
			return conflicts
		case "40001", "40P01": // serialization_failure, deadlock_detected
			return transient
		case "22021", "22001": // character_not_in_repertoire, string_data_right_truncation
			return unholdable
		}
		return failed
	}
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		switch code := e.Code(); {
		case code == 1555 || code == 2067: // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE
			return conflicts
		case code&0xff == 5 || code&0xff == 6: // SQLITE_BUSY, SQLITE_LOCKED
			return transient
		}
	}
	return failed
}
