package sqlstore

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/store"
)

type sqlState string

func (s sqlState) Error() string    { return "SQLSTATE " + string(s) }
func (s sqlState) SQLState() string { return string(s) }

type sqliteCode int

func (c sqliteCode) Error() string { return fmt.Sprintf("code %d", int(c)) }
func (c sqliteCode) Code() int     { return int(c) }

type mysqlNumber uint16

func (n mysqlNumber) Error() string { return fmt.Sprintf("Error %d", uint16(n)) }

func number(err error) (uint16, bool) {
	n, ok := errors.AsType[mysqlNumber](err)
	return uint16(n), ok
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
		want failure
	}{
		{"nothing", nil, failed},
		{"anything else", errors.New("connection reset"), failed},
		{"unique_violation", sqlState("23505"), conflicts},
		{"foreign_key_violation", sqlState("23503"), failed},
		{"serialization_failure", sqlState("40001"), transient},
		{"deadlock_detected", sqlState("40P01"), transient},
		{"statement_completion_unknown: it may have happened", sqlState("40003"), failed},
		{"transaction_resolution_unknown: it may have happened", sqlState("08007"), failed},
		{"admin_shutdown", sqlState("57P01"), failed},
		{"character_not_in_repertoire", sqlState("22021"), unholdable},
		{"string_data_right_truncation", sqlState("22001"), unholdable},
		{"SQLITE_CONSTRAINT_PRIMARYKEY", sqliteCode(1555), conflicts},
		{"SQLITE_CONSTRAINT_UNIQUE", sqliteCode(2067), conflicts},
		{"SQLITE_CONSTRAINT_NOTNULL", sqliteCode(1299), failed},
		{"SQLITE_BUSY", sqliteCode(5), transient},
		{"SQLITE_BUSY_SNAPSHOT", sqliteCode(5 | 2<<8), transient},
		{"SQLITE_LOCKED", sqliteCode(6), transient},
		{"SQLITE_FULL", sqliteCode(13), failed},
		{"SQLITE_IOERR_FSYNC: it may have happened", sqliteCode(10 | 4<<8), failed},
		{"ER_DUP_ENTRY", mysqlNumber(1062), conflicts},
		{"ER_LOCK_DEADLOCK", mysqlNumber(1213), transient},
		{"ER_LOCK_WAIT_TIMEOUT", mysqlNumber(1205), transient},
		{"ER_TRANSACTION_ROLLBACK_DURING_COMMIT", mysqlNumber(3101), transient},
		{"ER_ERROR_DURING_COMMIT: it may have happened", mysqlNumber(1180), failed},
		{"ER_DATA_TOO_LONG", mysqlNumber(1406), unholdable},
		{"ER_DUP_FIELDNAME", mysqlNumber(1060), defined},
		{"ER_SERVER_SHUTDOWN", mysqlNumber(1053), failed},
		{"wrapped", fmt.Errorf("insert: %w", sqlState("23505")), conflicts},
	} {
		if got := MySQL(number).classify(c.err); got != c.want {
			t.Errorf("%s: got %d, want %d", c.what, got, c.want)
		}
	}
}

// MySQL is stricter than MariaDB: no literal default for what can be long (error
// 1101), and none of MariaDB's own forms.
func TestMySQLTakesTheSchema(t *testing.T) {
	texts := map[string]string{"schema.sql": charter.Schema}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations: %v", len(files), err)
	}
	for _, name := range files {
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	for name, text := range texts {
		for line := range strings.Lines(binaryTypes(text)) {
			line, _, _ = strings.Cut(line, "--")
			for _, refused := range []*regexp.Regexp{
				regexp.MustCompile(`MEDIUMBLOB.*DEFAULT\s+[^(\s]`), regexp.MustCompile(`(?i)(COLUMN|INDEX|KEY) IF (NOT )?EXISTS`), regexp.MustCompile(`(?i)\bRETURNING\b|\bSEQUENCE\b`),
			} {
				if refused.MatchString(line) && !strings.Contains(line, "DEFAULT NULL") {
					t.Errorf("%s: MySQL refuses %s", name, line)
				}
			}
		}
	}
	if !regexp.MustCompile(`MEDIUMBLOB.*DEFAULT\s+[^(\s]`).MatchString(binaryTypes("x TEXT NOT NULL DEFAULT ''")) {
		t.Error("control: nothing is found")
	}
}

func TestUnavailable(t *testing.T) {
	s, cause := &Store{}, errors.New("connection reset")
	if err := s.unavailable(cause); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, cause) {
		t.Errorf("an engine's error: got %v, want ErrUnavailable that wraps it", err)
	}
	for _, known := range []error{nil, store.ErrNotFound, store.ErrConsumed, store.ErrConflict, store.ErrInvalid} {
		if err := s.unavailable(known); err != known {
			t.Errorf("%v became %v", known, err)
		}
	}
}
