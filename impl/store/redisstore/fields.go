package redisstore

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// fields are the fields of a hash as they are read; one that is zero is missing.
type fields map[string]string

// A record is a hash as it is written: names and values in turn.
type record []any

func (r *record) text(name, value string) {
	if value != "" {
		*r = append(*r, name, value)
	}
}

func (r *record) bytes(name string, value []byte) { r.text(name, string(value)) }

func (r *record) number(name string, value int64) {
	if value != 0 {
		r.text(name, strconv.FormatInt(value, 10))
	}
}

func (r *record) flag(name string, value bool) {
	if value {
		r.text(name, "1")
	}
}

func (r *record) time(name string, t time.Time) { r.text(name, micros(t)) }

func (r *record) digest(name string, d store.Digest) { r.text(name, digest(d)) }

// list writes each element behind a NUL, which no text has.
func (r *record) list(name string, values []string) {
	var b strings.Builder
	for _, v := range values {
		b.WriteByte(0)
		b.WriteString(v)
	}
	r.text(name, b.String())
}

// args are how a record is told to a script: its length, then itself.
func (r record) args() []any { return append([]any{len(r)}, r...) }

// micros is a time as microseconds since 1970, rounded down; "" for the zero time.
func micros(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}

func digest(d store.Digest) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// A reading takes fields apart and remembers the first that does not fit.
type reading struct {
	fields
	err error
}

var errField = errors.New("redisstore: a field does not hold what it should")

func (r *reading) number(name string) int64 {
	if r.fields[name] == "" {
		return 0
	}
	n, err := strconv.ParseInt(r.fields[name], 10, 64)
	if err != nil {
		r.err = errField
	}
	return n
}

func (r *reading) time(name string) time.Time {
	if r.fields[name] == "" {
		return time.Time{}
	}
	return time.UnixMicro(r.number(name)).UTC()
}

func (r *reading) digest(name string) store.Digest {
	if r.fields[name] == "" {
		return store.Digest{}
	}
	d, ok := store.ParseDigest(r.fields[name])
	if !ok {
		r.err = errField
	}
	return d
}

func (r *reading) bytes(name string) []byte {
	if r.fields[name] == "" {
		return nil
	}
	return []byte(r.fields[name])
}

func (r *reading) list(name string) []string {
	if r.fields[name] == "" {
		return nil
	}
	return strings.Split(r.fields[name][1:], "\x00")
}
