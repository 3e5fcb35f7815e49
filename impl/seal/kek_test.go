package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func mustKEK(t *testing.T) *KEK {
	t.Helper()
	k, err := ParseKEK([]byte(GenerateKEK()))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestWrongKEK(t *testing.T) {
	a, b := mustKEK(t), mustKEK(t)
	sealed := a.Seal(text, rowA)
	if _, err := b.Open(sealed, rowA); !errors.Is(err, ErrWrongKey) || !errors.Is(err, ErrOpen) {
		t.Errorf("another key: %v", err)
	}
	if _, err := a.Open(sealed, rowB); errors.Is(err, ErrWrongKey) || !errors.Is(err, ErrOpen) {
		t.Errorf("another row: %v", err)
	}
	if got, err := a.Open(sealed, rowA); err != nil || !bytes.Equal(got, text) {
		t.Errorf("its own: %v", err)
	}
}

func TestParseKEK(t *testing.T) {
	random, _ := hex.DecodeString("fb9ef0c28d3a6b1f5e7744a09cd2e1883b6f10ff75c9aa2d0e4487be93d15caf")
	std := base64.StdEncoding.EncodeToString(random)
	url := base64.RawURLEncoding.EncodeToString(random)
	var count [32]byte
	for i := range count {
		count[i] = byte(i + 240)
	}
	for _, c := range []struct {
		name, in string
		ok       bool
	}{
		{"raw", string(random), true},
		{"base64", std, true},
		{"base64 and newline", std + "\n", true},
		{"base64url", url, true},
		{"generated", GenerateKEK(), true},
		{"empty", "", false},
		{"newline", "\n", false},
		{"31 raw bytes", string(random[:31]), false},
		{"33 raw bytes", string(random) + "\xaa", false},
		{"16 bytes in base64", base64.StdEncoding.EncodeToString(random[:16]), false},
		{"64 bytes in base64", base64.StdEncoding.EncodeToString(append(random, random...)), false},
		{"zeros", string(make([]byte, 32)), false},
		{"zeros in base64", base64.StdEncoding.EncodeToString(make([]byte, 32)), false},
		{"one byte repeated", strings.Repeat("\xaa", 32), false},
		{"two bytes repeated", strings.Repeat("\xaa\x01", 16), false},
		{"counting", string(count[:]), false},
		{"32 characters of text", "correct horse battery staple 123", false},
		{"text in base64", base64.StdEncoding.EncodeToString([]byte("correct horse battery staple 123")), false},
		{"not base64", strings.Repeat("!", 44), false},
		{"base64 with a bad tail", std[:42] + "/=", false},
	} {
		k, err := ParseKEK([]byte(c.in))
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrBadKey) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && c.name != "generated" {
			sealed := k.Seal(text, rowA)
			raw, _ := NewKEK(random)
			if _, err := raw.Open(sealed, rowA); err != nil {
				t.Errorf("%s: not the same key: %v", c.name, err)
			}
		}
	}
}

// TestLooksRandom: the bounds of what is refused as plainly not random.
func TestLooksRandom(t *testing.T) {
	distinct := func(n int, more ...byte) []byte {
		key := make([]byte, 32)
		for i := range key {
			key[i] = byte(0x21 + 3*(i%n))
		}
		copy(key, more)
		return key
	}
	for _, c := range []struct {
		name string
		key  []byte
		want bool
	}{
		{"15 bytes and one that is not printable", distinct(15, 0x80), true},
		{"14 bytes and one that is not printable", distinct(14, 0x80), false},
		{"printable", distinct(20), false},
		{"the last printable", distinct(20, 0x7e), false},
		{"the first behind it", distinct(20, 0x7f), true},
		{"the first printable", distinct(20, 0x20), false},
		{"the last before it", distinct(20, 0x1f), true},
	} {
		if got := looksRandom(c.key); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
