package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// SchemaVersion is the version of schema.sql that this code reads and writes.
// Its steps from earlier versions are in migrations.
const SchemaVersion = 2

// ErrSchema: the database has another schema than this program, or none.
var ErrSchema = errors.New("sqlstore: schema version")

// What CheckSchema found that Migrate mends.
var (
	errNoSchema  = fmt.Errorf("%w: the database has no Charter schema, this program needs version %d; run: charter migrate", ErrSchema, SchemaVersion)
	errOldSchema = fmt.Errorf("%w: the database is older than this program", ErrSchema)
)

// Migrate brings the database to SchemaVersion: a new one with the statements of
// schema, which is schema.sql, an older one with the migrations since. On one
// that is there already, or is newer and compatible, it does nothing. Of several
// processes that migrate at once one does it. Older programs go on meanwhile: a
// migration only adds. A database that is too new for this program is ErrSchema.
// Each of told is called before every statement with how many of the step are
// done: on a large table one takes its time.
func (s *Store) Migrate(ctx context.Context, schema string, told ...func(done, all int)) error {
	release, err := s.dialect.migrateAlone(ctx, s.write)
	if err != nil {
		return s.unavailable(err)
	}
	defer release()
	switch err = s.CheckSchema(ctx); {
	case errors.Is(err, errNoSchema):
		err = s.create(ctx, schema, told)
	case errors.Is(err, errOldSchema):
		err = s.upgrade(ctx, told)
	default:
		return err
	}
	if err != nil && s.CheckSchema(ctx) != nil { // nil: another process was faster
		return fmt.Errorf("migrate: %w", err)
	}
	return s.CheckSchema(ctx)
}

// createTimeout bounds the making of a schema, of some fifty statements that a slow
// engine writes to its disk one by one.
const createTimeout = 10 * time.Minute

// create makes a new database.
func (s *Store) create(ctx context.Context, schema string, told []func(done, all int)) error {
	return s.changeWithin(ctx, createTimeout, func(t tx) error {
		if err := t.define(ctx, schema, told); err != nil {
			return err
		}
		_, err := t.exec(ctx, `UPDATE charter_schema SET applied_at = ? WHERE id = 1`, micros(time.Now()))
		return err
	})
}

// define runs the statements of a schema. Where they do not take part in a
// transaction, those of an earlier attempt that was cut off are passed over.
func (t tx) define(ctx context.Context, schema string, told []func(done, all int)) error {
	statements := splitStatements(t.store.dialect.typed(schema))
	for i, statement := range statements {
		for _, tell := range told {
			tell(i, len(statements))
		}
		_, err := t.on.exec(ctx, statement)
		if err == nil || t.store.dialect.classify(err) == defined {
			continue
		}
		return err
	}
	return nil
}

// CheckSchema returns nil when this program can use the database: it has
// SchemaVersion, or a later one that is marked compatible with it. Otherwise the
// error is ErrSchema and says what to do. A database that does not answer is
// store.ErrUnavailable.
func (s *Store) CheckSchema(ctx context.Context) error {
	var tables int
	var version, compatible int64
	err := s.change(ctx, func(t tx) error {
		if err := t.row(ctx, s.dialect.findTable, nil, &tables); err != nil || tables == 0 {
			return err
		}
		return t.row(ctx, `SELECT version, compatible FROM charter_schema WHERE id = 1`, nil, &version, &compatible)
	})
	switch {
	case errors.Is(err, store.ErrNotFound): // a table without its row: its making was cut off
		return errNoSchema
	case err != nil:
		return err
	case tables == 0:
		return errNoSchema
	case version < SchemaVersion:
		return fmt.Errorf("%w: it has version %d, this program needs %d; run: charter migrate", errOldSchema, version, SchemaVersion)
	case compatible > SchemaVersion:
		return fmt.Errorf("%w: the database has version %d, this program knows only %d; run a newer charter", ErrSchema, version, SchemaVersion)
	}
	return nil
}

// splitStatements cuts schema.sql at the semicolons that end lines, since not
// every driver takes several statements at once. Comments go.
func splitStatements(schema string) []string {
	var lines []string
	for line := range strings.Lines(schema) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\r\n"), "--")
		if line = strings.TrimRight(line, " "); line != "" {
			lines = append(lines, line)
		}
	}
	var statements []string
	for statement := range strings.SplitSeq(strings.Join(lines, "\n")+"\n", ";\n") {
		if strings.TrimSpace(statement) != "" {
			statements = append(statements, statement)
		}
	}
	return statements
}
