package redisstore

import (
	"context"

	"github.com/charterauth/charter/impl/store"
)

var recordEvents = script("record")

// Record implements store.Store. ErrConflict when an ID is taken.
func (s *Store) Record(ctx context.Context, events ...store.Event) error {
	args := []any{len(events)}
	for _, e := range events {
		if err := e.Check(); err != nil {
			return err
		}
		args = append(args, eventRecord(e).args()...)
	}
	return s.change(ctx, recordEvents, args...)
}

// Events implements store.Store.
func (s *Store) Events(ctx context.Context, after string, limit int) ([]store.Event, error) {
	return readAll(ctx, s, fields.event, listRecords, "event", after, max(limit, 0))
}
