package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// FuzzOpen: nothing opens but what was sealed, whatever is changed, cut off or
// put in its place, and every refusal is the one error.
func FuzzOpen(f *testing.F) {
	f.Add(uint16(0), byte(0), uint16(0), []byte{})
	f.Add(uint16(0), byte(1), uint16(0), []byte{version})           // another version
	f.Add(uint16(1), byte(0x80), uint16(0), []byte("nonce"))        // another nonce
	f.Add(uint16(40), byte(1), uint16(1), bytes.Repeat(text, 3))    // cut off
	f.Add(uint16(9), byte(0), uint16(16), bytes.Repeat(rowA, 4))    // without its tag
	f.Add(uint16(0), byte(0), uint16(999), make([]byte, 1+12+16+8)) // zeroes
	kek, err := ParseKEK([]byte(GenerateKEK()))
	if err != nil {
		f.Fatal(err)
	}
	sealedProps, key := SealProps(text, rowA)
	wrapped, err := WrapKey(key, tokenA, rowA)
	if err != nil {
		f.Fatal(err)
	}
	reply, err := SealReply(tokenA, rowA, text)
	if err != nil {
		f.Fatal(err)
	}
	boxes := map[string]struct {
		sealed []byte
		open   func([]byte) error
	}{
		"props": {sealedProps, func(b []byte) error { _, err := OpenProps(b, key, rowA); return err }},
		"key":   {wrapped, func(b []byte) error { _, err := UnwrapKey(b, tokenA, rowA); return err }},
		"reply": {reply, func(b []byte) error { _, err := OpenReply(tokenA, rowA, b); return err }},
		"kek":   {kek.Seal(text, rowA), func(b []byte) error { _, err := kek.Open(b, rowA); return err }},
	}
	f.Fuzz(func(t *testing.T, at uint16, flip byte, cut uint16, foreign []byte) {
		for name, box := range boxes {
			changed := bytes.Clone(box.sealed)
			changed[int(at)%len(changed)] ^= flip
			changed = changed[:len(changed)-int(cut)%len(changed)]
			for _, b := range [][]byte{changed, append(bytes.Clone(changed), foreign...), foreign} {
				want := ErrOpen
				if bytes.Equal(b, box.sealed) {
					want = nil
				}
				if err := box.open(b); !errors.Is(err, want) {
					t.Errorf("%s: %x gives %v, want %v", name, b, err, want)
				}
			}
		}
	})
}

// FuzzParseKEK: a text that is taken is 32 bytes, or their base64 in one of four
// spellings, and any other spelling of them is the same key.
func FuzzParseKEK(f *testing.F) {
	key := sha256.Sum256(text)
	f.Add(key[:])
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		f.Add([]byte(" " + e.EncodeToString(key[:]) + "\n"))
	}
	f.Add([]byte(strings.Repeat("A", 43) + "="))
	f.Add([]byte("correct horse battery staple 123"))
	f.Fuzz(func(t *testing.T, content []byte) {
		k, err := ParseKEK(content)
		if err != nil {
			if err != ErrBadKey {
				t.Errorf("%q: %v", content, err)
			}
			return
		}
		raw := content
		if len(raw) != 32 {
			plain := strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(string(bytes.TrimSpace(content)))
			if raw, err = base64.RawStdEncoding.DecodeString(plain); err != nil || len(raw) != 32 {
				t.Fatalf("%q is taken and is no base64 of 32 bytes: %v", content, err)
			}
		}
		again, err := ParseKEK([]byte(base64.StdEncoding.EncodeToString(raw)))
		if err != nil {
			t.Fatalf("%q is taken in one spelling only: %v", content, err)
		}
		if got, err := again.Open(k.Seal(text, rowA), rowA); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%q is another key in another spelling: %v", content, err)
		}
	})
}
