package stolen

import (
	"database/sql"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/charterauth/charter"
)

// A dump is what the thief has.
type dump struct {
	raw  map[string][]byte // files, and the log
	rows []row
}

// A row is one row as text, by column.
type row struct {
	table  string
	values map[string]string
}

var createTable = regexp.MustCompile(`(?m)^CREATE TABLE (\w+) \(`)

// readRows reads every row of every table.
func readRows(t *testing.T, db *sql.DB) (all []row) {
	t.Helper()
	for _, m := range createTable.FindAllStringSubmatch(charter.Schema, -1) {
		rows, err := db.Query("SELECT * FROM " + m[1])
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, dest := make([]sql.NullString, len(columns)), []any{}
			for i := range values {
				dest = append(dest, &values[i])
			}
			if err := rows.Scan(dest...); err != nil {
				t.Fatal(err)
			}
			r := row{m[1], make(map[string]string)}
			for i, c := range columns {
				r.values[c] = values[i].String
			}
			all = append(all, r)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	return all
}

// addFiles reads every file below a directory.
func (d *dump) addFiles(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		d.raw[path] = content
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// strings returns every text in the rows, members of JSON too, each once.
func (d *dump) strings() []string {
	seen := make(map[string]bool)
	var add func(v any)
	add = func(v any) {
		switch v := v.(type) {
		case string:
			seen[v] = true
			for _, part := range strings.FieldsFunc(v, func(r rune) bool { return r == ':' || r == '$' || r == '.' }) {
				seen[part] = true
			}
		case []any:
			for _, e := range v {
				add(e)
			}
		case map[string]any:
			for name, e := range v {
				add(name)
				add(e)
			}
		}
	}
	for _, r := range d.rows {
		for _, value := range r.values {
			add(value)
			var document any
			if strings.HasPrefix(value, "{") || strings.HasPrefix(value, "[") {
				if json.Unmarshal([]byte(value), &document) == nil {
					add(document)
				}
			}
		}
	}
	delete(seen, "")
	var all []string
	for s := range seen {
		all = append(all, s)
	}
	return all
}

// classes reads from the schema what a reader of each column learns.
func classes(t *testing.T) map[string]string {
	t.Helper()
	column := regexp.MustCompile(`^  (\w+) .*-- \[(\w+)\]`)
	all, table := make(map[string]string), ""
	for line := range strings.Lines(charter.Schema) {
		if m := createTable.FindStringSubmatch(line); m != nil {
			table = m[1]
		} else if m := column.FindStringSubmatch(line); m != nil {
			all[table+"."+m[1]] = m[2]
		} else if strings.HasPrefix(line, "  ") {
			t.Errorf("%s: a column without a class: %s", table, line)
		}
	}
	return all
}
