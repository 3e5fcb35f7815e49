// Package postgres opens the store over PostgreSQL and engines that speak its
// protocol.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter/impl/store/sqlstore"
)

// Connections is how many connections a process opens at most. As many are kept
// open: under load, connecting costs more than everything else.
const Connections = 16

// connectionLife lets connections move to another host after a failover or
// behind a balancer.
const connectionLife = 30 * time.Minute

// connectTimeout bounds opening a connection to one host, where the URL does not
// say connect_timeout.
const connectTimeout = 3 * time.Second

// Open connects to the database of a postgres:// URL. The schema is the caller's
// to check or migrate. An error does not tell the URL, which may hold a
// password.
func Open(ctx context.Context, source string) (*sqlstore.Store, error) {
	cfg, err := pgx.ParseConfig(source)
	if err != nil {
		return nil, errors.New("the database URL is malformed; it has the form postgres://user:password@host:port/database")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	db := sqlx.NewDb(stdlib.OpenDB(*cfg), "pgx")
	db.SetMaxOpenConns(Connections)
	db.SetMaxIdleConns(Connections)
	db.SetConnMaxLifetime(connectionLife)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(errors.New("the database does not answer"), err, db.Close())
	}
	dialect, err := dialectOf(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return sqlstore.New(db, db, dialect), nil
}

// dialectOf asks the engine what it is.
func dialectOf(ctx context.Context, db *sqlx.DB) (sqlstore.Dialect, error) {
	var version string
	if err := db.GetContext(ctx, &version, `SELECT version()`); err != nil {
		return sqlstore.Dialect{}, fmt.Errorf("the version of the database: %w", err)
	}
	if strings.HasPrefix(version, "CockroachDB ") {
		return sqlstore.CockroachDB, nil
	}
	return sqlstore.PostgreSQL, nil
}
