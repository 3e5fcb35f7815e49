package store

import (
	"context"
	"fmt"
	"time"
)

// A backup is older than the server: what it holds as live may have been spent,
// revoked or ended since. So a store remembers when it was restored, and what is
// older is good for nothing. It remembers it among the keys, which every store has
// and every server reads when it starts: a record of this use with nothing sealed
// in it, whose RetiredAt is that time, or zero in a copy that nobody has opened.
const restoredUse = "restored"

// MarkCopy notes in the store of a copy that it is one: the first server that
// opens it takes that moment for the time of the restore.
func MarkCopy(ctx context.Context, st Store) error { return markRestored(ctx, st, time.Time{}) }

// MarkRestored notes that what st holds was restored before at. From then on,
// servers refuse what is older; those that run already learn it with their next
// housekeeping, a minute later or so.
func MarkRestored(ctx context.Context, st Store, at time.Time) error {
	if err := Marks(at); err != nil {
		return err
	}
	return markRestored(ctx, st, at)
}

func markRestored(ctx context.Context, st Store, at time.Time) error {
	keys, err := st.Keys(ctx)
	if err != nil {
		return err
	}
	generation := int64(1)
	for _, k := range keys {
		if k.Use == restoredUse {
			generation = max(generation, k.Generation+1)
		}
	}
	return st.CreateKey(ctx, Key{ID: fmt.Sprintf("%s-%d", restoredUse, generation), Use: restoredUse, Algorithm: "none", Generation: generation, RetiredAt: at})
}

// RestoredAt returns when st was restored last; zero when it never was. In a copy
// that MarkCopy marked that is at, which it notes.
func RestoredAt(ctx context.Context, st Store, at time.Time) (time.Time, error) {
	keys, err := st.Keys(ctx)
	if err != nil {
		return time.Time{}, err
	}
	var last time.Time
	for _, k := range keys {
		if k.Use != restoredUse {
			continue
		}
		if k.RetiredAt.IsZero() {
			if err := st.RetireKey(ctx, k.ID, at, time.Time{}); err != nil {
				return time.Time{}, err
			}
			k.RetiredAt = at
		}
		if k.RetiredAt.After(last) {
			last = k.RetiredAt
		}
	}
	return last, nil
}
