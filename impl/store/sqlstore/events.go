package sqlstore

import (
	"context"
	"errors"

	"github.com/charterauth/charter/impl/store"
)

const eventColumns = "id, at, reason, client_id, subject, grant_id, address, detail"

// Record implements store.Store.
func (s *Store) Record(ctx context.Context, events ...store.Event) error {
	if len(events) == 0 {
		return nil
	}
	var args []any
	for _, e := range events {
		err := errors.Join(e.Check(), fits("event", column{e.ID, 64}, column{e.Reason, 64}, column{e.Subject, 255}, column{e.GrantID, 64}, column{e.Address, 64}))
		if err != nil {
			return err
		}
		args = append(args, e.ID, micros(e.At), e.Reason, e.ClientID, e.Subject, e.GrantID, e.Address, string(e.Detail))
	}
	return s.change(ctx, func(t tx) error {
		_, err := t.exec(ctx, insert("charter_events", eventColumns, len(events)), args...)
		return err
	})
}

// Events implements store.Store.
func (s *Store) Events(ctx context.Context, after string, limit int) (events []store.Event, err error) {
	if err := store.Text("listing", after); err != nil {
		return nil, err
	}
	err = s.rows(ctx, `SELECT `+eventColumns+` FROM charter_events WHERE id > ? ORDER BY id LIMIT ?`, []any{after, max(limit, 0)}, func(row scanner) error {
		var e store.Event
		var at int64
		var detail string
		err := row.Scan(&e.ID, &at, &e.Reason, &e.ClientID, &e.Subject, &e.GrantID, &e.Address, &detail)
		e.At, e.Detail = instant(at), document(detail)
		events = append(events, e)
		return err
	})
	return events, err
}
