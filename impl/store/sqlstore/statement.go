package sqlstore

import (
	"strings"
	"sync"

	"github.com/jmoiron/sqlx"
)

// statements keeps the engine's form of every statement text.
var statements statementCache

type statementCache struct {
	texts sync.Map // statementKey → string
}

type statementKey struct {
	dialect Dialect
	text    string
}

func (c *statementCache) get(d Dialect, text string) string {
	key := statementKey{d, text}
	if made, ok := c.texts.Load(key); ok {
		return made.(string)
	}
	made := strings.NewReplacer("{collate}", d.collate, "{locking}", d.locking).Replace(text)
	made = sqlx.Rebind(d.bind, made)
	c.texts.Store(key, made)
	return made
}

// insert is an INSERT of n rows of columns into a table.
func insert(table, columns string, n int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", strings.Count(columns, ",")+1), ", ") + ")"
	return "INSERT INTO " + table + " (" + columns + ") VALUES " + strings.TrimSuffix(strings.Repeat(row+", ", n), ", ")
}
