package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/charterauth/charter/impl/store"
)

const deliveryColumns = "id, client_id, target, payload, attempts, next_at, created_at, expires_at"

// Enqueue implements store.Store.
func (s *Store) Enqueue(ctx context.Context, deliveries ...store.Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	var args []any
	for _, d := range deliveries {
		if err := errors.Join(d.Check(), fits("delivery", column{d.ID, 64})); err != nil {
			return err
		}
		args = append(args, d.ID, d.ClientID, d.Target, string(d.Payload), d.Attempts, micros(d.NextAt), micros(d.CreatedAt), micros(d.ExpiresAt))
	}
	return s.change(ctx, func(t tx) error {
		_, err := t.exec(ctx, insert("charter_deliveries", deliveryColumns, len(deliveries)), args...)
		return err
	})
}

// ClaimDeliveries implements store.Store. A row that another claims at this
// moment is left to it.
func (s *Store) ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) (claimed []store.Delivery, err error) {
	err = s.change(ctx, func(t tx) error {
		claimed = nil
		due, err := t.due(ctx, at, limit)
		if err != nil {
			return err
		}
		for _, d := range due {
			// The rows are locked; an engine that reads SKIP LOCKED and locks nothing
			// still gives each to one.
			mine, err := t.exec(ctx, `UPDATE charter_deliveries SET attempts = attempts + 1, next_at = ? WHERE id = ? AND attempts = ?`, micros(until), d.ID, d.Attempts)
			if err != nil {
				return err
			}
			if mine == 0 {
				continue
			}
			d.Attempts++
			d.NextAt = instant(micros(until))
			claimed = append(claimed, d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// due reads at most limit deliveries that are due, and locks them.
func (t tx) due(ctx context.Context, at time.Time, limit int) (due []store.Delivery, err error) {
	rows, err := t.on.rows(ctx, t.store.query(`SELECT `+deliveryColumns+` FROM charter_deliveries
		WHERE next_at <= ? AND (expires_at = 0 OR expires_at > ?) ORDER BY next_at LIMIT ?{skipping}`), micros(at), micros(at), max(limit, 0))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d store.Delivery
		var payload string
		var next, created, expires int64
		if err := rows.Scan(&d.ID, &d.ClientID, &d.Target, &payload, &d.Attempts, &next, &created, &expires); err != nil {
			return nil, err
		}
		d.Payload = document(payload)
		d.CreatedAt, d.ExpiresAt = instant(created), instant(expires)
		due = append(due, d)
	}
	return due, rows.Err()
}

// FinishDelivery implements store.Store.
func (s *Store) FinishDelivery(ctx context.Context, id string, attempts int64, next time.Time) error {
	if store.Text("delivery", id) != nil {
		return store.ErrNotFound
	}
	return s.change(ctx, func(t tx) error {
		if next.IsZero() {
			return foundOr(t.exec(ctx, `DELETE FROM charter_deliveries WHERE id = ?`, id))
		}
		changed, err := t.exec(ctx, `UPDATE charter_deliveries SET next_at = ? WHERE id = ? AND attempts = ?`, micros(next), id, attempts)
		if err != nil || changed == 1 {
			return err
		}
		return t.conflictOr(ctx, store.ErrConflict, `SELECT 1 FROM charter_deliveries WHERE id = ?`, id)
	})
}
