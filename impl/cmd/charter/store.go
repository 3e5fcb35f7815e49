package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charterauth/charter"
	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/redisstore"
	"github.com/charterauth/charter/impl/store/sqlstore"
	"github.com/charterauth/charter/impl/store/sqlstore/mysql"
	"github.com/charterauth/charter/impl/store/sqlstore/postgres"
	"github.com/charterauth/charter/impl/store/sqlstore/sqlite"
)

// open opens the store and refuses a database of another schema version. The
// embedded database gets its schema here when it is new; a server's database is
// an operator's to migrate.
func (l *location) open(ctx context.Context) (store.Store, error) {
	if scheme, _, _ := strings.Cut(l.source(), ":"); scheme == "redis" || scheme == "rediss" {
		return redisstore.Open(ctx, l.source()) // it has no schema
	}
	st, embedded, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	check := st.CheckSchema
	if embedded {
		check = func(ctx context.Context) error { return st.Migrate(ctx, charter.Schema) }
	}
	if err := check(ctx); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return st, nil
}

// connect opens the store without looking at its schema.
func (l *location) connect(ctx context.Context) (st *sqlstore.Store, embedded bool, err error) {
	source := l.source()
	switch scheme, rest, _ := strings.Cut(source, ":"); scheme {
	case "sqlite":
		if l.store == "" {
			if err := l.makeData(); err != nil {
				return nil, false, err
			}
		}
		if rest == "" {
			return nil, false, errors.New("--store sqlite: needs a path, as in sqlite:/var/lib/charter/charter.db")
		}
		st, err = sqlite.Open(ctx, rest)
		return st, true, err
	case "postgres", "postgresql":
		st, err = postgres.Open(ctx, source)
		return st, false, err
	case "mysql":
		st, err = mysql.Open(ctx, source)
		return st, false, err
	}
	if strings.HasPrefix(source, "redis") {
		return nil, false, errors.New("--store redis: there is no schema to migrate")
	}
	return nil, false, fmt.Errorf("--store must be sqlite:PATH, postgres://…, mysql://… or redis://…")
}
