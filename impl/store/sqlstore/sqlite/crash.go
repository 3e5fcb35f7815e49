package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
)

// ErrDamaged: the file is not what SQLite wrote. Restore a backup.
var ErrDamaged = errors.New("the database file is damaged; restore a backup of it")

// alone waits for nobody.
var alone = url.Values{"_pragma": {"busy_timeout(0)", "synchronous(FULL)"}}

// checkAfterCrash reads the whole database if the last process that had it did
// not close it: then its log is still there, and nobody holds it. A disk that
// lost what it had acknowledged shows here, and not in the middle of a login.
// SQLite itself has replayed the log by then.
func checkAfterCrash(ctx context.Context, path string) error {
	log, err := os.Stat(path + "-wal")
	if err != nil || log.Size() == 0 {
		return nil // closed in order, or new
	}
	db, err := connect(ctx, source(path, alone), 1)
	if err != nil {
		return damaged(err)
	}
	defer db.Close()
	// Only the one connection there is can leave the log's mode; Open enters it
	// again. Where it cannot, another process has the file, and had it checked.
	if _, err := db.ExecContext(ctx, `PRAGMA journal_mode=DELETE`); err != nil {
		return damaged(err)
	}
	return damaged(check(ctx, db, "quick_check"))
}

// damaged tells errors of the file from a file that is in use.
func damaged(err error) error {
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok && (e.Code()&0xff == 5 || e.Code()&0xff == 6) { // SQLITE_BUSY, SQLITE_LOCKED
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}
