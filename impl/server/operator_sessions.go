package server

import (
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// EndSessions ends, as an operator, all that a person is signed in to, as EndSession
// does, and puts it into the audit trail. Whoever keeps the sessions has voided them
// before (interact.LocalAccounts.SignOut).
func EndSessions(ctx context.Context, st store.Store, at time.Time, subject string) error {
	at = at.UTC().Truncate(time.Microsecond)
	if _, err := EndSession(ctx, st, at, SessionEnd{Subject: subject}); err != nil {
		return err
	}
	recordOperator(ctx, st, at, store.Event{Reason: "sessions_ended_by_operator", Subject: subject})
	return nil
}
