package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charterauth/charter/impl/store"
)

// SchemaVersion is the version of schema.sql that this code reads and writes.
const SchemaVersion = 1

// ErrSchema: the database has another schema than this program, or none.
var ErrSchema = errors.New("sqlstore: schema version")

// Migrate brings the database to SchemaVersion with the statements of schema,
// which is schema.sql. On a database that is there already it does nothing. Of
// several processes that migrate at once one does it. A database that is newer
// than this program is ErrSchema.
func (s *Store) Migrate(ctx context.Context, schema string) error {
	err := s.CheckSchema(ctx)
	if !errors.Is(err, errNoSchema) {
		return err
	}
	err = s.change(ctx, func(t tx) error {
		for _, statement := range splitStatements(s.dialect.typed(schema)) {
			if _, err := t.on.exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		// Another process may have been faster: then all is well.
		if again := s.CheckSchema(ctx); again == nil {
			return nil
		}
		return fmt.Errorf("migrate: %w", err)
	}
	return s.CheckSchema(ctx)
}

// errNoSchema: there is no table to read a version from.
var errNoSchema = fmt.Errorf("%w: the database has no Charter schema, this program needs version %d; run: charter migrate", ErrSchema, SchemaVersion)

// CheckSchema returns nil when the database has SchemaVersion, and an error that
// is ErrSchema and says what to do when it has another or none. A database that
// does not answer is store.ErrUnavailable.
func (s *Store) CheckSchema(ctx context.Context) error {
	var tables, version int
	err := s.change(ctx, func(t tx) error {
		if err := t.row(ctx, s.dialect.findTable, nil, &tables); err != nil || tables == 0 {
			return err
		}
		return t.row(ctx, `SELECT version FROM charter_schema WHERE id = 1`, nil, &version)
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) { // a table without its row is version 0
		return err
	}
	if tables == 0 {
		return errNoSchema
	}
	switch {
	case version < SchemaVersion:
		return fmt.Errorf("%w: the database has version %d, this program needs %d; run: charter migrate", ErrSchema, version, SchemaVersion)
	case version > SchemaVersion:
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
