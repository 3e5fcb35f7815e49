package sqlstore_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/charterauth/charter"
)

var (
	columnLine = regexp.MustCompile(`^  (\w+) +([A-Z]+)(?:\((\d+)\))? +(?:NOT )?NULL(?: DEFAULT (?:''|0))?( PRIMARY KEY)?,? +-- \[(\w+)\]`)
	indexLine  = regexp.MustCompile(`^CREATE (?:UNIQUE )?INDEX \w+ ON (\w+) \(([\w, ]+)\);$`)
	tableLine  = regexp.MustCompile(`^CREATE TABLE (\w+) \($`)
)

type schemaColumn struct {
	kind string
	size int
}

// TestSchemaPortable checks what SQLite and PostgreSQL do not show: that
// MySQL and MariaDB take the schema as well, and that every column says what its
// reader learns.
func TestSchemaPortable(t *testing.T) {
	// Words that are reserved in one of the engines and look like good names.
	reserved := strings.Fields("key keys use user grant group order index primary value values read write limit offset " +
		"rank rows row system window method condition schema table to from like match range release trigger when with all any")
	classes := []string{"digest", "sealed", "public", "personal", "state"}
	kinds := []string{"VARCHAR", "TEXT", "BIGINT", "SMALLINT"}
	tables, expiring, indexed := map[string]map[string]schemaColumn{}, map[string]string{}, map[string]bool{}
	table := ""
	for line := range strings.Lines(charter.Schema) {
		line = strings.TrimRight(line, "\n")
		switch {
		case tableLine.MatchString(line):
			table = tableLine.FindStringSubmatch(line)[1]
			tables[table] = map[string]schemaColumn{}
		case strings.HasPrefix(line, "  "):
			m := columnLine.FindStringSubmatch(line)
			if m == nil {
				t.Fatalf("%s: not name, type, NULL or NOT NULL, [class]: %q", table, line)
			}
			size, _ := strconv.Atoi(m[3])
			tables[table][m[1]] = schemaColumn{m[2], size}
			if !slices.Contains(kinds, m[2]) || (m[2] == "VARCHAR") != (size > 0) {
				t.Errorf("%s.%s: type %s is not the same everywhere", table, m[1], m[2])
			}
			if !slices.Contains(classes, m[5]) || slices.Contains(reserved, m[1]) {
				t.Errorf("%s.%s: class %s; a reserved word: %v", table, m[1], m[5], slices.Contains(reserved, m[1]))
			}
			if m[1] == "expires_at" || m[1] == "sweep_at" {
				expiring[table] = m[1]
			}
		case indexLine.MatchString(line):
			m := indexLine.FindStringSubmatch(line)
			bytes := 0
			for column := range strings.SplitSeq(m[2], ", ") {
				c, ok := tables[m[1]][column]
				if !ok || c.kind == "TEXT" {
					t.Errorf("%s is not a column to index: %+v", column, c)
				}
				bytes += 4*c.size + 8
				indexed[m[1]+"."+column] = true
			}
			if bytes > 3072 { // InnoDB, with four bytes for a character
				t.Errorf("an index of %s has %d bytes", m[1], bytes)
			}
		}
	}
	if len(tables) != 11 || len(expiring) != 8 {
		t.Errorf("read %d tables, %d that expire", len(tables), len(expiring))
	}
	for table, column := range expiring {
		if !indexed[table+"."+column] {
			t.Errorf("%s.%s has no index", table, column)
		}
	}
}
