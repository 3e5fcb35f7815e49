// Package sqlite opens the store over an SQLite file, with the driver that needs
// no C compiler.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/charterauth/charter/impl/store/sqlstore"
)

// pragmas make what is answered durable (synchronous FULL syncs the WAL at every
// commit), let readers go on while one writes, and wait for other processes.
// Writing transactions take the write lock at once: one that read first and
// wrote later would fail with BUSY.
var pragmas = url.Values{
	"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)"},
	"_txlock": {"immediate"},
}

// Open opens the database file at path, which is created for its owner alone if
// it is not there. The schema is the caller's to check or migrate. After a crash
// the file is read through first; one that is damaged is ErrDamaged.
func Open(ctx context.Context, path string) (*sqlstore.Store, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open the database file: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	if err := checkAfterCrash(ctx, path); err != nil {
		return nil, err
	}
	write, err := connect(ctx, source(path, pragmas), 1)
	if err != nil {
		return nil, err
	}
	read, err := connect(ctx, source(path, pragmas), max(4, runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return sqlstore.New(read, write, sqlstore.SQLite), nil
}

func source(path string, query url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: query.Encode()}).String()
}

func connect(ctx context.Context, source string, connections int) (*sqlx.DB, error) {
	db, err := sqlx.ConnectContext(ctx, "sqlite", source)
	if err != nil {
		return nil, fmt.Errorf("cannot open the database file: %w", err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}
