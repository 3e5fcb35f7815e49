package linear

import (
	"os"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/internal/fleet"
)

// planted are changes of the source that break the promise.
var planted = []struct {
	name  string
	edits []fleet.Edit
}{
	{"a token is spent whether or not it is unspent", []fleet.Edit{noCompareAndSwap}},
	{"a process keeps tokens that it has read", []fleet.Edit{{
		File: "impl/store/sqlstore/tokens.go",
		Old:  "	if err != nil {\n		return store.Token{}, store.Grant{}, err\n	}\n	return token, grant, nil\n}",
		New: `	if err != nil {
		return store.Token{}, store.Grant{}, err
	}
	if kept, ok := keptTokens.Load(d); ok {
		k := kept.(keptToken)
		return k.token, k.grant, nil
	}
	keptTokens.Store(d, keptToken{token, grant})
	return token, grant, nil
}

var keptTokens sync.Map

type keptToken struct {
	token store.Token
	grant store.Grant
}`,
	}, {File: "impl/store/sqlstore/tokens.go", Old: "	\"errors\"\n", New: "	\"errors\"\n	\"sync\"\n"}}},
	{"a token outlives its grant", []fleet.Edit{{
		File: "impl/server/live_grant.go", Old: `g.ID != "" && g.RevokedAt.IsZero() &&`, New: `g.ID != "" &&`,
	}}},
	{"the grace period forks the chain", []fleet.Edit{noCompareAndSwap, {
		File: "impl/server/grant_refresh_token.go", Old: "if !token.ConsumedAt.IsZero() {", New: "if !token.ConsumedAt.IsZero() && token.Successor.IsZero() {",
	}}},
	{"a failed write is told as success", []fleet.Edit{{
		File: "impl/store/sqlstore/at_once.go", Old: "	if err != nil || added > 0 {\n		return err\n	}", New: "	if err != nil || added > 0 {\n		return nil\n	}",
	}}},
	{"reuse of a refresh token ends nothing", []fleet.Edit{{
		File: "impl/server/refresh_retry.go", Old: "if err := s.endGrant(ctx, used.row.GrantID); err != nil {", New: "if err := ctx.Err(); err != nil {",
	}}},
	{"reuse of all but the last ancestor ends nothing", []fleet.Edit{{
		File: "impl/server/refresh_retry.go", Old: "	if err := s.endGrant(ctx, used.row.GrantID); err != nil {", New: `	next, _, err := s.store.Token(ctx, used.row.Successor)
	if err != nil {
		return err
	}
	if after, _, err := s.store.Token(ctx, next.Successor); err == nil && !after.ConsumedAt.IsZero() {
		return errRefreshToken("refresh_reuse_detected")
	}
	if err := s.endGrant(ctx, used.row.GrantID); err != nil {`,
	}}},
	{"what is spent is swept at once", []fleet.Edit{{
		File: "impl/store/sqlstore/at_once.go", Old: "sweep_at = CASE WHEN grant_id = '' THEN expires_at ELSE 0 END", New: "sweep_at = 1",
	}, {File: "impl/server/server.go", Old: "maintenanceInterval = time.Minute", New: "maintenanceInterval = 20 * time.Millisecond"}}},
	{"replay of a code ends nothing", []fleet.Edit{{
		File: "impl/server/grant_authorization_code.go", Old: "if err := s.endGrant(ctx, code.GrantID); err != nil {", New: "if err := ctx.Err(); err != nil {",
	}}},
	{"a revocation is answered before it happens", []fleet.Edit{{
		File: "impl/server/revoke.go", Old: "	if err := s.endGrant(ctx, t.GrantID); err != nil {\n		return err\n	}",
		New: "	time.AfterFunc(30*time.Millisecond, func() { s.endGrant(context.WithoutCancel(ctx), t.GrantID) })",
	}, {File: "impl/server/revoke.go", Old: "	\"context\"\n", New: "	\"context\"\n	\"time\"\n"}}},
}

var noCompareAndSwap = fleet.Edit{
	File: "impl/store/sqlstore/at_once.go", Old: "WHERE digest = ? AND consumed_at = 0 AND (grant_id", New: "WHERE digest = ? AND (grant_id",
}

// alwaysPlanted is how many of the bugs every run plants; a long run plants all.
const alwaysPlanted = 3

// REL-2: the check finds what it is there to find.
func TestPlantedBugsAreFound(t *testing.T) {
	bugs := planted
	if os.Getenv("CHARTER_TEST_LONG") == "" {
		bugs = bugs[:alwaysPlanted]
	}
	for _, bug := range bugs {
		t.Run(bug.name, func(t *testing.T) {
			s := newSystem(t, fleet.Mutant(t, bug.edits...))
			begin := time.Now()
			f := s.check(t, time.Minute)
			if f.first == "" {
				t.Fatalf("not found in %d requests", f.requests.Load())
			}
			t.Logf("found in %d requests, %v", f.requests.Load(), time.Since(begin).Round(100*time.Millisecond))
		})
	}
}
