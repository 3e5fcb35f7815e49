package redisstore

import (
	"context"
	"strconv"
	"time"

	"github.com/charterauth/charter/impl/store"
)

var (
	createSession  = script("create_session")
	endSession     = script("end_session")
	replaceAccount = script("replace_account")
	accountByName  = script("account_by_name")
	deleteAccount  = script("delete_account")
)

// CreateSession implements store.Store.
func (s *Store) CreateSession(ctx context.Context, session store.Session, replaces store.Digest) error {
	if err := session.Check(); err != nil {
		return err
	}
	return s.change(ctx, createSession, append([]any{digest(replaces)}, sessionRecord(session).args()...)...)
}

// Session implements store.Store.
func (s *Store) Session(ctx context.Context, d store.Digest) (store.Session, error) {
	return readOne(ctx, s, fields.session, readRecord, "session", digest(d))
}

// EndSession implements store.Store.
func (s *Store) EndSession(ctx context.Context, id string) error {
	return s.change(ctx, endSession, id)
}

// ReplaceAccount implements store.Store.
func (s *Store) ReplaceAccount(ctx context.Context, a store.Account) error {
	if err := a.Check(); err != nil {
		return err
	}
	return s.change(ctx, replaceAccount, append([]any{strconv.FormatInt(a.Revision, 10)}, accountRecord(a).args()...)...)
}

// Account implements store.Store.
func (s *Store) Account(ctx context.Context, id string) (store.Account, error) {
	return readOne(ctx, s, fields.account, readRecord, "account", id)
}

// AccountByName implements store.Store.
func (s *Store) AccountByName(ctx context.Context, name string) (store.Account, error) {
	return readOne(ctx, s, fields.account, accountByName, name)
}

// Accounts implements store.Store.
func (s *Store) Accounts(ctx context.Context, after string, limit int) ([]store.Account, error) {
	return readAll(ctx, s, fields.account, listRecords, "account", after, max(limit, 0))
}

// DeleteAccount implements store.Store.
func (s *Store) DeleteAccount(ctx context.Context, id string, at time.Time) error {
	if err := store.Marks(at); err != nil {
		return err
	}
	return s.change(ctx, deleteAccount, id, micros(at))
}
