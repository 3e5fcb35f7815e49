package kvstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/charterauth/charter/impl/store"
)

// A DB is a key-value engine. It is safe for concurrent use.
type DB interface {
	// Transact runs f. Where write is true, what f did is kept whole and durable
	// when f and Transact return nil, and not at all otherwise; where it is false f
	// only reads. Transactions are serialisable: an engine that runs several at once
	// tries again those that lose, and calls f again for it.
	Transact(ctx context.Context, write bool, f func(Tx) error) error
	// Close releases the engine.
	Close() error
}

// A Tx is one transaction. It sees what it wrote itself. Keys and values are its
// caller's only until f returns, and arguments are not kept.
type Tx interface {
	// Get returns nil for a key without a value.
	Get(key []byte) ([]byte, error)
	// Put returns store.ErrInvalid, wrapped or as it is, for a key or a value that
	// the engine cannot hold.
	Put(key, value []byte) error
	Delete(key []byte) error
	// Scan calls visit with the keys that begin with prefix and are not before
	// start, in the order of their bytes, until it returns false. visit changes
	// nothing.
	Scan(prefix, start []byte, visit func(key, value []byte) bool) error
}

// A Store keeps Charter's state in a DB. Its methods are those of store.Store.
type Store struct{ db DB }

var _ store.Store = (*Store)(nil)

// New returns the store in db, which it closes.
func New(db DB) *Store { return &Store{db} }

// write is a verb that changes something; refused is what is wrong with its
// arguments.
func (s *Store) write(ctx context.Context, refused error, verb func(Tx) error) error {
	if refused != nil {
		return refused
	}
	return s.transact(ctx, true, verb)
}

func (s *Store) read(ctx context.Context, verb func(Tx) error) error {
	return s.transact(ctx, false, verb)
}

// transact makes errors of the engine ErrUnavailable; those of the contract stay.
func (s *Store) transact(ctx context.Context, write bool, verb func(Tx) error) error {
	err := ctx.Err()
	if err == nil {
		err = s.db.Transact(ctx, write, verb)
	}
	for _, known := range []error{nil, store.ErrNotFound, store.ErrConsumed, store.ErrConflict, store.ErrInvalid} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

// Ping implements store.Store: it writes what is there already, or nothing.
func (s *Store) Ping(ctx context.Context) error {
	return s.write(ctx, nil, func(t Tx) error { return t.Put([]byte("ping"), []byte{1}) })
}

// Close implements store.Store.
func (s *Store) Close() error { return s.db.Close() }
