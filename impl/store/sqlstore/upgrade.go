package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// The migrations: each file is the step to the version that its name begins
// with, in the SQL of schema.sql. A step only adds, so that programs of the
// version before go on beside it: a new column may be NULL or has a DEFAULT, and
// nothing is renamed or dropped. One that cannot but break them also raises
// charter_schema.compatible.
//
//go:embed migrations/*.sql
var migrations embed.FS

// upgrade brings an older database to SchemaVersion, step by step.
func (s *Store) upgrade(ctx context.Context, told []func(done, all int)) error {
	steps, err := s.steps(told)
	if err != nil {
		return err
	}
	db := s.write.DB
	if s.commits != nil {
		db = s.read.DB // the one connection that writes belongs to the group commit
	}
	p, err := goose.NewProvider(goose.DialectCustom, db, nil,
		goose.WithStore(schemaRow{s}), goose.WithGoMigrations(steps...), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

func (s *Store) steps(told []func(done, all int)) (steps []*goose.Migration, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, err
		}
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		run := func(ctx context.Context, on *sql.Tx) error { return s.step(ctx, on, version, string(text), told) }
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{RunTx: run}, nil))
	}
	return steps, nil
}

// step changes the schema from the version before, if it still has that: the row
// of the version is locked first, and who waited for it finds the work done.
func (s *Store) step(ctx context.Context, on *sql.Tx, version int64, text string, told []func(done, all int)) error {
	t := tx{s, ownTx{on}}
	before, err := t.exec(ctx, `UPDATE charter_schema SET applied_at = ? WHERE id = 1 AND version = ?`, micros(time.Now()), version-1)
	if err != nil || before == 0 {
		return err
	}
	return t.define(ctx, text, told)
}

// A schemaRow is goose's view of charter_schema, which has the version that was
// reached and not the way to it.
type schemaRow struct{ *Store }

func (schemaRow) Tablename() string { return "charter_schema" }

func (schemaRow) CreateVersionTable(context.Context, database.DBTxConn) error { return errNoSchema }

// Insert notes that version was reached. Another process may have noted it, or a
// later one, before.
func (r schemaRow) Insert(ctx context.Context, on database.DBTxConn, req database.InsertRequest) error {
	_, err := on.ExecContext(ctx, r.query(`UPDATE charter_schema SET version = ? WHERE id = 1 AND version < ?`), req.Version, req.Version)
	return err
}

var errForwardOnly = errors.New("sqlstore: migrations go forward only")

func (schemaRow) Delete(context.Context, database.DBTxConn, int64) error { return errForwardOnly }

func (r schemaRow) GetLatestVersion(ctx context.Context, on database.DBTxConn) (version int64, err error) {
	err = on.QueryRowContext(ctx, `SELECT version FROM charter_schema WHERE id = 1`).Scan(&version)
	return version, err
}

func (r schemaRow) GetMigration(ctx context.Context, on database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	reached, err := r.GetLatestVersion(ctx, on)
	if err != nil {
		return nil, err
	}
	if version > reached {
		return nil, fmt.Errorf("%w: %d", database.ErrVersionNotFound, version)
	}
	return &database.GetMigrationResult{IsApplied: true}, nil
}

func (r schemaRow) ListMigrations(ctx context.Context, on database.DBTxConn) (applied []*database.ListMigrationsResult, err error) {
	reached, err := r.GetLatestVersion(ctx, on)
	for version := reached; version >= 0; version-- {
		applied = append(applied, &database.ListMigrationsResult{Version: version, IsApplied: true})
	}
	return applied, err
}
