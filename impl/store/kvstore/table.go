package kvstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// A table is the records of one type. A record is at the table's name, a NUL and
// its identifier; a NUL is in no text, so no two records share a key. Each of its
// index entries is a key without a value: "index", the entry and the identifier.
type table[T any] struct {
	name  string
	id    func(T) string
	index func(T) []string // the entries that find the record; "" is none
}

// entry is what an index is searched by: its name and a value.
func entry(name string, value string) string { return name + "\x00" + value }

// due is the entry of an expiry; zero is never, and has none. Entries of one
// index are ordered by time.
func due(table string, expiry time.Time) string {
	if expiry.IsZero() {
		return ""
	}
	return entry("due "+table, moment(expiry))
}

// moment is a time whose bytes are ordered as times are.
func moment(t time.Time) string { return fmt.Sprintf("%016x", uint64(t.UnixMicro())^(1<<63)) }

func (b table[T]) key(id string) []byte { return []byte(b.name + "\x00" + id) }

func indexKey(entry, id string) []byte { return []byte("index\x00" + entry + "\x00" + id) }

// get returns ErrNotFound where there is no record.
func (b table[T]) get(t Tx, id string) (record T, err error) {
	value, err := t.Get(b.key(id))
	if err == nil && value == nil {
		err = store.ErrNotFound
	}
	if err != nil {
		return record, err
	}
	return record, json.Unmarshal(value, &record)
}

// add returns ErrConflict where there is one.
func (b table[T]) add(t Tx, record T) error {
	if _, err := b.get(t, b.id(record)); !errors.Is(err, store.ErrNotFound) {
		return errors.Join(err, unless(err != nil, store.ErrConflict))
	}
	return b.put(t, record)
}

// put writes a record and its entries.
func (b table[T]) put(t Tx, record T) error {
	for _, field := range reflect.ValueOf(&record).Elem().Fields() {
		switch at, isTime := reflect.TypeAssert[time.Time](field); {
		case isTime: // JSON would keep its zone
			field.Set(reflect.ValueOf(at.UTC()))
		case field.Kind() == reflect.Slice && field.Len() == 0: // and tell empty from nil
			field.SetZero()
		}
	}
	value, err := json.Marshal(record)
	if err != nil { // a year that RFC 3339 cannot write
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	for _, e := range b.index(record) {
		if e != "" {
			if err := t.Put(indexKey(e, b.id(record)), []byte{}); err != nil {
				return err
			}
		}
	}
	return t.Put(b.key(b.id(record)), value)
}

// change reads a record, changes it, and writes it with its entries in the place
// of the old ones.
func (b table[T]) change(t Tx, id string, f func(*T) error) error {
	record, err := b.get(t, id)
	if err != nil {
		return err
	}
	old := b.index(record)
	if err := f(&record); err != nil {
		return err
	}
	if err := b.unindex(t, old, id); err != nil {
		return err
	}
	return b.put(t, record)
}

func (b table[T]) unindex(t Tx, entries []string, id string) error {
	for _, e := range entries {
		if e != "" {
			if err := t.Delete(indexKey(e, id)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b table[T]) remove(t Tx, id string) error {
	record, err := b.get(t, id)
	if err != nil {
		return err
	}
	if err := b.unindex(t, b.index(record), id); err != nil {
		return err
	}
	return t.Delete(b.key(id))
}

// found returns at most limit identifiers that an entry finds, behind after.
func found(t Tx, e, after string, limit int) (ids []string, err error) {
	prefix := indexKey(e, "")
	err = t.Scan(prefix, indexKey(e, behind(after)), func(key, _ []byte) bool {
		if len(ids) < limit {
			ids = append(ids, string(key[len(prefix):]))
		}
		return len(ids) < limit
	})
	return ids, err
}

// behind is the first text after another, in the order of their bytes.
func behind(after string) string {
	if after == "" {
		return ""
	}
	return after + "\x00"
}

// over returns at most limit identifiers of records that are over at before, the
// longest over first.
func (b table[T]) over(t Tx, before time.Time, limit int) (ids []string, err error) {
	prefix, last := "index\x00due "+b.name+"\x00", moment(before)
	err = t.Scan([]byte(prefix), []byte(prefix), func(key, _ []byte) bool {
		at, id, _ := strings.Cut(string(key[len(prefix):]), "\x00")
		if len(ids) >= limit || at > last {
			return false
		}
		ids = append(ids, id)
		return true
	})
	return ids, err
}

// page returns at most limit records behind after, by identifier.
func (b table[T]) page(t Tx, after string, limit int) (page []T, err error) {
	if err := store.Text("listing", after); err != nil {
		return nil, err
	}
	var bad error
	err = t.Scan(b.key(""), b.key(behind(after)), func(_, value []byte) bool {
		if len(page) >= limit {
			return false
		}
		var record T
		bad = json.Unmarshal(value, &record)
		page = append(page, record)
		return bad == nil
	})
	return page, errors.Join(err, bad)
}

func unless(ok bool, err error) error {
	if ok {
		return nil
	}
	return err
}

// expired reports whether an expiry, of which zero is never, is over at at.
func expired(expiry, at time.Time) bool { return !expiry.IsZero() && !expiry.After(at) }

// extend moves an expiry to to if that is later; zero is never.
func extend(expiry *time.Time, to time.Time) {
	if to.IsZero() || !expiry.IsZero() && to.After(*expiry) {
		*expiry = to
	}
}
