package sqlstore

import (
	"errors"
	"fmt"
	"testing"

	"github.com/charterauth/charter/impl/store"
)

type sqlState string

func (s sqlState) Error() string    { return "SQLSTATE " + string(s) }
func (s sqlState) SQLState() string { return string(s) }

type sqliteCode int

func (c sqliteCode) Error() string { return fmt.Sprintf("code %d", int(c)) }
func (c sqliteCode) Code() int     { return int(c) }

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
		{"wrapped", fmt.Errorf("insert: %w", sqlState("23505")), conflicts},
	} {
		if got := classify(c.err); got != c.want {
			t.Errorf("%s: got %d, want %d", c.what, got, c.want)
		}
	}
}

func TestUnavailable(t *testing.T) {
	cause := errors.New("connection reset")
	if err := unavailable(cause); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, cause) {
		t.Errorf("an engine's error: got %v, want ErrUnavailable that wraps it", err)
	}
	for _, known := range []error{nil, store.ErrNotFound, store.ErrConsumed, store.ErrConflict, store.ErrInvalid} {
		if err := unavailable(known); err != known {
			t.Errorf("%v became %v", known, err)
		}
	}
}
