package customstore

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"reflect"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/charterauth/charter/impl/store"
)

// A Store keeps Charter's state in a file that one process opens at a time. Its
// methods are those of store.Store, which says what they do.
type Store struct{ db *bolt.DB }

var _ store.Store = (*Store)(nil)

// Open opens the file at path, or makes it.
func Open(path string) (*Store, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, err
	}
	return &Store{db}, db.Update(func(t *bolt.Tx) (err error) {
		for _, kind := range []string{"Client", "Grant", "Token", "Session", "Account", "Key", "Delivery", "Event", "mark", "counter"} {
			_, made := t.CreateBucketIfNotExists([]byte(kind))
			err = errors.Join(err, made)
		}
		return err
	})
}

// write is a verb that changes something. bbolt runs one at a time, and keeps
// all of it or, after an error, nothing. refused is what is wrong with its
// arguments.
func (s *Store) write(refused error, verb func(*bolt.Tx) error) error {
	if refused != nil {
		return refused
	}
	return told(s.db.Update(verb))
}

// update is a verb that changes one record.
func update[T any](s *Store, refused error, key string, f func(*bolt.Tx, *T) error) error {
	return s.write(refused, func(t *bolt.Tx) error { return change(t, key, func(record *T) error { return f(t, record) }) })
}

// fetch and page are verbs that only read.
func fetch[T any](s *Store, key string) (record T, err error) {
	err = s.db.View(func(t *bolt.Tx) error { record, err = get[T](t, key); return err })
	return record, told(err)
}

func page[T any](s *Store, after string, limit int, want func(T) bool) (found []T, err error) {
	err = s.db.View(func(t *bolt.Tx) error { found, err = list(t, after, limit, want); return err })
	return found, told(err)
}

// told makes the engine's errors those of the contract.
func told(err error) error {
	for _, known := range []error{nil, store.ErrNotFound, store.ErrConsumed, store.ErrConflict, store.ErrInvalid} {
		if errors.Is(err, known) {
			return err
		}
	}
	if errors.Is(err, bolterrors.ErrKeyTooLarge) {
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

// bucket is where the records of a type are.
func bucket[T any](t *bolt.Tx) *bolt.Bucket { return t.Bucket([]byte(reflect.TypeFor[T]().Name())) }

func get[T any](t *bolt.Tx, key string) (record T, err error) {
	value := bucket[T](t).Get([]byte(key))
	if value == nil {
		return record, store.ErrNotFound
	}
	return record, gob.NewDecoder(bytes.NewReader(value)).Decode(&record)
}

func put[T any](t *bolt.Tx, key string, record T) error {
	for _, field := range reflect.ValueOf(&record).Elem().Fields() {
		if at, ok := reflect.TypeAssert[time.Time](field); ok { // gob would keep its zone
			field.Set(reflect.ValueOf(at.UTC()))
		}
	}
	var value bytes.Buffer // gob reads nil and empty slices back as nil
	if err := gob.NewEncoder(&value).Encode(record); err != nil {
		return err
	}
	return bucket[T](t).Put([]byte(key), value.Bytes())
}

func add[T any](t *bolt.Tx, key string, record T) error {
	if bucket[T](t).Get([]byte(key)) != nil {
		return store.ErrConflict
	}
	return put(t, key, record)
}

func change[T any](t *bolt.Tx, key string, f func(*T) error) error {
	record, err := get[T](t, key)
	if err == nil {
		err = f(&record)
	}
	if err != nil {
		return err
	}
	return put(t, key, record)
}

func remove[T any](t *bolt.Tx, key string) error {
	if bucket[T](t).Get([]byte(key)) == nil {
		return store.ErrNotFound
	}
	return bucket[T](t).Delete([]byte(key))
}

// list returns at most limit records behind after that want accepts, in the order
// of their keys.
func list[T any](t *bolt.Tx, after string, limit int, want func(T) bool) (found []T, err error) {
	_, err = scan(t, after, limit, func(record T) bool {
		if want(record) {
			found = append(found, record)
			return true
		}
		return false
	})
	return found, err
}

// drop removes at most limit records that are over, and returns how many.
func drop[T any](t *bolt.Tx, limit int, over func(T) bool) (int, error) {
	keys, err := scan(t, "", limit, over)
	for _, key := range keys {
		err = errors.Join(err, remove[T](t, key))
	}
	return len(keys), err
}

func scan[T any](t *bolt.Tx, after string, limit int, want func(T) bool) (keys []string, err error) {
	c := bucket[T](t).Cursor()
	for key, _ := c.Seek([]byte(after + "\x00")); key != nil && len(keys) < limit; key, _ = c.Next() {
		record, err := get[T](t, string(key))
		if err != nil {
			return nil, err
		}
		if want(record) {
			keys = append(keys, string(key))
		}
	}
	return keys, store.Text("listing", after)
}

// unique refuses a record where another of its kind has what must be its own.
func unique[T any](t *bolt.Tx, same func(T) bool) error {
	taken, err := scan(t, "", 1, same)
	return errors.Join(err, unless(len(taken) == 0, store.ErrConflict))
}

func unless(ok bool, err error) error {
	if ok {
		return nil
	}
	return err
}

// swap replaces a record that still is what the caller read.
func swap[T any](known *T, record T, revision *int64, read int64) error {
	if *revision != read {
		return store.ErrConflict
	}
	*known = record
	*revision++ // now the record's
	return nil
}

func all[T any](T) bool { return true }

// expired reports whether an expiry, of which zero is never, is over at at.
func expired(expiry, at time.Time) bool { return !expiry.IsZero() && !expiry.After(at) }

// extend moves an expiry to to if that is later; zero is never.
func extend(expiry *time.Time, to time.Time) {
	if to.IsZero() || !expiry.IsZero() && to.After(*expiry) {
		*expiry = to
	}
}
