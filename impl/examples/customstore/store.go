// Package customstore keeps Charter's state in bbolt, a key-value file that one
// process opens at a time. It is a whole store: package kvstore makes one out of
// the few methods here, which are all that depends on the engine.
package customstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/charterauth/charter/impl/store"
	"github.com/charterauth/charter/impl/store/kvstore"
)

// bucket holds everything.
var bucket = []byte("charter")

// Open opens the store in the file at path, or makes it.
func Open(path string) (store.Store, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(t *bolt.Tx) error { _, err := t.CreateBucketIfNotExists(bucket); return err })
	if err != nil {
		return nil, err
	}
	return kvstore.New(engine{db}), nil
}

// An engine is bbolt as kvstore calls it. bbolt runs one writing transaction at a
// time, syncs the file before it reports success, and undoes what failed.
type engine struct{ db *bolt.DB }

var _ kvstore.DB = engine{}

// Transact implements kvstore.DB.
func (e engine) Transact(_ context.Context, write bool, f func(kvstore.Tx) error) error {
	run := e.db.View
	if write {
		run = e.db.Update
	}
	return run(func(t *bolt.Tx) error { return f(transaction{t.Bucket(bucket)}) })
}

// Close implements kvstore.DB.
func (e engine) Close() error { return e.db.Close() }

// A transaction is one of bbolt's, on the one bucket.
type transaction struct{ b *bolt.Bucket }

func (t transaction) Get(key []byte) ([]byte, error) { return t.b.Get(key), nil }

func (t transaction) Put(key, value []byte) error {
	err := t.b.Put(key, value)
	if errors.Is(err, bolterrors.ErrKeyTooLarge) || errors.Is(err, bolterrors.ErrValueTooLarge) {
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	return err
}

func (t transaction) Delete(key []byte) error { return t.b.Delete(key) }

func (t transaction) Scan(prefix, start []byte, visit func(key, value []byte) bool) error {
	c := t.b.Cursor()
	for key, value := c.Seek(start); key != nil && bytes.HasPrefix(key, prefix); key, value = c.Next() {
		if !visit(key, value) {
			return nil
		}
	}
	return nil
}
