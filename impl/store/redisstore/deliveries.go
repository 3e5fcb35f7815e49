package redisstore

import (
	"context"
	"strconv"
	"time"

	"github.com/charterauth/charter/impl/store"
)

var (
	enqueue         = script("enqueue")
	claimDeliveries = script("claim_deliveries")
	finishDelivery  = script("finish_delivery")
)

// Enqueue implements store.Store.
func (s *Store) Enqueue(ctx context.Context, deliveries ...store.Delivery) error {
	args := []any{len(deliveries)}
	for _, d := range deliveries {
		if err := d.Check(); err != nil {
			return err
		}
		args = append(args, deliveryRecord(d).args()...)
	}
	return s.change(ctx, enqueue, args...)
}

// ClaimDeliveries implements store.Store.
func (s *Store) ClaimDeliveries(ctx context.Context, at, until time.Time, limit int) ([]store.Delivery, error) {
	answer, err := s.write(ctx, claimDeliveries, micros(at), micros(until), limit)
	if err != nil {
		return nil, err
	}
	return parseAll(answer, fields.delivery)
}

// FinishDelivery implements store.Store.
func (s *Store) FinishDelivery(ctx context.Context, id string, attempts int64, next time.Time) error {
	return s.change(ctx, finishDelivery, id, strconv.FormatInt(attempts, 10), micros(next))
}
