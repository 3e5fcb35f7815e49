package sqlstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/charterauth/charter/impl/store"
)

// FuzzTexts is ATK-180 to ATK-182: a text is kept byte for byte or refused, is
// found by itself alone, and is never a part of a statement.
func FuzzTexts(f *testing.F) {
	for _, pair := range [][2]string{{"alice", "Alice"}, {"a", "a "}, {"straße", "strasse"}, {"é", "e\u0301"}, {"' OR '1'='1", ""}, {"x'; DROP TABLE charter_accounts; --", "x"},
		{"a\x00b", "a"}, {"%", "_"}, {"?", "$1"}, {"{skipping}", "{locking}"}, {"\xff", "\ufffd"}, {"1e3", "1000"}, {"", "0"}} {
		f.Add(pair[0], pair[1])
	}
	s := sqliteEngine().store(f)
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text, other string) {
		ctx := t.Context()
		err := s.Once(ctx, text, other, at)
		if err == nil || errors.Is(err, store.ErrConsumed) {
			if again := s.Once(ctx, text, other, at); !errors.Is(again, store.ErrConsumed) {
				t.Errorf("Once(%q, %q) is forgotten: %v", text, other, again)
			}
		} else if errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Once(%q, %q): %v", text, other, err)
		}
		c := store.Client{ID: text, Metadata: []byte(`{}`), CreatedAt: at}
		if _, err := s.RegisterClient(ctx, c, time.Time{}); err != nil {
			if errors.Is(err, store.ErrUnavailable) {
				t.Errorf("RegisterClient(%q): %v", text, err)
			}
			return
		}
		defer func() {
			if err := s.DeleteClient(ctx, text, at); err != nil {
				t.Errorf("DeleteClient(%q): %v", text, err)
			}
		}()
		if got, err := s.Client(ctx, text); err != nil || got.ID != text {
			t.Errorf("%q is kept as %q, %v", text, got.ID, err)
		}
		if _, err := s.Client(ctx, other); text != other && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q is found by %q: %v", text, other, err)
		}
	})
}
