package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/jmoiron/sqlx"
)

// A Dialect is all in which engines differ.
type Dialect struct {
	name      string
	bind      int    // placeholder style of sqlx
	locking   string // ends a SELECT inside an UPDATE of the same rows; "" where they cannot stand together
	skipping  string // ends a SELECT whose rows are about to be changed, without those that others are changing
	upsert    string // between an INSERT and the assignments that it makes where the key is taken
	findTable string // counts tables named charter_schema that unqualified names reach
	// The weakest level is enough, since a conditional UPDATE that waited sees
	// what the winner left; above it such an UPDATE fails and is tried again.
	isolation sql.IsolationLevel
	oneWrite  bool // writes are collected into one transaction at a time
	atOnce    bool // one statement can change several tables
	returning bool // an INSERT can return what it left

	types        func(schema string) string         // gives columns the types that keep the contract; nil where they have
	lock, unlock string                             // statements that keep migrations apart, where these are no transactions
	number       func(error) (code uint16, ok bool) // reads the number of a MySQL error
}

// The engines that have drivers whose errors tell what they are.
var (
	// SQLite has one writer at a time: concurrent writes share a transaction.
	SQLite = Dialect{name: "SQLite", bind: sqlx.QUESTION, oneWrite: true, upsert: onConflict, returning: true,
		findTable: `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'charter_schema'`}
	// PostgreSQL orders text by the database's locale unless told otherwise; its
	// columns are told once, so that their indexes have the order of the listings.
	PostgreSQL = Dialect{name: "PostgreSQL", bind: sqlx.DOLLAR, atOnce: true, upsert: onConflict, returning: true,
		locking: " FOR UPDATE", skipping: " FOR UPDATE SKIP LOCKED", isolation: sql.LevelReadCommitted,
		types:     func(schema string) string { return varchar.ReplaceAllString(schema, `$0 COLLATE "C"`) },
		findTable: `SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'charter_schema' AND table_schema = ANY (current_schemas(false))`}
)

// CockroachDB is PostgreSQL's dialect without statements that change one table
// twice, which CockroachDB refuses: its verbs are transactions of several.
var CockroachDB = func() Dialect {
	d := PostgreSQL
	d.name, d.atOnce = "CockroachDB", false
	return d
}()

const onConflict = "ON CONFLICT (id) DO UPDATE SET"

// MySQL is the dialect of MySQL and MariaDB. number reads the engine's number
// out of an error of the driver, which has it in a field only.
//
// Text is kept in binary columns: MySQL's collations, the binary one among them,
// ignore spaces at the end. A MEDIUMBLOB has room for the largest props. DDL ends
// a transaction there, so a named lock keeps migrations apart.
func MySQL(number func(error) (code uint16, ok bool)) Dialect {
	return Dialect{name: "MySQL", bind: sqlx.QUESTION, number: number,
		skipping: " FOR UPDATE SKIP LOCKED", upsert: "ON DUPLICATE KEY UPDATE", isolation: sql.LevelReadCommitted,
		types:     binaryTypes,
		findTable: `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'charter_schema'`,
		lock:      `SELECT GET_LOCK(CONCAT('charter ', MD5(DATABASE())), 60)`,
		unlock:    `SELECT RELEASE_LOCK(CONCAT('charter ', MD5(DATABASE())))`}
}

var (
	varchar = regexp.MustCompile(`\bVARCHAR\((\d+)\)`)
	text    = regexp.MustCompile(`\bTEXT\b`)
)

// binaryTypes are as wide as the characters that they hold at most.
func binaryTypes(schema string) string {
	schema = varchar.ReplaceAllStringFunc(schema, func(column string) string {
		characters, _ := strconv.Atoi(varchar.FindStringSubmatch(column)[1]) // digits, as matched
		return fmt.Sprintf("VARBINARY(%d)", 4*characters)
	})
	return text.ReplaceAllString(schema, "MEDIUMBLOB")
}

// typed is the schema with the types that make this engine keep the contract.
func (d Dialect) typed(schema string) string {
	if d.types == nil {
		return schema
	}
	return d.types(schema)
}

// migrateAlone waits until no other process migrates. Where DDL takes part in
// transactions the row of charter_schema does that.
func (d Dialect) migrateAlone(ctx context.Context, db *sqlx.DB) (release func(), err error) {
	if d.lock == "" {
		return func() {}, nil
	}
	conn, err := db.Connx(ctx)
	if err != nil {
		return nil, err
	}
	var got int
	if err := conn.GetContext(ctx, &got, d.lock); err != nil || got != 1 {
		return nil, errors.Join(errors.New("another process has been migrating the database for a minute"), err, conn.Close())
	}
	return func() {
		// A lock that is not given back ends with the connection.
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), d.unlock); err != nil {
			conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		conn.Close()
	}, nil
}

// A failure is what an error of an engine means.
type failure int

const (
	failed     failure = iota // anything else
	conflicts                 // a key is taken
	transient                 // nothing happened, and trying again may work
	unholdable                // the engine cannot keep the value
	defined                   // the table, column or index is there already
)

// classify reads an engine's error by the methods that drivers give it:
// SQLSTATE for PostgreSQL, the extended result code for SQLite, the number for
// MySQL.
func (d Dialect) classify(err error) failure {
	if d.number != nil {
		if code, ok := d.number(err); ok {
			return classifyMySQL(code)
		}
	}
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

func classifyMySQL(number uint16) failure {
	switch number {
	case 1062: // ER_DUP_ENTRY
		return conflicts
	case 1213, 1205, 1020: // ER_LOCK_DEADLOCK, ER_LOCK_WAIT_TIMEOUT, ER_CHECKREAD
		return transient
	case 3101: // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: another member of the group was faster
		return transient
	case 1406, 1366: // ER_DATA_TOO_LONG, ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
		return unholdable
	case 1050, 1060, 1061: // ER_TABLE_EXISTS_ERROR, ER_DUP_FIELDNAME, ER_DUP_KEYNAME
		return defined
	}
	return failed
}
