package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/sqlstore"
)

// Backup writes a copy of the database file at path to a new file at to, beside
// any process that reads and writes it: the copy is what was committed when the
// call began. It appears under its name when it is whole, checked, on the disk
// and readable by its owner alone. An error leaves nothing there; a file that is
// there already is one.
//
// The copy is marked as one (store.MarkCopy): a server that starts from it refuses
// the tokens and sign-ins that are in it.
func Backup(ctx context.Context, path, to string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("cannot open the database file: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(to), ".charter-backup-*") // for its owner alone
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := copyInto(ctx, path, f.Name()); err != nil {
		return fmt.Errorf("cannot copy the database: %w", err)
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Link(f.Name(), to); err != nil { // unlike a rename it replaces nothing
		return err
	}
	return syncDirectory(filepath.Dir(to))
}

// copyInto fills the empty file to, and reads the copy through.
func copyInto(ctx context.Context, path, to string) error {
	db, err := connect(ctx, source(path, pragmas), 1)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	written, err := connect(ctx, source(to, nil), 2)
	if err != nil {
		return err
	}
	if err := check(ctx, written, "integrity_check"); err != nil {
		return errors.Join(err, written.Close())
	}
	return markCopy(ctx, written)
}

// markCopy notes in the copy that it is one: who opens it must not take what was
// spent or revoked after it was made for good. It closes db.
func markCopy(ctx context.Context, db *sqlx.DB) error {
	st := sqlstore.New(db, db, sqlstore.SQLite)
	return errors.Join(store.MarkCopy(ctx, st), st.Close())
}

// check runs one of SQLite's checks, integrity_check or quick_check.
func check(ctx context.Context, db *sqlx.DB, pragma string) error {
	var verdict string
	if err := db.GetContext(ctx, &verdict, "PRAGMA "+pragma+"(1)"); err != nil {
		return err
	}
	if verdict != "ok" {
		return errors.New(verdict)
	}
	return nil
}

// syncDirectory makes a new name as durable as the file.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
