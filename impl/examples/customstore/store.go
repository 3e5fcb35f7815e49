// Package customstore is a store.Store over a key-value engine, whole. It shows
// how little a store must know: every verb is one transaction of the engine, and
// a record is one value. Tokens, clients and the rest stay opaque.
//
// Where it reads every record of a kind, a store for many people keeps a second
// key in the same transaction: grants by subject, clients by fingerprint.
package customstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// The first part of each key. What follows is the identifier of the record.
const (
	clients, deliveries, grants, tokens = "client/", "delivery/", "grant/", "token/"
	sessions, accounts, keys, events    = "session/", "account/", "key/", "event/"
	names, marks, counters              = "name/", "mark/", "counter/"
)

// A Store keeps Charter's state in a key-value engine.
type Store struct{ db kv }

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store { return &Store{db: kv{data: map[string][]byte{}}} }

// do is one verb: refused is what is wrong with its arguments. Errors of the
// engine become ErrUnavailable, those of the contract stay as they are.
func (s *Store) do(ctx context.Context, refused error, verb func(*tx) error) error {
	if refused != nil {
		return refused
	}
	err := s.db.transact(ctx, verb)
	for _, known := range []error{nil, store.ErrNotFound, store.ErrConsumed, store.ErrConflict, store.ErrInvalid} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

func put[T any](t *tx, key string, record T) error {
	if fields := reflect.ValueOf(&record).Elem(); fields.Kind() == reflect.Struct && fields.Type() != reflect.TypeFor[time.Time]() {
		for i := range fields.NumField() { // gob would keep the zone of a time
			if at, ok := reflect.TypeAssert[time.Time](fields.Field(i)); ok {
				fields.Field(i).Set(reflect.ValueOf(at.UTC()))
			}
		}
	}
	var value bytes.Buffer // gob reads nil and empty slices back as nil
	err := gob.NewEncoder(&value).Encode(record)
	t.put(key, value.Bytes())
	return err
}

func get[T any](t *tx, key string) (record T, err error) {
	value := t.get(key)
	if value == nil {
		return record, store.ErrNotFound
	}
	return record, gob.NewDecoder(bytes.NewReader(value)).Decode(&record)
}

func add[T any](t *tx, key string, record T) error {
	if t.get(key) != nil {
		return store.ErrConflict
	}
	return put(t, key, record)
}

// list returns at most limit records of a kind that want accepts.
func list[T any](t *tx, kind, after string, limit int, want func(T) bool) (found []T, err error) {
	for _, key := range t.keys(kind, after) {
		if len(found) >= limit {
			break
		}
		record, err := get[T](t, key)
		if err != nil {
			return nil, err
		}
		if want(record) {
			found = append(found, record)
		}
	}
	return found, nil
}

// change reads a record, changes it and writes it back.
func change[T any](t *tx, key string, f func(*T) error) error {
	record, err := get[T](t, key)
	if err == nil {
		err = f(&record)
	}
	if err != nil {
		return err
	}
	return put(t, key, record)
}

func read[T any](ctx context.Context, s *Store, key string) (record T, err error) {
	err = s.do(ctx, nil, func(t *tx) error { record, err = get[T](t, key); return err })
	return record, err
}

func page[T any](ctx context.Context, s *Store, kind, after string, limit int, want func(T) bool) (found []T, err error) {
	err = s.do(ctx, store.Text("listing", after), func(t *tx) error { found, err = list(t, kind, after, limit, want); return err })
	return found, err
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

// swap replaces a record that still is what the caller read.
func swap[T any](known *T, record T, revision *int64, read int64) error {
	if *revision != read {
		return store.ErrConflict
	}
	*known = record
	*revision++ // now the record's
	return nil
}

// remove deletes at most limit records, all with -1, and returns how many.
func remove[T any](t *tx, kind string, limit int, over func(T) bool) (n int, err error) {
	for _, key := range t.keys(kind, "") {
		if n == limit {
			break
		}
		record, err := get[T](t, key)
		if err != nil {
			return n, err
		}
		if over(record) {
			t.delete(key)
			n++
		}
	}
	return n, nil
}

// issue adds a grant, which may be nil, and tokens.
func issue(t *tx, g *store.Grant, list []store.Token) error {
	if err := store.CheckIssue(g, list); err != nil {
		return err
	}
	if g != nil {
		if err := add(t, grants+g.ID, *g); err != nil {
			return err
		}
	}
	for _, k := range list {
		if err := add(t, tokens+k.Digest.String(), k); err != nil {
			return err
		}
	}
	return nil
}

// revoke ends the live grants that match all of f; none when f is empty.
func revoke(t *tx, f store.GrantFilter, at time.Time) (int, error) {
	live, err := list(t, grants, "", math.MaxInt, func(g store.Grant) bool {
		return g.RevokedAt.IsZero() && matches(f, g)
	})
	for _, g := range live {
		g.RevokedAt = at
		err = cmp.Or(err, put(t, grants+g.ID, g))
	}
	return len(live), err
}

// matches reports whether g has all that f names; an empty filter names nobody.
func matches(f store.GrantFilter, g store.Grant) bool {
	return f != (store.GrantFilter{}) && (f.ID == "" || f.ID == g.ID) && (f.Subject == "" || f.Subject == g.Subject) &&
		(f.ClientID == "" || f.ClientID == g.ClientID) && (f.SessionID == "" || f.SessionID == g.SessionID)
}
