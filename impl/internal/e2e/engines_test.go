package e2e

import (
	"testing"

	"github.com/charterauth/charter/impl/internal/mysqltest"
	"github.com/charterauth/charter/impl/internal/pgtest"
)

// onEveryStore runs a test against charter on each database.
func onEveryStore(t *testing.T, test func(t *testing.T, c *charter)) {
	t.Run("sqlite", func(t *testing.T) { test(t, serve(t, "")) })
	t.Run("postgres", func(t *testing.T) { test(t, serve(t, pgtest.DSN(t))) })
	t.Run("mariadb", func(t *testing.T) { test(t, serve(t, mysqltest.URL(t))) })
}
