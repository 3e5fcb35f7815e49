package sqlstore

import (
	"context"
	"database/sql"
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
	dialect string
	text    string
}

func (c *statementCache) get(d Dialect, text string) string {
	key := statementKey{d.name, text}
	if made, ok := c.texts.Load(key); ok {
		return made.(string)
	}
	made := strings.NewReplacer("{locking}", d.locking, "{skipping}", d.skipping, "{upsert}", d.upsert).Replace(text)
	made = sqlx.Rebind(d.bind, made)
	c.texts.Store(key, made)
	return made
}

// insert is an INSERT of n rows of columns into a table.
func insert(table, columns string, n int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", strings.Count(columns, ",")+1), ", ") + ")"
	return "INSERT INTO " + table + " (" + columns + ") VALUES " + strings.TrimSuffix(strings.Repeat(row+", ", n), ", ")
}

// preparedStatements prepares each statement of a pool once; database/sql
// prepares it again on each connection that it first runs on.
type preparedStatements struct {
	db *sqlx.DB

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt // by text; guarded by mu
}

func (p *preparedStatements) get(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	stmt, ok := p.stmts[query]
	p.mu.RUnlock()
	if ok {
		return stmt, nil
	}
	stmt, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first, ok := p.stmts[query]; ok {
		return first, stmt.Close() // somebody else was faster
	}
	if p.stmts == nil {
		p.stmts = make(map[string]*sql.Stmt)
	}
	p.stmts[query] = stmt
	return stmt, nil
}
