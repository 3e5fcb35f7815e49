// Package mysql opens the store over MySQL, MariaDB and engines that speak their
// protocol. MySQL needs version 8.0, MariaDB 10.6: both came with SKIP LOCKED.
package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"github.com/charterauth/charter/impl/store/sqlstore"
)

// Connections is how many connections a process opens at most, and keeps.
const Connections = 16

const (
	// connectionLife lets connections move to another host after a failover or
	// behind a balancer.
	connectionLife = 30 * time.Minute
	connectTimeout = 10 * time.Second
)

// Open connects to the database of a URL of the form
// mysql://user:password@host:3306/database?tls=true. The values of tls are the
// driver's: true, false, skip-verify, and preferred, which is the default. The
// schema is the caller's to check or migrate. An error does not tell the URL,
// which may hold a password.
func Open(ctx context.Context, source string) (*sqlstore.Store, error) {
	cfg, err := config(source)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, errMalformed
	}
	db := sqlx.NewDb(sql.OpenDB(connector), "mysql")
	db.SetMaxOpenConns(Connections)
	db.SetMaxIdleConns(Connections)
	db.SetConnMaxLifetime(connectionLife)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(errors.New("the database does not answer"), err, db.Close())
	}
	return sqlstore.New(db, db, sqlstore.MySQL(number)), nil
}

var errMalformed = errors.New("the database URL is malformed; it has the form mysql://user:password@host:3306/database")

// config sets what the store's contract needs, whatever the server's defaults
// are: rows found instead of rows changed, and errors instead of values that were
// cut to fit.
func config(source string) (*mysql.Config, error) {
	u, err := url.Parse(source)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") == "" {
		return nil, errMalformed
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errMalformed
	}
	tls := cmp.Or(query.Get("tls"), "preferred")
	if query.Del("tls"); len(query) > 0 {
		return nil, errors.New("the database URL has a parameter other than tls")
	}
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr = "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "3306"))
	cfg.User, cfg.DBName, cfg.TLSConfig = u.User.Username(), strings.Trim(u.Path, "/"), tls
	cfg.Passwd, _ = u.User.Password()
	cfg.Params = map[string]string{"sql_mode": "'ANSI,TRADITIONAL'"}
	cfg.ClientFoundRows = true
	cfg.InterpolateParams = true // one trip for each write; reads are prepared
	cfg.RejectReadOnly = true    // a primary that was demoted is left
	cfg.Timeout = connectTimeout
	cfg.Logger = &mysql.NopLogger{} // what it would print is returned as well
	return cfg, nil
}

// number reads the number of a server's error.
func number(err error) (uint16, bool) {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return 0, false
	}
	return e.Number, true
}
