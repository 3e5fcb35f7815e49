package customstore

import (
	"cmp"
	"context"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// CreateRequest implements store.Store.
func (s *Store) CreateRequest(ctx context.Context, r store.Request) error {
	return create(ctx, s, requests+r.Handle.String(), r)
}

// Request implements store.Store.
func (s *Store) Request(ctx context.Context, handle store.Digest) (store.Request, error) {
	return read[store.Request](ctx, s, requests+handle.String())
}

// AnswerRequest implements store.Store.
func (s *Store) AnswerRequest(ctx context.Context, handle store.Digest, at time.Time, grant *store.Grant, own ...store.Token) error {
	return s.do(ctx, store.Marks(at), func(t *tx) error {
		return change(t, requests+handle.String(), func(r *store.Request) error {
			if !r.AnsweredAt.IsZero() {
				return store.ErrConsumed
			}
			r.AnsweredAt = at
			if grant == nil {
				return nil
			}
			return cmp.Or(grant.Check(), add(t, grants+grant.ID, *grant), addTokens(t, own))
		})
	})
}
