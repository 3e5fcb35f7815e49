package sqlstore

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/charterauth/charter/impl/store"
)

// How Go values stand in columns.

// micros is a time as microseconds since 1970, rounded down; 0 for the zero
// time. The first microsecond of 1970 is one earlier: as 0 an expiry would be
// never, and a token spent then unspent.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if m := t.UnixMicro(); m != 0 {
		return m
	}
	return -1
}

func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// digest is "" for the zero digest.
func digest(d store.Digest) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func parseDigest(s string) (store.Digest, error) {
	if s == "" {
		return store.Digest{}, nil
	}
	d, ok := store.ParseDigest(s)
	if !ok {
		return store.Digest{}, fmt.Errorf("sqlstore: a digest column holds %d bytes that are none", len(s))
	}
	return d, nil
}

func sealed(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// unsealed returns nil for "".
func unsealed(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	return base64.RawURLEncoding.DecodeString(s)
}

// list is a JSON array; "" for an empty one.
func list(values []string) string {
	if len(values) == 0 {
		return ""
	}
	b, err := json.Marshal(values)
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(b)
}

func parseList(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	var values []string
	err := json.Unmarshal([]byte(s), &values)
	return values, err
}

// document is JSON kept as it is; nil for "".
func document(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// nullable is a document in a column that was added later: NULL in older rows.
func nullable(s *string) []byte {
	if s == nil {
		return nil
	}
	return document(*s)
}

// raised returns the SQL that raises expires_at to t where t is later, and its
// arguments; zero is never, on either side.
func raised(t time.Time) (assignment string, args []any) {
	if t.IsZero() {
		return "expires_at = 0", nil
	}
	return "expires_at = CASE WHEN expires_at = 0 OR expires_at > ? THEN expires_at ELSE ? END", []any{micros(t), micros(t)}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// A column's text and how many characters it holds. SQLite keeps longer text,
// other engines refuse or cut it: so it is refused here.
type column struct {
	text string
	most int
}

func fits(what string, columns ...column) error {
	for _, c := range columns {
		if len(c.text) > c.most && utf8.RuneCountInString(c.text) > c.most {
			return fmt.Errorf("%w: %s: a text is longer than %d characters", store.ErrInvalid, what, c.most)
		}
	}
	return nil
}

// clientDigest is an indexable stand-in for a client identifier, which can be a
// URL of 2048 characters.
func clientDigest(id string) string { return store.NewDigest("client_id", id).String() }

// scoped names a mark or a counter.
func scoped(scope, id string) string { return store.NewDigest(store.Kind(scope), id).String() }
