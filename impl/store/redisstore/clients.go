package redisstore

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/charterauth/charter/impl/store"
)

var (
	registerClient = script("register_client")
	replaceClient  = script("replace_client")
	renewClient    = script("renew_client")
	deleteClient   = script("delete_client")
)

// RegisterClient implements store.Store.
func (s *Store) RegisterClient(ctx context.Context, c store.Client, since time.Time, tokens ...store.Token) (store.Client, error) {
	if err := cmp.Or(c.Check(), store.CheckIssue(nil, tokens)); err != nil {
		return store.Client{}, err
	}
	r, err := clientRecord(c)
	if err != nil {
		return store.Client{}, err
	}
	args := append([]any{micros(since)}, r.args()...)
	answer, err := s.write(ctx, registerClient, append(args, tokenArgs(tokens)...)...)
	if err != nil {
		return store.Client{}, err
	}
	f, err := one(answer)
	if err != nil {
		return store.Client{}, err
	}
	return f.client()
}

// Client implements store.Store.
func (s *Store) Client(ctx context.Context, id string) (store.Client, error) {
	return readOne(ctx, s, fields.client, readRecord, "client", id)
}

// Clients implements store.Store.
func (s *Store) Clients(ctx context.Context, after string, limit int) ([]store.Client, error) {
	return readAll(ctx, s, fields.client, listRecords, "client", after, max(limit, 0))
}

// ReplaceClient implements store.Store.
func (s *Store) ReplaceClient(ctx context.Context, c store.Client) error {
	if err := c.Check(); err != nil {
		return err
	}
	r, err := clientRecord(c)
	if err != nil {
		return err
	}
	return s.change(ctx, replaceClient, append([]any{strconv.FormatInt(c.Revision, 10)}, r.args()...)...)
}

// RenewClient implements store.Store.
func (s *Store) RenewClient(ctx context.Context, id string, usedAt, expiresAt time.Time) error {
	return s.change(ctx, renewClient, id, micros(usedAt), micros(expiresAt))
}

// DeleteClient implements store.Store.
func (s *Store) DeleteClient(ctx context.Context, id string, at time.Time) error {
	if err := store.Marks(at); err != nil {
		return err
	}
	return s.change(ctx, deleteClient, id, micros(at))
}
