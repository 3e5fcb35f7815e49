package server

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// readRestored asks the store whether it was restored from a backup.
func (s *Server) readRestored(ctx context.Context) error {
	at, err := store.RestoredAt(ctx, s.store, s.now())
	if err != nil {
		return fmt.Errorf("time of the last restore: %w", err)
	}
	if last := s.restoredAt.Swap(&at); !at.IsZero() && (last == nil || !last.Equal(at)) {
		s.logger().LogAttrs(ctx, slog.LevelWarn, "the store was restored from a backup: what is older is refused", slog.Time("restored_at", at))
	}
	return nil
}

// Revived reports whether what was made at a time is older than the restore of the
// store. It may have been spent, revoked or ended between the backup and the
// restore, and the store would not know: so it is good for nothing.
func (s *Server) Revived(created time.Time) bool {
	at := s.restoredAt.Load()
	return at != nil && created.Before(*at)
}

// MarkRestored notes, as an operator, that a backup was restored into st: codes,
// tokens, grants and sign-ins that are older than at are good for nothing from
// then on.
func MarkRestored(ctx context.Context, st store.Store, at time.Time) error {
	at = at.UTC().Truncate(time.Microsecond)
	if err := store.MarkRestored(ctx, st, at); err != nil {
		return err
	}
	recordOperator(ctx, st, at, store.Event{Reason: "restored_by_operator"})
	return nil
}
