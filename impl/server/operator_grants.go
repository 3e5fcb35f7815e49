package server

import (
	"context"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// EndGrants revokes, as an operator, every live grant that matches all non-empty
// fields of f, and returns how many. Their tokens are dead when it returns. An
// empty filter is an error, so that none forgotten means all.
func EndGrants(ctx context.Context, st store.Store, at time.Time, f store.GrantFilter) (int, error) {
	if f == (store.GrantFilter{}) {
		return 0, errors.New("no grant, subject or client was named")
	}
	at = at.UTC().Truncate(time.Microsecond)
	n, err := st.RevokeGrants(ctx, f, at)
	if err != nil || n == 0 {
		return n, err
	}
	recordOperator(ctx, st, at, store.Event{Reason: "grant_revoked_by_operator", GrantID: f.ID, Subject: f.Subject, ClientID: f.ClientID})
	return n, nil
}
